# The newcomer's two commands: `make run` and `make test`. Both bootstrap a virtual environment first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test lint bench openapi clean

$(VENV)/.run: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.dev: pyproject.toml $(VENV)/.run
	$(BIN)/pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(BIN)/pip install --quiet --disable-pip-version-check --group dev
	@touch $@

run: $(VENV)/.run ## Start the server on 127.0.0.1:8080 and say how to reach it.
	$(BIN)/orrery serve $(ARGS)

test: $(VENV)/.dev ## Lint, types, arrows, and all tests.
	tests/run
