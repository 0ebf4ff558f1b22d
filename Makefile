# Everything a newcomer or a developer runs. Each target makes the environment that it needs: nothing to prepare.
#
#   make demo      the whole service against two simulated modems, with no hardware, in under a minute
#   make test      the tests
#   make lint      style, types and import rules
#   make bench     the speed measurements of benchmarks/, into docs/performance.md: 20 minutes (ARGS=--short: 8)
#   make torture   an hour of faults drawn by chance (MINUTES=5 for less), and a report of what held: docs/reliability.md
#   make package   dist/outpost_VERSION_all.deb, which installs without network on Debian 12 and 13
#   make bundle    dist/outpost-VERSION-wheels.tar, for other systems
#   make lock      new lock files from pyproject.toml (needs uv)
#   make clean     remove the environment and all caches
#
# Another Python:  make test PYTHON=python3.13 VENV=/tmp/outpost-3.13
PYTHON ?= python3
VENV ?= .venv
JOBS ?= 2
MINUTES ?= 60
ARGS ?=
export PYTHON VENV
unexport PYTHONPATH PYTHONHOME

COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade \
    --no-emit-index-url --no-header

.PHONY: help demo test lint bench torture package bundle lock clean setup-run setup-dev

help:
	@sed -n 's/^#   //p' Makefile

demo: setup-run
	@"$(VENV)/bin/outpost" demo $(ARGS)

test: setup-dev
	"$(VENV)/bin/pytest" -n $(JOBS) --dist worksteal $(ARGS)

lint: setup-dev
	"$(VENV)/bin/ruff" check .
	"$(VENV)/bin/mypy"
	"$(VENV)/bin/lint-imports" --no-logo

bench: setup-dev
	@"$(VENV)/bin/python" benchmarks/run_all.py $(ARGS)

package bundle: setup-run
	@"$(VENV)/bin/python" packaging/build.py $@

torture: setup-dev
	"$(VENV)/bin/python" -m tests.torture --minutes $(MINUTES) $(ARGS)

lock:
	@command -v uv >/dev/null || { echo "make lock needs uv (in any environment: pip install uv)" >&2; exit 1; }
	$(COMPILE) pyproject.toml --output-file requirements/run.lock
	$(COMPILE) --group build --constraint requirements/run.lock --output-file requirements/build.lock
	$(COMPILE) pyproject.toml --group dev --constraint requirements/run.lock --constraint requirements/build.lock \
	    --output-file requirements/dev.lock

clean:
	rm -rf "$(VENV)" .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

setup-run:
	@requirements/setup.sh run

setup-dev:
	@requirements/setup.sh dev
