# Portico. The only things needed: Python 3.11 or newer, make, a network.
# `make` lists what can be made; each target's comment is its help.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
# `make` may be told which Python to use: make setup PYTHON=python3.12
PYTHON ?=
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate

.PHONY: help demo tour setup tools test check format bench growth fuzz soak interleavings mutants wheel assets lock clean

help: ## show this list
	@echo "make TARGET, where TARGET is one of:"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1	\2/p' Makefile | expand -t 12

demo: setup ## set everything up, then start the platform with the demo town (stop it with Ctrl-C)
	$(BIN)/portico demo

tour: setup ## walk through the main job against the running demo
	$(BIN)/portico tour

setup: tools pods/compiled/sources.sha256 ## the virtual environment, Portico in it, partly compiled, and the front-end files

tools: $(VENV)/.portico vocab/static/vendor/manifest.json

test: $(VENV)/.test setup ## set everything up (Chromium and PostgreSQL too, where they may be installed), then run every test
	@sh deploy/chromium.sh
	@sh deploy/postgresql.sh
	@$(BIN)/python -m tests.interop.packages
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile

check: $(VENV)/.test tools ## lint, format, types, import rules, module sizes
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/architecture

format: $(VENV)/.test ## put the code into its one format, and fix what can be fixed by rule
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.test setup ## measure against other Solid servers from npm; takes minutes
	$(BIN)/python -m tests.bench

growth: $(VENV)/.test setup ## measure whether reads stay quick among a million documents; takes minutes
	$(BIN)/python -m tests.bench.growth

fuzz: $(VENV)/.fuzz setup ## look for input that breaks parsers or the pod host; half a minute a target, or SECONDS=n
	$(BIN)/python -m tests.fuzz $(SECONDS)

soak: $(VENV)/.test setup ## mixed load for 20 minutes, or MINUTES=n: no wrong answer, and memory that stays where it was
	$(BIN)/python -m tests.soak $(MINUTES)

interleavings: $(VENV)/.test setup ## ten thousand reads that race with withdrawals on each database, and the time a withdrawal takes
	PORTICO_TEST_INTERLEAVINGS=10000 PORTICO_TEST_RACES=10000 PORTICO_TEST_WITHDRAWALS=250 PORTICO_TEST_TWINS=1000 \
		$(BIN)/python -m pytest -q -s tests/system/test_withdrawal_races.py tests/http/consent/test_interleavings.py \
		tests/system/test_withdrawal_latency.py tests/property/test_rows_differential.py

mutants: $(VENV)/.test setup ## take each mechanism of consent out of a copy of the code: the test named for it must fail
	$(BIN)/python -m tests.mutants "$(ONLY)"

wheel: $(VENV)/.test setup ## build the wheel into dist/
	rm -rf dist
	$(BIN)/python -m hatchling build -t wheel

assets: vocab/static/vendor/manifest.json ## fetch and copy the front-end files that we serve

lock: $(VENV)/.test ## write the lock files in requirements/ and package-lock.json anew
	$(LOCK) pyproject.toml -o requirements/run.txt
	$(LOCK) --extra build -c requirements/run.txt pyproject.toml -o requirements/setup.txt
	$(LOCK) --extra build --extra node -c requirements/run.txt pyproject.toml -o requirements/node.txt
	$(LOCK) --extra build --extra test -c requirements/run.txt pyproject.toml -o requirements/test.txt
	$(LOCK) --extra build --extra test --extra fuzz -c requirements/test.txt pyproject.toml -o requirements/fuzz.txt
	@! grep -n '://' requirements/*.txt || { echo "an address stands in a lock file"; exit 1; }

clean: ## remove what was built or installed; the data in var/ stays
	rm -rf $(VENV) build dist node_modules tests/interop/node_modules vocab/static pods/compiled/*.so pods/compiled/*.sha256 .mypy_cache .ruff_cache .pytest_cache .hypothesis

# The first Python that is new enough and can make virtual environments; the system's own before any other on the PATH,
# since the system keeps it patched and its makers built it for speed (docs/decisions/0034).
$(BIN)/python:
	@for candidate in $(PYTHON) /usr/bin/python3 python3 python3.11 python3.12 python3.13 python3.14; do \
		if "$$candidate" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			echo "virtual environment from $$("$$candidate" --version)"; \
			exec "$$candidate" -m venv --clear $(VENV); \
		fi; \
	done; \
	echo "Portico needs Python 3.11 or newer with the venv module on the PATH, and found none." >&2; \
	echo "On Debian or Ubuntu: apt-get install python3 python3-venv" >&2; \
	exit 1

# Hashes of every file are checked; nothing is installed that the lock does not name.
$(VENV)/.run: requirements/setup.txt | $(BIN)/python
	@echo "installing what Portico needs (about a minute the first time)"
	@$(PIP) install --require-hashes -r requirements/setup.txt
	@touch $@

$(VENV)/.test: requirements/test.txt | $(BIN)/python
	@echo "installing what Portico and its tests need (about a minute the first time)"
	@$(PIP) install --require-hashes -r requirements/test.txt
	@touch $@ $(VENV)/.run

$(VENV)/.fuzz: requirements/fuzz.txt | $(BIN)/python
	@$(PIP) install --require-hashes -r requirements/fuzz.txt
	@touch $@ $(VENV)/.run $(VENV)/.test

# Portico itself, from this folder; its dependencies are already there, its build tool too.
$(VENV)/.portico: pyproject.toml $(VENV)/.run
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

# Needs a C compiler; without one this says so each time, and the interpreter runs the same source.
pods/compiled/sources.sha256: $(shell find pods vocab -name '*.py') deploy/compile.py | $(VENV)/.portico
	@$(BIN)/python -m deploy.compile

vocab/static/vendor/manifest.json: package-lock.json deploy/assets.py deploy/node.py | $(VENV)/.run
	@echo "fetching the front-end files"
	@$(BIN)/python -m deploy.assets
