#!/usr/bin/env bash
# Fail if the lock, or an output that is committed, is not what the manifests compile to.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "${BASH_SOURCE[0]}")/arguments.sh"

if [ -z "$(git ls-files -- "$RACKFORM_OUT")" ]; then
  exec "$RACKFORM" check "${arguments[@]}" --quiet --message-format github --locked -- "$RACKFORM_PATH"
fi
"$RACKFORM" compile "${arguments[@]}" --quiet --message-format github --locked --out "$RACKFORM_OUT" -- "$RACKFORM_PATH"
if [ -n "$(git status --porcelain -- "$RACKFORM_OUT")" ]; then
  git --no-pager diff --stat -- "$RACKFORM_OUT"
  git status --short -- "$RACKFORM_OUT"
  echo "::error title=rackform::The output that is committed is not what the manifests compile to: run rackform compile and commit it"
  exit 1
fi
