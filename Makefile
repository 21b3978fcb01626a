# Everything a person types. `make` alone lists it.

PYTHON ?= python3
BIN := .venv/bin
BOOTSTRAP := $(PYTHON) backend/scripts/bootstrap.py
IN_BACKEND := cd backend &&
# How long `make fuzz` looks.
SECONDS ?= 120
PAGE := $(PYTHON) backend/scripts/page.py npm run --silent
# Tests run side by side, three more than there are processors, since they wait for more than half of their time;
# the parts that they start are real and need memory, so no more than eight.
WORKERS ?= $(shell n=$$(getconf _NPROCESSORS_ONLN); [ "$$n" -gt 5 ] && echo 8 || echo "$$((n + 3))")
PYTEST := $(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup $(if $(CI),--reruns 1 -rR)

# Rooms whose tests only compute: nothing in them minds how slow the machine is at the moment. The page's tests
# beside them have two workers of their own.
COMPUTING := $(addprefix tests/,agent core features parsing protocol)
BESIDE := $(shell n=$$(($(WORKERS) / 2 - 1)); [ "$$n" -gt 0 ] && echo "$$n" || echo 1)
# Two targets at a time. A log is read afterwards: there each one's lines stay together.
TWO = $(MAKE) --no-print-directory --jobs=2 $(if $(CI),--output-sync=target)
# What `make check` has the tests measured with, and what else it checks beside the page's tests.
MEASURED :=
BESIDES :=

# Tests start hundreds of processes: where no byte code is kept, each compiles the whole service again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup run dev test page-check page-test page-api check lint format types sizes bounds lock \
	computing waiting \
	smoke-llm attack bench load fuzz deaths chaos clean

help:  ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

run:  ## Set up what is missing and start Factotum on this machine
	@$(BOOTSTRAP)
	@$(IN_BACKEND) exec $(BIN)/factotum serve $(ARGS)

dev: setup  ## As run, and the page with hot reload on http://127.0.0.1:5173
	@$(PAGE) dev & trap 'kill $$!' EXIT; cd backend && $(BIN)/factotum serve $(ARGS)

# The page's tests wait for a browser most of their time: what only computes runs beside them, and those tests
# that start services, wait for each other and tell time run when it is quiet.
test: setup  ## Set up what is missing and run all tests (ARGS="-k name" for some)
ifdef ARGS
	@$(IN_BACKEND) $(PYTEST) $(ARGS)
else
	@$(TWO) page-test $(BESIDES) computing
	@$(MAKE) --no-print-directory waiting
endif

computing: setup
	@$(IN_BACKEND) $(PYTEST) -n $(BESIDE) $(MEASURED) $(COMPUTING)

waiting: setup
	@$(IN_BACKEND) $(PYTEST) $(MEASURED) $(if $(MEASURED),--cov-append) $(COMPUTING:%=--ignore=%)

check: setup  ## All that CI checks: lint, types, floors, sizes, tests, coverage
	@$(MAKE) --no-print-directory test MEASURED="--cov --cov-report=" BESIDES="lint types sizes page-check"
	@$(MAKE) --no-print-directory bounds

setup:
	@$(BOOTSTRAP) --dev

lint: setup  ## Check style and the floors between packages
	@$(IN_BACKEND) $(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/lint-imports

types: setup  ## Check types
	@$(IN_BACKEND) $(BIN)/basedpyright

sizes: setup  ## Check the sizes of files and functions
	@$(IN_BACKEND) $(BIN)/python scripts/check_sizes.py

bounds:
	@$(IN_BACKEND) $(BIN)/coverage json -q -o .coverage.json && $(BIN)/python scripts/check_coverage.py .coverage.json

page-check: setup page-api  ## Check the page: style, and types against the API as it is
	@$(PAGE) lint && $(PAGE) types

page-test: setup
	@$(PAGE) test && $(PAGE) test:e2e

page-api: setup  ## Make the types that the page is checked against from the API
	@$(PAGE) api

format: setup  ## Put the code in its usual form
	@$(IN_BACKEND) $(BIN)/ruff check --fix-only --exit-zero -q . && $(BIN)/ruff format .
	@$(PAGE) format

lock:  ## Write backend/poetry.lock anew after a change of pyproject.toml
	@$(BOOTSTRAP) --lock

smoke-llm: setup  ## Try the whole product with a real, small model out of packages (opt-in: 130 MB)
	@$(IN_BACKEND) $(BIN)/python scripts/smoke_llm.py $(ARGS)

attack: setup  ## Try all attacks on sandboxes and tools, and print how each ended
	@$(IN_BACKEND) $(PYTEST) -m attack --attacks $(ARGS)

bench:  ## Measure the cost of a token beside other frameworks, and the parser (ARGS="--json FILE")
	@$(BOOTSTRAP) --bench
	@$(IN_BACKEND) $(BIN)/python -m bench $(ARGS)

load: setup  ## Measure the service under load, as two processes (ARGS="--warm-up 0 --minutes 1 --idle 100 --live 20")
	@$(IN_BACKEND) $(BIN)/python -m bench.load $(ARGS)

fuzz:  ## Look for a text that breaks a law of the parser (SECONDS=120)
	@$(BOOTSTRAP) --fuzz
	@$(IN_BACKEND) PYTHONPATH=.:tests/parsing .venv-fuzz/bin/python -m fuzz.parser $(SECONDS) $(ARGS)

deaths: setup  ## Let a run die, and be written to, at every single place, in every dialect
	@$(IN_BACKEND) $(PYTEST) --every-death tests/agent/test_loop_deaths.py tests/agent/test_loop_steering.py $(ARGS)

chaos: setup  ## Kill everything at random under load, then check every history (ARGS="--faults 50")
	@$(IN_BACKEND) $(BIN)/python -m chaos $(ARGS)

clean:  ## Remove what setting up has made; your data stays
	rm -rf frontend/node_modules backend/factotum/api/built_page
	rm -rf .tools backend/.venv backend/.venv-* backend/.coverage* backend/.pytest_cache backend/.fuzz
