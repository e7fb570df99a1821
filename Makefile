# Everything sets itself up: `make demo` and `make test` work in a fresh clone on Debian or Ubuntu.
.DEFAULT_GOAL := help
.PHONY: help venv system demo test test-slow test-fresh test-mutation check bench lock clean
.NOTPARALLEL:

# vLLM and DeepSpeed look for ninja on PATH when they compile.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# Without bytecode on disk every actor compiles torch, vLLM and Ray anew, which doubles its start.
unexport PYTHONDONTWRITEBYTECODE
PYTHON := .venv/bin/python
ARGS ?=

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

venv: ## make .venv with everything the demo and the tests need; at once when it is there
	@deploy/install.sh venv

system: ## bring the system packages some tests need, where apt may
	@deploy/install.sh system

demo: venv ## the whole path on this machine: pretrain, filter, RL, eval, report
	$(PYTHON) -m rlcore.pipeline deploy/runs/demo.toml $(ARGS)

test: venv system ## the tests (ARGS="-k name" selects)
	$(PYTHON) -m pytest -n 2 --no-loadscope-reorder $(ARGS)

test-slow: venv system ## the tests that take long
	$(PYTHON) -m pytest -m slow --timeout 3600 $(ARGS)

test-fresh: ## both commands of the README in a bare Debian that it makes, as root (ROOT=FOLDER keeps it)
	@ROOT="$(ROOT)" deploy/fresh_root.sh

test-mutation: venv ## which small changes of the pure modules no test notices (ARGS="rlcore.learn.packing" selects)
	$(PYTHON) -m tests.mutation $(ARGS)

check: venv ## lint, format and types, changing nothing
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy verifiers services rollout rlcore

bench: venv ## run every benchmark of tests/bench; the last line of each goes to runs/bench/NAME.json
	@mkdir -p runs/bench
	@for script in $(sort $(wildcard tests/bench/*.py)); do \
	    name=$$(basename $$script .py); echo "==> $$name"; \
	    $(PYTHON) -m tests.bench.$$name > runs/bench/$$name.out || exit 1; \
	    tail -n 1 runs/bench/$$name.out | tee runs/bench/$$name.json; \
	done

lock: ## resolve all packages afresh into deploy/constraints.txt
	@deploy/install.sh lock

clean: ## remove caches and build leftovers; .venv and runs/ stay
	rm -rf build .pytest_cache .mypy_cache .ruff_cache
	find verifiers services rollout rlcore tests -name __pycache__ -type d -prune -exec rm -rf {} +
