# StarBridge from a fresh clone: Python 3.11 to 3.13 and make are enough, each target sets up what it needs.
#
#   make run                      the server, on its embedded defaults
#   make run ARGS="--http :8100"  ... with options of `starbridge serve`
#   make test                     all tests, on all cores            make test ARGS="tests/bridge/wire -x"            ARGS="-n 0 --pdb"
#   make check                    what must pass before a commit: lint, types, test
#   make fuzz                     every parser of foreign bytes, for a minute each       make fuzz SECONDS=600
#   make run PYTHON=python3.12    another interpreter for a new .venv

# The first of these that is Python 3.11 to 3.13 and can make a venv.
PYTHON ?= python3 python3.13 python3.12 python3.11 python
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
SECONDS ?= 60
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# On Linux, PyPI's torch brings gigabytes of CUDA. Without a GPU the tests take PyTorch's own CPU build, where it can be reached;
# nothing else needs torch.
CPU_TORCH = [ "$$(uname -s)" != Linux ] || command -v nvidia-smi >/dev/null || \
  $(BIN)/python -m pip install --quiet --retries 0 --timeout 10 --index-url https://download.pytorch.org/whl/cpu \
    torch==2.13.0 >/dev/null 2>&1 || true

# Compiled once, also where PYTHONDONTWRITEBYTECODE keeps Python from it: else each start compiles 170 modules, 0.3 s.
BYTECODE = $(BIN)/python -m compileall -q bridge models osc_schemas sessions

# MIDI ports, where there is a wheel or what building one takes (a C++ compiler; on Linux the headers of ALSA and JACK too).
MIDI = $(BIN)/python -m pip install --quiet --editable '.[midi]' >$(VENV)/midi.log 2>&1 || \
  { echo "MIDI through JACK alone, if at all: python-rtmidi could not be installed ($(VENV)/midi.log says why). All else works."; \
    $(BIN)/python -m pip install --quiet --editable '.[jack]' >>$(VENV)/midi.log 2>&1 || true; }

.DEFAULT_GOAL := help
.PHONY: help run test lint format types check fuzz clean

help:
	@sed -n '/^#/!q; s/^# \{0,1\}//p' Makefile

run: $(VENV)/.installed
	@exec $(BIN)/starbridge serve $(ARGS)

test: $(VENV)/.installed-test
	@exec $(BIN)/python -m pytest --numprocesses auto --maxprocesses 8 --dist loadfile $(ARGS)

lint: $(VENV)/.installed-test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

format: $(VENV)/.installed-test
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

types: $(VENV)/.installed-test
	@$(BIN)/mypy
	@$(BIN)/python -m tests.studio.typecheck

check: lint types test

fuzz: $(VENV)/.installed-test
	@$(BIN)/python -m pip install --quiet --editable '.[fuzz]'
	@for parser in $$($(BIN)/python -c 'from tests.fuzz.parsers import PARSERS; print(*PARSERS)'); do \
	  echo "$$parser ..."; $(BIN)/python -m tests.fuzz $$parser $(SECONDS) || exit 1; \
	done

clean:
	rm -rf $(VENV) build dist htmlcov .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis

# Stamps inside .venv: each is newer than what it was made from, and written only once all went well.
$(VENV)/.installed: pyproject.toml $(VENV)/.made
	@echo "Installing StarBridge into $(VENV), which takes a minute the first time ..."
	@$(BIN)/python -m pip install --quiet --editable .
	@$(BYTECODE)
	@$(MIDI)
	@$(BIN)/python -m models.compose.runtime
	@$(BIN)/python -m models.render
	@touch $@

$(VENV)/.installed-test: pyproject.toml $(VENV)/.made
	@echo "Installing StarBridge and what its tests need into $(VENV), which takes a minute the first time ..."
	@$(CPU_TORCH)
	@$(BIN)/python -m pip install --quiet --editable '.[test]'
	@$(BYTECODE)
	@$(MIDI)
	@$(BIN)/python -m models.compose.runtime
	@$(BIN)/python -m models.render
	@touch $(VENV)/.installed $@

$(VENV)/.made:
	@for python in $(PYTHON); do \
	  version=$$($$python -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue; \
	  found="$$found $$python is $$version;"; \
	  case $$version in 3.11|3.12|3.13) ;; *) continue ;; esac; \
	  $$python -c 'import venv, ensurepip' 2>/dev/null || { found="$$found but has no venv;"; continue; }; \
	  echo "Making $(VENV) with Python $$version ($$python) ..."; \
	  $$python -m venv $(VENV) && touch $@ && exit 0; \
	  exit 1; \
	done; \
	echo "StarBridge needs Python 3.11, 3.12 or 3.13 with venv. Looked for: $(PYTHON). Found:$${found:- none.}" >&2; \
	echo "Install one (Debian, Ubuntu: sudo apt-get install python3 python3-venv), or name it: make PYTHON=/path/to/python3.12" >&2; \
	exit 1
