# Fairstar: everything a developer types. `make` alone lists the targets.
SHELL := /bin/sh
.DEFAULT_GOAL := help
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --no-annotate --upgrade pyproject.toml

.PHONY: help demo run worker test check fmt migrate contract bench servers lock

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z.]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/installed ## Start a shop with a year of purchases on SQLite and print where to look
	@$(BIN)/fairstar demo $(if $(PORT),--port $(PORT))

run: .venv/installed ## Serve the API (settings: environment and .env, see .env.example)
	@$(BIN)/fairstar serve

worker: .venv/installed ## Run the background worker
	@$(BIN)/fairstar worker

test: check ## Set up, start the servers the tests need and run every gate, as CI does

check: .venv/installed servers ## Lint, types, layers, contract and all tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/fairstar contract build --check
	$(BIN)/python -m pytest -q -n logical --dist worksteal

fmt: .venv/installed ## Format the code and mend what ruff can mend
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

migrate: .venv/installed ## Bring the database to the newest schema
	@$(BIN)/fairstar db upgrade

contract: .venv/installed ## Write mobile_contract/ anew from the code
	@$(BIN)/fairstar contract build

bench: .venv/installed servers ## Measure the hot paths beside the leanest hand-written program
	@$(BIN)/python -m tests.benchmarks

lock: .venv/installed ## Resolve the dependencies anew into the lock files
	$(LOCK) -o requirements.lock
	$(LOCK) --group dev --constraint requirements.lock -o requirements-dev.lock

servers: ## Install what the tests need besides Python packages
	@tests/fixtures/install_servers.sh

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Fairstar needs Python 3.11 or newer as python3.11 or python3."; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null \
		|| tests/fixtures/install_package.sh python3-venv "a virtual environment"
	@$(PYTHON) -m venv .venv

.venv/installed: .venv/bin/python requirements-dev.lock pyproject.toml
	@echo "Installing the locked packages into .venv (about a minute the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--no-deps --no-build-isolation -e .
	@touch $@
