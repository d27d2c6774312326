# What a contributor types. `make dev` once; `.ci/run` does all of it in a clean environment.
.PHONY: dev lint test torture mutants coverage fuzz nightly pages lock sbom wheel bench

VENV ?= .venv
BIN = $(VENV)/bin

dev:
	python3 -m venv $(VENV)
	$(BIN)/pip install -e '.[dev]'

lint:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test:
	$(BIN)/pytest

# Every step of an audit, spoilt in every way; the tests try a slice of it. About ten minutes on two cores.
torture:
	$(BIN)/python -m tests.torture

# Small mistakes in what must not be wrong (guard, masks, redaction, exit codes): the tests have to notice each. An hour.
mutants:
	$(BIN)/python -m tests.mutants

# Which lines and branches the tests reach. Half an hour on two cores; what measures time may fail under it.
coverage:
	$(BIN)/coverage erase
	-$(BIN)/coverage run -m pytest
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

# Every reader of what others wrote, guided by coverage, a minute each (pip install -e '.[fuzz]'). Finds: fuzz-finds/.
fuzz:
	$(BIN)/python -m tests.fuzz

# The same readers without guidance, 100,000 spoilt inputs each: for a scheduler at night.
nightly:
	FUZZ_EXAMPLES=100000 $(BIN)/pytest tests/fuzz -k nothing_but --timeout 0

# Generated pages: the help text in README.md and for --help, the tables of checks/README.md (a test says when they are stale).
pages:
	$(BIN)/python tests/pages.py --write

# The versions and hashes that the program runs on, for every system (pip install -e '.[release]').
lock:
	head -n 2 requirements.lock > requirements.new
	$(BIN)/uv pip compile -q pyproject.toml --universal --generate-hashes --python-version 3.11 \
	  --no-emit-index-url --no-annotate --no-header >> requirements.new
	mv requirements.new requirements.lock

# What is in it, for those who have to know: CycloneDX, from the lock file.
sbom:
	mkdir -p dist
	$(BIN)/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible -o dist/sbom.cdx.json requirements.lock

wheel:
	$(BIN)/python -m build --wheel

bench:
	$(BIN)/python -m benchmarks
