# Two commands are all that a newcomer needs: `make demo` and `make test`. Each does its own set-up.

# The first Python that is there, runs, and is new enough.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready

.PHONY: demo test test-compose bench lint contracts lock clean

demo: $(READY)
	@PATH="$(CURDIR)/$(BIN):$$PATH" demo/run

test: lint
	@$(BIN)/python -m pytest --ignore=tests/compose

test-compose: $(READY)
	@$(BIN)/python -m pytest -s tests/compose

bench: $(READY)
	@$(BIN)/python -m bench

lint: $(READY)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

contracts: $(READY)
	@$(BIN)/hongxia contracts contracts --labels services/reporting/labels.yaml
	@$(BIN)/hongxia workbooks > docs/workbooks.md

lock:
	@$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
	  pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
	  --extra dev pyproject.toml -o requirements-dev.lock

$(READY): requirements-dev.lock pyproject.toml
	@test -n "$(PYTHON)" || \
	  { echo "Hongxia needs Python 3.11 or newer; set PYTHON=/path/to/python3.11 (需要 Python 3.11 或更高版本)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	  { echo "python3-venv is missing: apt-get install python3-venv (缺少 python3-venv)"; exit 1; }
	@echo "Installing into $(VENV) …"
	@$(BIN)/pip install -q --require-hashes -r requirements-dev.lock
	@$(BIN)/pip install -q --no-deps -e .
	@touch $(READY)

clean:
	rm -rf $(VENV) build .hongxia
