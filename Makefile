# make demo: install and start the demo.  make test: install and run the tests.  Needs python3 >= 3.11, git, make.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
DEMO_ARGS ?=
TEST_ARGS ?=

.PHONY: demo test check install install-test benchmark

install: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml constraints.txt console/web/package-lock.json
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[test]'
	touch $@

install-test: $(VENV)/.installed-test

demo: install
	$(BIN)/ducha demo $(DEMO_ARGS)

test: install-test
	$(BIN)/python -m pytest $(TEST_ARGS)

check: install-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

benchmark: install-test
	$(BIN)/python -m benchmarks
