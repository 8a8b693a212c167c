#!/usr/bin/env bash
# What the pull request changes, as Markdown in a file.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
. "$(dirname "${BASH_SOURCE[0]}")/arguments.sh"

# The revision to compare with; nothing where it is no pull request.
base() {
  if [ -n "$RACKFORM_AGAINST" ]; then
    echo "$RACKFORM_AGAINST"
    return
  fi
  if [ -z "${GITHUB_BASE_REF:-}" ]; then
    return
  fi
  local ref=refs/remotes/origin/$GITHUB_BASE_REF
  if [ "$GITHUB_EVENT_NAME" = pull_request ] && [ "$(git rev-parse HEAD)" = "$GITHUB_SHA" ] && git rev-parse --quiet --verify "HEAD^2" >/dev/null; then
    # GitHub has merged the pull request to try it: the first parent is what it would be merged into.
    git update-ref "$ref" "HEAD^1" || return
  elif ! git rev-parse --quiet --verify "$ref" >/dev/null; then
    local depth=()
    if [ "$(git rev-parse --is-shallow-repository)" = true ]; then
      depth=(--depth=1)
    fi
    git fetch --quiet --no-tags ${depth[@]+"${depth[@]}"} origin "+refs/heads/$GITHUB_BASE_REF:$ref" || return
  fi
  echo "origin/$GITHUB_BASE_REF"
}

against=$(base)
if [ -n "$against" ]; then
  arguments+=(--against "$against")
fi
plan=$RUNNER_TEMP/rackform-plan.md
code=0
"$RACKFORM" plan "${arguments[@]}" --quiet --message-format github --out "$RACKFORM_OUT" --format markdown --detailed-exitcode -- "$RACKFORM_PATH" >"$plan" || code=$?
changes=false
# Arguments that are wrong exit with 2 as well, and print nothing.
if [ "$code" = 2 ] && [ -s "$plan" ]; then
  changes=true
elif [ "$code" != 0 ]; then
  exit "$code"
fi
{
  echo "plan=$plan"
  echo "changes=$changes"
} >>"$GITHUB_OUTPUT"
