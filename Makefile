# Thin, for a fresh machine: everything is set up under the checkout.
PYTHON ?= python3

.PHONY: help demo test lint images docs clean
help: ## what can be made here
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST)

demo: ## evaluate a real model with a real harness, and see a damaged one caught
	@$(PYTHON) scripts/environments.py project helm
	@.venv/bin/python scripts/demo.py $(DEMO_ARGS)

test: ## every test, with coverage
	@$(PYTHON) scripts/environments.py project helm
	@.venv/bin/python -m pytest -n auto --cov --cov-report=term $(TEST_ARGS)

lint: ## formatting, lint, types and the layers
	@$(PYTHON) scripts/environments.py project
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports

images: ## both images built and run, with the engine of this machine or one of our own
	@$(PYTHON) scripts/environments.py project
	@$(PYTHON) scripts/docker_engine.py run -- .ci/images

docs: ## write docs/cli.md and schemas/ anew from the code
	@$(PYTHON) scripts/environments.py project
	@.venv/bin/python scripts/docs.py
	@.venv/bin/python scripts/schemas.py

clean: ## remove everything that the other targets made
	@$(PYTHON) scripts/docker_engine.py stop
	rm -rf .venv .cajajejo wheels .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage
