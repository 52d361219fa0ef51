# The commands of this project. `make` alone lists them.
SHELL := /bin/sh
MAKEFLAGS += --no-print-directory
PORT ?= 8000
# Two test processes: what a machine with two cores carries.
PYTEST := .venv/bin/python -m pytest -n 2 --dist worksteal
.DEFAULT_GOAL := help
.PHONY: help setup run test test-fast fuzz test-tools chaos bench bench-peers lint format lock rules secrets pictures clean

help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 20

setup: ## put everything into .venv/ and node_modules/, and build the bundles
	@scripts/setup python node bundles

run: setup ## serve Samled with the example organisation (PORT=8000)
	@scripts/setup demo
	@SAMLED_EXAMPLE=1 .venv/bin/samled run --port $(PORT)

test-tools: ## install what only the tests need: Debian's chromium, postgresql and libfaketime
	@scripts/setup test-tools

test: setup test-tools ## every test: unit, integration on both databases, acceptance in a browser
	$(PYTEST) --durations 10 tests

test-fast: setup ## the unit tests, under a minute
	$(PYTEST) tests/unit

fuzz: setup ## random models by the ten thousand (FUZZ_MODELS=20000, FUZZ_SEED=0, FUZZ_SECONDS)
	.venv/bin/python -m tests.fuzz

chaos: setup test-tools ## ten minutes of killed processes, a stopped PostgreSQL and cut connections (SAMLED_CHAOS_SEED=…)
	SAMLED_CHAOS_SECONDS=80 .venv/bin/python -m pytest -s tests/chaos

bench: setup ## what a durable step costs on this machine, on SQLite and PostgreSQL: twenty minutes
	.venv/bin/samled bench --svg build/bench

bench-peers: setup ## the same number of human steps in other engines, below build/peers
	scripts/bench-peers

lint: setup ## style, types, the direction of dependencies, and the processes
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/samled validate --publish processes/*/

format: setup ## put the Python files into the project's format
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

lock: ## renew requirements.lock from pyproject.toml, and package-lock.json from package.json
	@[ -x build/lock/bin/pip-compile ] || { python3 -m venv build/lock && build/lock/bin/pip install --quiet pip-tools; }
	build/lock/bin/pip-compile --quiet --extra dev --generate-hashes --allow-unsafe --strip-extras \
		--no-emit-index-url --no-emit-trusted-host --no-emit-find-links --output-file requirements.lock pyproject.toml
	npm install --package-lock-only

rules: setup ## write docs/reference/rules.md from the rules and their pairs
	.venv/bin/python -m tests.rules_page

secrets: ## make the secrets that docker-compose.yml reads, where they are missing
	@mkdir -p secrets && chmod 700 secrets
	@for name in database_password secret_key; do \
		[ -s secrets/$$name ] || { openssl rand -hex 32 > secrets/$$name && chmod 644 secrets/$$name && echo "wrote secrets/$$name"; }; \
	done

pictures: setup test-tools ## take the pictures of the documentation again, the processes' diagrams included
	.venv/bin/python -m tests.process_pictures
	.venv/bin/python -m tests.pictures

clean: ## remove what the commands made; the database in var/ stays
	rm -rf .venv node_modules build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis samled.egg-info
