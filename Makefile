# make demo, make test, make lint: each sets up what it needs in .venv, once. Python 3.10 or newer is all it takes.

PYTHON ?= python3
# Many tests wait for the simulated account, so there are more workers than cores.
PYTEST ?= -n 4 --dist worksteal
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
TARGET := $(VENV)/target-jsonl
DBT := $(VENV)/dbt
MUTMUT := $(BIN)/mutmut
PIP_FLAGS := --quiet --disable-pip-version-check --use-pep517

.DEFAULT_GOAL := help
.PHONY: help python-version environments demo test test-long test-nights test-ecosystem lint format docs mutants bench bench-quick stream schemas operations readme dist release-check clean

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(INSTALLED): setup.py | python-version
	@echo "Setting up $(VENV) (a minute or so, once) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install $(PIP_FLAGS) --editable '.[dev,demo]'
	@touch $@

python-version:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "Python 3.10 or newer is needed; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12")'

# target-jsonl needs singer-python 5, so it lives in an environment of its own.
$(TARGET)/.installed: | python-version
	@echo "Setting up $(TARGET) ..."
	@$(PYTHON) -m venv $(TARGET)
	@$(TARGET)/bin/python -m pip install $(PIP_FLAGS) target-jsonl==0.1.4
	@touch $@

# dbt and the charts need jsonschema 4, so they have another.
$(DBT)/.installed: demo/requirements.txt | python-version
	@echo "Setting up $(DBT) ..."
	@$(PYTHON) -m venv $(DBT)
	@$(DBT)/bin/python -m pip install $(PIP_FLAGS) --requirement demo/requirements.txt
	@touch $@

environments: $(INSTALLED) $(TARGET)/.installed $(DBT)/.installed

demo: ## Load a simulated account, build the dbt models, ask them questions and draw a page of charts
	@$(MAKE) --no-print-directory --jobs 3 environments
	@$(BIN)/python -m demo --target $(TARGET)/bin/target-jsonl --dbt $(DBT)

test: $(INSTALLED) $(DBT)/.installed ## Run the tests
	@$(BIN)/python -m pytest $(PYTEST) --ignore=tests/ecosystem

test-long: $(INSTALLED) ## Run the tests that make test leaves out because they take long
	@$(BIN)/python -m pytest $(PYTEST) -m long --ignore=tests/ecosystem

test-nights: $(INSTALLED) ## Read accounts over several days, with limits, kills and failures (make test has some of these)
	@$(BIN)/python -m pytest $(PYTEST) -m nights --ignore=tests/ecosystem

test-ecosystem: $(INSTALLED) ## Run the tests with Meltano and real targets
	@if [ -d tests/ecosystem ]; then $(BIN)/python -m pytest -n auto --dist loadfile $(ECOSYSTEM) tests/ecosystem; else echo "There is no tests/ecosystem."; fi

lint: $(INSTALLED) ## Check style, types, workflows and the Dockerfile
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet . || { echo "Not formatted: run make format."; exit 1; }
	@$(BIN)/mypy
	@$(BIN)/zizmor --offline --quiet --persona=pedantic --strict-collection .
	@$(BIN)/hadolint Dockerfile

format: $(INSTALLED) ## Format the code, and fix what ruff can fix
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

docs: $(INSTALLED) ## Build the docs site into site/; fails on dead links
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

$(MUTMUT): $(INSTALLED)
	@$(BIN)/python -m pip install $(PIP_FLAGS) --editable '.[mutants]'
	@touch $@

mutants: $(MUTMUT) ## Try the tests by mutation, under an hour: make mutants, or make mutants MODULES="state api/retry"
	@$(BIN)/python scripts/mutants.py $(MODULES)

bench: $(INSTALLED) ## Measure speed against a simulated account: ten minutes, and says how far it is
	@$(BIN)/python -m benchmarks

bench-quick: $(INSTALLED) ## The same without the runs that wait for limits: a minute or two
	@$(BIN)/python -m benchmarks --quick

stream: $(INSTALLED) ## Print a stream as Zoom's OpenAPI files give it: make stream OP=/report/daily FILES="Meetings.json ..."
	@$(BIN)/python scripts/make_stream.py $(OP) $(FILES)

schemas: $(INSTALLED) ## Write tap_zoom/schemas from Zoom's OpenAPI files: make schemas FILES="Meetings.json Users.json"
	@$(BIN)/python scripts/make_schemas.py $(FILES)

operations: $(INSTALLED) ## Write what the tests know of Zoom's operations from its OpenAPI files: make operations FILES="Phone.json ..."
	@$(BIN)/python scripts/make_operations.py $(FILES)

readme: $(INSTALLED) ## Write the tables of README.md and docs/, meltano/tap-zoom.yml and files of .github/, from the code
	@$(BIN)/python scripts/update_readme.py
	@$(BIN)/python scripts/make_definition.py
	@$(BIN)/python scripts/make_github.py

dist: $(INSTALLED) ## Build the wheel and the sdist into dist/
	@rm -rf dist
	@$(BIN)/python -m build --outdir dist

release-check: $(INSTALLED) ## Check that a tag can be released: make release-check TAG=v0.2.0 REPOSITORY=https://github.com/...
	@$(BIN)/python scripts/release_check.py "$(TAG)" "$(REPOSITORY)"

clean: ## Remove the environments and what was built
	rm -rf $(VENV) build dist site demo-output dbt/target dbt/logs *.egg-info .mypy_cache .ruff_cache .pytest_cache
