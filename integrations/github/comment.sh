#!/usr/bin/env bash
# The plan as the one comment that is ours: made when something changes, and kept up to date from
# then on. Where there can't be one, the plan goes to the summary of the job.
set -euo pipefail

# What our comment begins with, which nobody sees; one for each fleet of a repository.
MARKER="<!-- rackform plan of $(printf '%s' "$RACKFORM_PATH" | tr -c 'A-Za-z0-9._/-' '_') -->"
export MARKER

summarize() {
  cat "$RACKFORM_PLAN" >>"$GITHUB_STEP_SUMMARY"
}

# The comment, or what keeps it from being written on standard error.
comment() {
  local comments="repos/$GITHUB_REPOSITORY/issues/$PULL_REQUEST/comments" ours body=$RUNNER_TEMP/rackform-comment.md
  # A comment of somebody else may begin like ours, and whoever wrote it could change it again.
  ours=$(gh api --paginate "$comments?per_page=100" \
    --jq '.[] | select(.user.login == env.RACKFORM_AUTHOR and (.body | startswith(env.MARKER))) | .id') || return
  ours=${ours%%$'\n'*}
  if [ -z "$ours" ] && [ "$RACKFORM_CHANGES" != true ]; then
    return # nothing changes, and nothing was said before
  fi
  { echo "$MARKER" && cat "$RACKFORM_PLAN"; } >"$body"
  if [ -n "$ours" ]; then
    gh api --silent --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$ours" --field "body=@$body"
  else
    gh api --silent --method POST "$comments" --field "body=@$body"
  fi
}

if [ "$RACKFORM_COMMENT" != true ] || [ -z "$PULL_REQUEST" ]; then
  summarize
elif ! refusal=$(comment 2>&1 >/dev/null); then
  summarize
  refusal=${refusal//'%'/%25}
  refusal=${refusal//$'\r'/%0D}
  echo "::notice title=rackform::The plan is in the summary of the job, because it could not be written as a comment: ${refusal//$'\n'/%0A}"
fi
