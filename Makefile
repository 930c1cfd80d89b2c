# Two verbs do everything on a fresh machine with Python 3.11, git and make: `make run` and `make test`.
PYTHON ?= python3
BIN := .venv/bin
ARGS ?=

.PHONY: run test check format oracle soak crash hostile bench clean

run: .venv/run
	$(BIN)/odradek serve $(ARGS)

test: .venv/test
	$(BIN)/pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder $(ARGS)

check: .venv/check
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/pyright

format: .venv/check
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The client tests and the raw requests once more, beside a real Apache Kafka (needs java and mvn, or ODRADEK_ORACLE).
oracle: .venv/test
	$(BIN)/pytest --oracle tests/clients tests/oracle $(ARGS)

# Ten minutes each: `odradek verify` while the broker is killed every twenty seconds, and consumers that come and go.
# And a minute or so each: ways to Apache Kafka and over its kills that are much like one that `make test` goes.
soak: .venv/test
	$(BIN)/pytest -m soak $(ARGS)

# Kills, power losses and bit flips by the thousand: what `make test` does a few times, many times.
crash: .venv/test
	$(BIN)/pytest -m crash --numprocesses 2 --timeout 3600 $(ARGS)

# Attacks at full size beside a bystander: how long it waits, what the broker's memory and descriptors do.
hostile: .venv/test
	$(BIN)/python -m tests.hostile $(ARGS)

bench: .venv/test
	$(BIN)/python -m bench $(ARGS)

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Each stamp is one install; a change of pyproject.toml makes them again.
.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/run: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

.venv/test: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[test]"
	@touch $@ .venv/run

.venv/check: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[test,check]"
	@touch $@ .venv/test .venv/run
