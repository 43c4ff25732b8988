# Every target works in a fresh clone: each makes what it needs and reuses what is there.
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup demo test check gate bench bench-drift bench-learning torture lock down docs clean

help: ## this list
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## .venv from the hash-locked requirements.txt, Java, Spark jars, database templates
	@bash scripts/setup.sh

demo: setup ## the whole loop on the generated sample; in a terminal the services stay up
	@$(BIN)/millrace demo

test: setup ## everything: linters, types, import law, then all tests (half an hour on 2 cores)
	@bash scripts/test.sh all

check: setup ## the fast part of the tests (60 s)
	@bash scripts/test.sh fast

gate: setup ## trains on the fixed samples; fails where a model got worse (MODEL=... for one)
	@$(BIN)/millrace gate $(MODEL)

bench: setup ## one table of figures, as ratios
	@$(BIN)/python -m benchmarks
	@$(BIN)/python -m benchmarks.gate

bench-learning: setup ## learning curves on real receipts: our selection of what to ask against random
	@$(BIN)/python -m benchmarks.learning

bench-drift: setup ## false alarms and found shifts on real streams, Evidently's defaults beside ours
	@$(BIN)/python -m benchmarks.drift
	@$(BIN)/python -m benchmarks.drift_cost

torture: setup ## a thousand kills of what handles corrections, twice twenty of Airflow (KILLS=...)
	@$(BIN)/python -m benchmarks.torture --kills $(or $(KILLS),1000) \
		--airflow-kills $(or $(AIRFLOW_KILLS),20) --table docs/torture.md

lock: setup ## requirements.txt anew from pyproject.toml
	@bash scripts/lock.sh

down: ## stop the services of this home
	@if [ -x $(BIN)/millrace ]; then $(BIN)/millrace down; else echo "nothing to stop: no .venv here"; fi

docs: setup ## the generated pages of docs/
	@$(BIN)/python scripts/generate_docs.py

clean: down ## remove .venv and the tools' caches; var/ (the home) stays
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist
	@find . -path ./var -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
