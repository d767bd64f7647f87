# StarBridge from a fresh clone: Python 3.11 to 3.13 and make are enough, each target sets up what it needs.
#
#   make run                      the server, on its embedded defaults
#   make run ARGS="--http :8100"  ... with options of `starbridge serve`
#   make test                     all tests            make test ARGS="tests/wire -x"
#   make check                    what must pass before a commit: lint, types, test
#   make run PYTHON=python3.12    another interpreter for a new .venv

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help run test lint format types check clean

help:
	@sed -n 's/^# \{0,1\}//p' Makefile

run: $(VENV)/.installed
	@exec $(BIN)/starbridge serve $(ARGS)

test: $(VENV)/.installed-test
	@exec $(BIN)/python -m pytest $(ARGS)

lint: $(VENV)/.installed-test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

format: $(VENV)/.installed-test
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

types: $(VENV)/.installed-test
	@$(BIN)/mypy

check: lint types test

clean:
	rm -rf $(VENV) build dist htmlcov .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis

# A stamp is newer than pyproject.toml once everything in it is installed.
$(VENV)/.installed: pyproject.toml $(BIN)/python
	@echo "Installing StarBridge into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.installed-test: pyproject.toml $(BIN)/python
	@echo "Installing StarBridge and its tests into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --editable '.[test]'
	@touch $(VENV)/.installed $@

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null 2>&1 || { \
	  echo "StarBridge needs Python 3.11, 3.12 or 3.13, and '$(PYTHON)' is not here. Install it, or say: make PYTHON=/path/to/python" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' || { \
	  echo "StarBridge needs Python 3.11, 3.12 or 3.13; '$(PYTHON)' is $$($(PYTHON) -V 2>&1). Say: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo "'$(PYTHON)' comes without venv. On Debian and Ubuntu: sudo apt-get install python3-venv" >&2; exit 1; }
	@echo "Making $(VENV) with $$($(PYTHON) -V) ..."
	@$(PYTHON) -m venv $(VENV)
