#!/usr/bin/env bash
# Say at the lines of the pull request what is wrong.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "${BASH_SOURCE[0]}")/arguments.sh"

code=0
"$RACKFORM" check "${arguments[@]}" --message-format github -- "$RACKFORM_PATH" || code=$?
if [ -n "$RACKFORM_SARIF" ]; then
  again=0
  "$RACKFORM" check "${arguments[@]}" --message-format sarif -- "$RACKFORM_PATH" >"$RACKFORM_SARIF" || again=$?
  [ "$again" = "$code" ] || exit "$again"
fi
exit "$code"
