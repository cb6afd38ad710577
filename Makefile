# Everything a developer runs. Each target makes what it needs first; `make help` lists them.

BIN := .venv/bin
READY := .venv/.ready
WORKERS ?= auto
SPREAD = --numprocesses $(WORKERS) --no-loadscope-reorder
BENCHMARKS ?= record_path presets around

.DEFAULT_GOAL := help
.PHONY: help setup test quick simulate lint demo bench fuzz chart lock build image clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## Make .venv from the locks, by uv where there is one, else by pip

$(READY): pyproject.toml requirements-dev.lock tools/setup.sh
	@sh tools/setup.sh
	@touch $@

test: $(READY) ## Run all tests, on a real Apache Kafka too (needs Java 17 and Maven), a process a core
	@$(BIN)/python -m tests.support.jars
	@$(BIN)/python -m tests.support.helm
	@$(BIN)/python -m tests.support.promtool
	@$(BIN)/pytest -m alone $(ARGS)
	@$(BIN)/pytest $(SPREAD) -m "not alone" $(ARGS)

quick: $(READY) ## Run all tests but those on Kafka; ARGS="-m 'not kafka and not programs'": those that need Python alone
	@$(if $(findstring not programs,$(ARGS)),,$(BIN)/python -m tests.support.helm)
	@$(if $(findstring not programs,$(ARGS)),,$(BIN)/python -m tests.support.promtool)
	@$(BIN)/pytest $(SPREAD) -m "not kafka" $(ARGS)

simulate: $(READY) ## Play every scenario and thousands of random schedules under a paused clock; ARGS="--seed 17" repeats one
	@$(BIN)/python -m tests.simulation $(ARGS)

lint: $(READY) ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

demo: $(READY) ## Show the whole product at work on this machine alone; ARGS="--seconds 10" ends it
	@$(BIN)/streamer demo $(ARGS)

bench: $(READY) ## Measure speed against named references, in one run
	@$(BIN)/python -m tests.support.jars
	@set -e; for name in $(BENCHMARKS); do echo "== $$name"; $(BIN)/python -m benchmarks.$$name $(ARGS); done

fuzz: $(READY) ## Translate a million mutated records of every preset; ARGS="--records N --seed S"
	@$(BIN)/python -m tests.fuzz $(ARGS)

chart: $(READY) ## Make the chart's schema and README anew, and the renders of its examples
	@$(BIN)/python -m tools.chart
	@$(BIN)/python -m tests.helm.goldens

lock: $(READY) ## Resolve the dependencies anew into the lock files
	@ARGS="$(ARGS)" sh tools/lock.sh

build: $(READY) ## Build the sdist and the wheel into dist/
	@$(BIN)/python -m build --no-isolation

image: ## Build the container image by docker, podman or buildah; BASE, IMAGE, TAG and ARGS as in tools/image.sh
	@sh tools/image.sh

clean: ## Remove what the other targets made
	rm -rf .venv .cache dist build .mypy_cache .pytest_cache .ruff_cache .hypothesis
