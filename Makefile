# The newcomer's two commands: `make run` and `make test`. Both bootstrap a virtual environment first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test lint bench openapi clean

$(VENV)/.run: pyproject.toml
	@echo "Making a virtual environment in $(VENV) (once; a minute at most) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	@$(BIN)/python -m compileall -q app
	@touch $@

$(VENV)/.dev: pyproject.toml $(VENV)/.run
	@echo "Installing what the tests need ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(BIN)/pip install --quiet --disable-pip-version-check --group dev
	@touch $@

run: $(VENV)/.run ## Start the server on 127.0.0.1:8080 and say how to reach it.
	@exec $(BIN)/orrery serve $(ARGS)

test: $(VENV)/.dev ## Lint, types, arrows, and all tests.
	tests/run

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: $(VENV)/.dev ## Measure over the wire; needs wrk.
	$(BIN)/python -m bench.run $(ARGS)

openapi: $(VENV)/.dev ## Rebuild what is generated under openapi/ and docs/.
	$(BIN)/python -m tools.generate_openapi
	$(BIN)/python -m tools.generate_docs

clean:
	rm -rf $(VENV) .tools .mypy_cache .ruff_cache .pytest_cache
