# make demo: install and start the demo.  make test: install and run the tests.  Needs python3 >= 3.11, git, make.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
DEMO_ARGS ?=
TEST_ARGS ?=
# Most tests wait for something real: several at once take a third of the time, even on two cores.
TEST_WORKERS ?= 6
# Kept bytecode: without it each of the workers compiles every test, which takes longer than any of them.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test check install install-test benchmark openapi

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
ifeq ($(strip $(TEST_ARGS)),)
	$(BIN)/python -m pytest -n $(TEST_WORKERS) --dist worksteal --ignore tests/system
	$(BIN)/python -m pytest -n 2 --dist loadfile tests/system  # whole systems, which are killed and must be back in time
else
	$(BIN)/python -m pytest $(TEST_ARGS)
endif

check: install-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

benchmark: install-test
	$(BIN)/python -m benchmarks

# The document that the front end's types are made from; a test says when it is no longer the server's.
openapi: install
	$(BIN)/python -m console.api > console/web/openapi.json
