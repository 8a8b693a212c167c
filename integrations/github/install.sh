#!/usr/bin/env bash
# `key`: under which key a built rackform is kept, and where. `build`: find or build it; says which
# program is to be run.
set -euo pipefail

root=$(cd "$GITHUB_ACTION_PATH/../.." && pwd)
folder=$RUNNER_TEMP/rackform

case $1 in
  key)
    # What is built depends on these files, and on the image for the libraries of the system. The
    # action is no checkout of git, but git is there to hash them.
    cd "$root"
    hash=$(find Cargo.lock Cargo.toml src schemas templates -type f | LC_ALL=C sort | git hash-object --no-filters --stdin-paths | git hash-object --stdin)
    {
      echo "folder=$folder"
      echo "key=rackform-${ImageOS:-$RUNNER_OS}-$RUNNER_ARCH-$hash"
    } >>"$GITHUB_OUTPUT"
    ;;
  build)
    program=$RACKFORM_BINARY
    if [ -z "$program" ]; then
      program=$folder/bin/rackform
      if [ ! -x "$program" ] && [ ! -x "$program.exe" ]; then
        CARGO_TARGET_DIR=$RUNNER_TEMP/rackform-build cargo install --locked --path "$root" --root "$folder"
      fi
    fi
    "$program" --version
    echo "program=$program" >>"$GITHUB_OUTPUT"
    ;;
esac
