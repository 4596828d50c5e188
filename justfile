# One-line recipes over the environment in .venv (README.md, second command). `just` alone lists them.
bin := ".venv/bin/"

_list:
    @just --list --unsorted

# run the tests, on both cores; arguments go to pytest
test *args:
    {{bin}}python -m pytest -n 2 {{args}}

# format in place
fmt:
    {{bin}}ruff check --fix . && {{bin}}ruff format .

# lint and check the format
lint:
    {{bin}}ruff check . && {{bin}}ruff format --check .

# check the types
types:
    {{bin}}mypy --strict

# check who imports whom
layers:
    {{bin}}lint-imports

# rewrite the golden files; review the difference before committing
golden:
    UPDATE_GOLDEN=1 {{bin}}python -m pytest -q tests/golden

# measure the speed against the engines named in benchmarks/
bench:
    {{bin}}python benchmarks/run.py

# rewrite constraints.txt with the newest versions
lock:
    .ci/lock

# everything, in new environments
ci:
    .ci/run
