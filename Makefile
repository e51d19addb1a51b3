# The only commands a contributor needs. Each prepares .venv by itself.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.locked
UV_VERSION := 0.13.9
# Tests share the cores, a file at a time; what measures time (`alone`, `slow`) has them to itself.
SHARED := --numprocesses auto --dist loadfile

.PHONY: setup serve test test-all clients check format bench docs clean

setup: $(STAMP)

$(STAMP): pyproject.toml uv.lock
	@test -x $(BIN)/uv || { echo "bargate: making $(VENV)"; $(PYTHON) -m venv $(VENV) && \
	  $(BIN)/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION); }
	@UV_PROJECT_ENVIRONMENT=$(VENV) $(BIN)/uv sync --locked --inexact --quiet --compile-bytecode
	@$(BIN)/python -m compileall -q src
	@touch $(STAMP)

serve: $(STAMP)
	@exec $(BIN)/python -m examples.petstore

test: $(STAMP)
	$(BIN)/pytest $(SHARED) -m "not slow and not alone"
	$(BIN)/pytest -m "alone and not slow"

test-all: $(STAMP)
	$(BIN)/pytest $(SHARED) -m "not slow and not alone"
	$(BIN)/pytest -m "slow or alone"

clients:
	@PYTHON=$(PYTHON) tests/clients/install

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(STAMP)
	$(BIN)/python -m bench

docs: $(STAMP)
	@$(BIN)/python docs/generate.py

clean:
	rm -rf $(VENV) tests/clients/.venv tests/clients/node_modules .mypy_cache .ruff_cache .pytest_cache
