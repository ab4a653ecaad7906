# `make repro` and `make test` need Python 3.11 or newer and make; everything else they install.
PYTHON ?= python3
BIN := $(CURDIR)/.venv/bin
# dvc starts the stages with the python that it finds on the PATH: the environment's.
export PATH := $(BIN):$(PATH)
# A relative mirror would mean another folder in every experiment's copy of the project.
ifneq ($(HINDSIGHT_MIRROR),)
ifeq ($(findstring ://,$(HINDSIGHT_MIRROR)),)
export HINDSIGHT_MIRROR := $(abspath $(HINDSIGHT_MIRROR))
endif
endif

.PHONY: repro test lint format lock benchmarks

repro: .venv/installed
	dvc repro
	@cat results/README.md results/throughput.md

test: .venv/installed
	python -m pytest

lint: .venv/installed
	ruff check .
	ruff format --check .
	mypy

format: .venv/installed
	ruff check --fix .
	ruff format .

benchmarks: .venv/installed
	for file in benchmarks/*.py; do python $$file || exit 1; done

# After a change of pyproject.toml: the newest versions that go together, for every Python from 3.11.
lock: .venv/installed
	python -m pip install --quiet uv
	uv pip compile --quiet --upgrade --universal --python-version 3.11 --extra dev \
	  --no-emit-index-url --no-annotate --no-header pyproject.toml -o requirements.lock

.venv/installed: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "$(PYTHON) is older than 3.11: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@touch $@
