#!/usr/bin/env bash
# Compiles the program and its tests with the oldest compiler that Cargo.toml promises, where rustup can get that one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
version=$(sed -n 's/^rust-version = "\([0-9.]*\)".*/\1/p' Cargo.toml)
if ! command -v rustup >/dev/null; then
  echo "skipped: Rust $version, because there is no rustup"
  exit 0
fi
if ! rustup run "$version" rustc --version 2>/dev/null &&
  ! rustup toolchain install --profile minimal --no-self-update "$version"; then
  echo "skipped: Rust $version, because rustup could not get it"
  exit 0
fi
rustup run "$version" cargo check --all-targets --locked --target-dir target/msrv
echo "Rust $version compiles everything"
