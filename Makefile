# Two commands are all that a newcomer needs: `make demo` and `make test`. Each does its own set-up.
# `make` alone lists every target with the text after its `##`.

# The first Python that is there, runs, and is new enough.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready

UV := build/lock/bin/uv

AUDIT := build/audit/bin/pip-audit

.PHONY: help demo test test-compose bench lint walk mutants contracts lock audit clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-13s %s\n", $$1, $$2}' Makefile

demo: $(READY) ## Import a fictitious bureau's year 2022 and show its figures; the dashboard stays open until Ctrl-C
	@PATH="$(CURDIR)/$(BIN):$$PATH" demo/run

test: lint walk ## Run the linters and every test but those of the deployment
	@$(BIN)/python -m pytest --ignore=tests/compose

test-compose: $(READY) ## Test the deployment on a real Docker engine (as root; installs one where none runs)
	@$(BIN)/python -m pytest -s tests/compose

bench: $(READY) ## Measure the platform against two yardsticks; writes build/bench/results.json
	@$(BIN)/python -m bench

walk: $(READY) ## Show how far a reader walks through the code for one visit, and for one field
	@$(BIN)/python -m tests.walk

mutants: $(READY) ## Say how strong the tests are, by a sample of small faults (ARGS='--seed 2 --minutes 40 --group runtime')
	@$(BIN)/python -m tests.mutants $(ARGS)

lint: $(READY) ## Check format, lint rules, types and which module may import which
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

contracts: $(READY) ## Write contracts/, docs/workbooks.md and docs/states.md from the declarations in services/
	@$(BIN)/hongxia contracts contracts --labels services/reporting/labels.yaml
	@$(BIN)/hongxia workbooks > docs/workbooks.md
	@$(BIN)/hongxia workbooks --language zh > docs/workbooks.zh-CN.md
	@$(BIN)/hongxia states > docs/states.md

lock: $(UV) ## Resolve requirements.lock and requirements-dev.lock anew from pyproject.toml
	@$(UV) pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
	  pyproject.toml -o requirements.lock
	@$(UV) pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
	  --extra dev pyproject.toml -o requirements-dev.lock

	@$(UV) pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
	  deploy/tools/sbom.in -o deploy/tools/sbom.lock
	@$(UV) pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
	  deploy/tools/audit.in -o deploy/tools/audit.lock

audit: $(AUDIT) ## Hold requirements.lock against the published advisories (needs pypi.org; fails where it is out of reach)
	@deploy/tools/audit $(AUDIT)

$(AUDIT): deploy/tools/audit.lock
	@$(PYTHON) -m venv build/audit
	@build/audit/bin/pip install -q --require-hashes --only-binary :all: -r deploy/tools/audit.lock
	@touch $(AUDIT)

$(READY): requirements-dev.lock pyproject.toml
	@test -n "$(PYTHON)" || \
	  { echo "Hongxia needs Python 3.11 or newer; set PYTHON=/path/to/python3.11 (需要 Python 3.11 或更高版本)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	  { echo "python3-venv is missing: apt-get install python3-venv (缺少 python3-venv)"; exit 1; }
	@echo "Installing into $(VENV) …"
	@$(BIN)/pip install -q --require-hashes -r requirements-dev.lock
	@$(BIN)/pip install -q --no-deps -e .
	@touch $(READY)

$(UV):
	@$(PYTHON) -m venv build/lock
	@build/lock/bin/pip install -q uv==0.13.9

clean: ## Remove the virtual environment, build/ and the data of `hongxia serve` in .hongxia
	rm -rf $(VENV) build .hongxia
