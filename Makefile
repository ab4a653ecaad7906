# `make repro` and `make test` need Python 3.11 or newer and make; everything else they install.
PYTHON ?= python3
BIN := $(CURDIR)/.venv/bin
# dvc starts the stages with the python that it finds on the PATH: the environment's.
export PATH := $(BIN):$(PATH)
# A relative mirror would mean another folder in every experiment's copy of the project.
ifneq ($(HINDSIGHT_MIRROR),)
ifeq ($(findstring ://,$(HINDSIGHT_MIRROR))$(filter /% ~%,$(firstword $(HINDSIGHT_MIRROR))),)
override HINDSIGHT_MIRROR := $(CURDIR)/$(HINDSIGHT_MIRROR)
endif
export HINDSIGHT_MIRROR
endif

.PHONY: repro test test-dvc test-rest lint format lock benchmarks faults fuzz mutation gpu-train gpu-bench

repro: .venv/installed
	@python -m pipeline.unlock
	@python -m pipeline.check  # says what is wrong where dvc itself would stumble
	dvc repro
	@for folder in artifacts/scores/*/; do \
	  table="results/tables/$$(basename "$$folder")/accuracy.md"; [ ! -e "$$table" ] || cat "$$table"; done
	@echo "All data sets: results/README.md, results/throughput.md and results/report.html"

# At once: what runs dvc, whose stages come one after the other, and everything else.
DVC_TESTS := tests/pipeline/test_dvc_*.py
test: .venv/installed
	$(MAKE) --keep-going --jobs=2 test-dvc test-rest

test-dvc: .venv/installed
	python -m pytest --quiet $(DVC_TESTS)

test-rest: .venv/installed
	python -m pytest --ignore-glob='$(DVC_TESTS)'

lint: .venv/installed
	ruff check .
	ruff format --check .
	mypy

format: .venv/installed
	ruff check --fix .
	ruff format .

benchmarks: .venv/installed
	failed=0; for file in benchmarks/[a-z]*.py; do \
	  python -m benchmarks.$$(basename $$file .py) || failed=1; done; exit $$failed

# Breaks the input and, in copies, the code, the runs and the disk: is it noticed, is anything lost?
faults: .venv/installed
	failed=0; for name in bad_input planted kill full_disk determinism; do \
	  python -m tests.faults.$$name || failed=1; done; exit $$failed

# Needs atheris, which exists for a few versions of Python.
fuzz: .venv/installed
	python -m pip install --quiet atheris
	python -m tests.faults.fuzz

# Hours: are small changes to the code noticed by its tests?
mutation: .venv/installed
	python -m pip install --quiet cosmic-ray
	python -m tests.faults.mutation

# Without .venv where a machine has packages of its own and no network.
gpu-train:
	bash pipeline/gpu_train.sh

gpu-bench:
	bash pipeline/gpu_bench.sh

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
