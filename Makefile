# make demo: install and start the demo.  make test: install and run the tests.  Needs python3 >= 3.11, git, make.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
DEMO_ARGS ?=
TEST_ARGS ?=
# Most tests wait for something real: several at once take a third of the time, even on two cores.
TEST_WORKERS ?= 6
# Without kept bytecode every worker compiles all tests, and every process that a test starts the whole of its code.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test check install install-test benchmark openapi

install: $(VENV)/.installed

# $(1): the project, with or without its extras.
define installed
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '$(1)'
	touch $(VENV)/.installed
endef

$(VENV)/.installed: pyproject.toml constraints.txt console/web/package-lock.json
	$(call installed,.)

$(VENV)/.installed-test: pyproject.toml constraints.txt console/web/package-lock.json
	$(call installed,.[test])
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
