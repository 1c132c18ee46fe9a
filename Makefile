# Mithaq. Every target does its own set-up; `make` alone lists them.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.14; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; exit; }; done)
UV_VERSION = 0.13.9
PY = .venv/bin/python
STAMP = .venv/.ready
HOME_DIR ?= $(HOME)/.mithaq

.DEFAULT_GOAL := help
.PHONY: help setup demo test check serve soak bench docs system lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## Make .venv with everything that is needed

$(STAMP): requirements.lock requirements-dev.lock pyproject.toml Makefile
	@test -n "$(PYTHON)" || { echo "Mithaq needs Python 3.11 or newer: on Debian, apt-get install python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Python's venv is missing: on Debian, apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv --clear .venv
	$(PY) -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	.venv/bin/uv pip install --quiet --python $(PY) --require-hashes -r requirements-dev.lock
	.venv/bin/uv pip install --quiet --python $(PY) --no-deps --editable .
	@touch $@

demo: $(STAMP) ## Three nations on this machine make a covenant and work a border day; Ctrl-C ends it
	.venv/bin/mithaq demo

test: $(STAMP) ## All tests but the long ones: the unit part, then processes and foreign verifiers
	$(PY) -m pytest -q -n 2 --dist loadfile tests --ignore tests/processes --ignore tests/foreign --ignore tests/chaos --ignore tests/compat --ignore tests/soak
	$(PY) -m pytest -q -n 2 --dist loadfile tests/compat tests/chaos tests/foreign tests/processes

check: $(STAMP) ## ruff, mypy --strict, and the architecture
	.venv/bin/ruff check src tests benchmarks tools examples
	.venv/bin/ruff format --check src tests benchmarks tools examples
	.venv/bin/mypy
	$(PY) -m pytest -q tests/test_architecture.py

serve: $(STAMP) ## Serve the node in HOME_DIR (default ~/.mithaq)
	.venv/bin/mithaq --home $(HOME_DIR) node serve

soak: $(STAMP) ## The long runs
	$(PY) -m pytest -q tests/soak
	MITHAQ_EXAMPLES=20 $(PY) -m pytest -q -n 2 -m hypothesis tests --ignore tests/soak

bench: $(STAMP) ## Run every benchmark and write docs/benchmarks.md
	$(PY) -m benchmarks.all

docs: $(STAMP) ## Check the documentation against the code
	$(PY) -m pytest -q tests/test_docs.py

system: ## Install the Debian packages of system-packages.txt when root, else say which
	@missing=""; for p in $$(grep -v '^#' system-packages.txt); do \
		dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$p"; done; \
	if [ "$$(uname)" != Linux ] || ! command -v apt-get >/dev/null; then echo "not Debian: you need$$missing"; \
	elif [ -z "$$missing" ]; then echo "system packages: all there"; \
	elif [ "$$(id -u)" = 0 ]; then apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $$missing; \
	else echo "run as root: apt-get install$$missing"; fi

lock: $(STAMP) ## Write the lock files anew from pyproject.toml
	.venv/bin/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate pyproject.toml -o requirements.lock
	.venv/bin/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate --group dev pyproject.toml -o requirements-dev.lock

clean: ## Remove what was made here
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
