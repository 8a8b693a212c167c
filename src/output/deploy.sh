#!/usr/bin/env bash
# Written by `rackform compile`; changes made here are lost.
# Deploys the stacks of this folder in order, with the AWS CLI as it is set up in the environment.
set -euo pipefail
CDPATH="" cd "$(dirname "${BASH_SOURCE[0]}")"
export AWS_PAGER="" # nobody is there to turn pages

limit=51200 # bytes that CloudFormation takes without a bucket
most_events=10 # that are told of a failure

# --- the stacks

names=()
racks=()
apps=()
phases=()
templates=()
files=()
required=()

# One row: a stack, its rack, its app, its phase, template, file of parameters, and the names of
# parameters without a value. `-` stands for none. A stack has a row for each phase that changes it.
stack() {
  names+=("$1")
  racks+=("$2")
  apps+=("$3")
  phases+=("$4")
  templates+=("$5")
  files+=("$6")
  required+=("${*:7}")
}

@STACKS@

# Words without repetition, in one line.
distinct() {
  printf '%s\n' "$@" | sed '/^-$/d' | sort -u | paste -s -d ' ' -
}

all_stacks=$(distinct ${names[@]+"${names[@]}"})
all_racks=$(distinct ${racks[@]+"${racks[@]}"})
all_apps=$(distinct ${apps[@]+"${apps[@]}"})

# --- what is asked for

only_racks=""
only_apps=""
given=()
dry=""

usage() {
  cat <<END
Usage: deploy.sh [--rack NAME]... [--app NAME]... [--parameter STACK:NAME=VALUE]... [--dry-run]

Deploys the stacks of this folder in their order, and asks nobody anything. What stands already is
updated, so it is safe to run again. Before anything is deployed it looks for what would stop it.

  --rack        only this rack and the apps on it; may be repeated
  --app         only this app, on every rack it stands on; may be repeated. Racks are left out, but
                for those that --rack names too
  --parameter   set a parameter of a stack, over what its file says; may be repeated
  --dry-run     make change sets and do not execute them
  -h, --help    say this

Racks: $all_racks
Apps: $all_apps
Stacks: $all_stacks

Environment:
  RACKFORM_S3_BUCKET   a bucket, through which templates of more than $limit bytes go
  AWS_PROFILE, AWS_REGION and all else that the AWS CLI reads

Exit codes: 0 done; 1 refused or failed; 2 wrong options; 3 done, but for phases that follow on
stacks that --rack or --app left out
END
}

complain() {
  echo "deploy.sh: $*" >&2
}

fail() {
  complain "$@"
  exit 1
}

misused() {
  complain "$*; see deploy.sh --help"
  exit 2
}

# Whether a word is one of a list.
is_in() {
  [[ -n $1 && " $2 " == *" $1 "* ]]
}

# Refuse a name that is not one of those that there are: the name, what it names, the list.
known_name() {
  is_in "$1" "$3" || misused "there is no $2 '$1' here; the ${2}s are: $3"
}

parse() {
  while (($#)); do
    case $1 in
      --rack)
        known_name "${2-}" rack "$all_racks"
        only_racks+=" $2"
        shift 2
        ;;
      --app)
        known_name "${2-}" app "$all_apps"
        only_apps+=" $2"
        shift 2
        ;;
      --parameter)
        case ${2-} in
          *:*=*) known_name "${2%%:*}" stack "$all_stacks" ;;
          *) misused "--parameter takes STACK:NAME=VALUE" ;;
        esac
        given+=("$2")
        shift 2
        ;;
      --dry-run)
        dry=yes
        shift
        ;;
      -h | --help)
        usage
        exit
        ;;
      *) misused "there is no option '$1'" ;;
    esac
  done
}

# Whether the options ask for a row.
is_chosen() {
  if [[ -z $only_racks$only_apps ]] || is_in "${apps[$1]}" "$only_apps"; then return 0; fi
  is_in "${racks[$1]}" "$only_racks" && [[ ${apps[$1]} == - || -z $only_apps ]]
}

# The rows that are asked for, in their order; in `chosen`.
choose() {
  local row
  chosen=()
  for ((row = 0; row < ${#names[@]}; row++)); do
    if is_chosen "$row"; then chosen+=("$row"); fi
  done
}

# Whether --parameter sets a parameter: stack, name.
is_given() {
  local item
  for item in ${given[@]+"${given[@]}"}; do
    case $item in "$1:$2="*) return 0 ;; esac
  done
  return 1
}

# A row in words.
label() {
  if [[ ${phases[$1]} == - ]]; then
    echo "${names[$1]}"
  else
    echo "${names[$1]} (phase ${phases[$1]})"
  fi
}

# --- what stands in the account

# Ask for a stack, and remember the answer until the stack is changed: its status and description,
# and below them the names of its parameters; or nothing when there is none.
ask() {
  local memory=$work/$1.stack
  if [[ -f $memory ]]; then return 0; fi
  if ! aws cloudformation describe-stacks --stack-name "$1" --output text \
    --query 'Stacks[0].[StackStatus, Description, Parameters[].ParameterKey]' >"$memory" 2>"$work/complaint"; then
    : >"$memory"
    grep -q "does not exist" "$work/complaint" || fail "$(cat "$work/complaint")"
  fi
}

forget() {
  rm -f "$work/$1.stack" "$work/$1.template"
}

# The status of a stack that was asked for.
status() {
  local word=""
  read -r word _ <"$work/$1.stack" || true
  echo "${word%%[[:space:]]*}"
}

# Whether a stack is still to be made: it is not there, or is a place for a change set only, or is
# what a first deploy that failed has left.
is_new() {
  case $(status "$1") in
    "" | REVIEW_IN_PROGRESS | ROLLBACK_COMPLETE) return 0 ;;
    *) return 1 ;;
  esac
}

# Whether a stack has a value for a parameter, which it keeps: stack, name.
has_value() {
  ! is_new "$1" && is_in "$2" "$(sed 1d "$work/$1.stack" | tr -s '[:space:]' ' ')"
}

# Bring the template of a stack that stands, and remember it until the stack is changed; false when
# there is none.
fetch() {
  local memory=$work/$1.template
  ask "$1"
  if is_new "$1"; then return 1; fi
  if [[ ! -f $memory ]]; then
    aws cloudformation get-template --stack-name "$1" --query TemplateBody --output text \
      >"$memory" 2>"$work/complaint" || fail "the template of $1 can't be read: $(cat "$work/complaint")"
  fi
}

# Whether a stack stands with the very template of a row.
has_template() {
  fetch "${names[$1]}" && [[ $(cat "$work/${names[$1]}.template") == "$(cat "${templates[$1]}")" ]]
}

# The change in phases that a template is a step of, and its phase; nothing when it is none.
step_of() {
  sed -n 's/^  Rackform: {Change: "\([0-9a-f-]*\)", Phase: \([0-9]*\)}$/\1 \2/p' "$1"
}

# Find the phase in which a stack stands of the change that a row is a step of; in `reached`, 0 for
# before all of them. Whatever else of the stack has changed since, hosts do not go back.
find_reached() {
  local wanted="" standing=""
  reached=0
  if [[ ${phases[$1]} != - ]]; then wanted=$(step_of "${templates[$1]}"); fi
  if [[ -n $wanted ]] && fetch "${names[$1]}"; then
    standing=$(step_of "$work/${names[$1]}.template")
    if [[ ${standing% *} == "${wanted% *}" ]]; then reached=${standing#* }; fi
  fi
}

# Whether a row is behind its stack.
is_past() {
  find_reached "$1"
  ((reached && reached > phases[$1]))
}

# --- before anything is deployed

refused=""

# Take note of what is in the way, once; all of it is said before the script stops.
refuse() {
  if [[ $'\n'$refused == *$'\n'"$*"$'\n'* ]]; then return 0; fi
  refused+="$*"$'\n'
  complain "$@"
}

check() {
  ask "${names[$1]}"
  check_status "${names[$1]}"
  check_owner "$1"
  check_rack "$1"
  check_given "$1"
  check_required "$1"
  if [[ -z ${RACKFORM_S3_BUCKET-} ]] && (($(wc -c <"${templates[$1]}") > limit)); then
    refuse "${templates[$1]} has more than $limit bytes: set RACKFORM_S3_BUCKET to a bucket for it"
  fi
}

# Refuse a stack that CloudFormation would not change now.
check_status() {
  local now
  now=$(status "$1")
  case $now in
    REVIEW_IN_PROGRESS) ;;
    *_IN_PROGRESS)
      refuse "the stack $1 is being changed by somebody else ($now); run again when it is done"
      ;;
    *_FAILED) refuse "the stack $1 is in $now: $(way_out "$1" "$now"), and run again" ;;
  esac
}

# Refuse a stack of others: Convox calls its own `<rack>-<app>` too, and an update would take all
# away that is not in the template. Ours say in their first words what they are. A first deploy that
# failed has left nothing, whosever it was.
check_owner() {
  local stack=${names[$1]} said="" kind=app ours="App ${apps[$1]} on the rack ${racks[$1]}"
  if is_new "$stack"; then return 0; fi
  if [[ ${apps[$1]} == - ]]; then
    kind=rack
    ours="Rack $stack: "
  fi
  IFS=$'\t' read -r _ said <"$work/$stack.stack" || true
  if [[ $said == "$ours"* ]]; then return 0; fi
  # Not everything that answers for CloudFormation tells descriptions.
  if fetch "$stack" && grep -q "^Description: [\"']\{0,1\}$ours" "$work/$stack.template"; then return 0; fi
  refuse "the stack $stack stands already, and rackform did not write it: an update would remove all" \
    "that it holds. Delete it once nobody needs it, or call the $kind otherwise"
}

# What leads out of a state that no deploy leads out of: stack, status.
way_out() {
  case $2 in
    UPDATE_ROLLBACK_FAILED)
      echo "mend what its events name, bring it back with 'aws cloudformation continue-update-rollback --stack-name $1'"
      ;;
    CREATE_FAILED | UPDATE_FAILED)
      echo "take it back with 'aws cloudformation rollback-stack --stack-name $1'"
      ;;
    ROLLBACK_FAILED | DELETE_FAILED)
      echo "mend what its events name, delete it with 'aws cloudformation delete-stack --stack-name $1'"
      ;;
    *) echo "mend what its events name" ;;
  esac
}

# An app imports what its rack exports. In a dry run such apps are left out instead.
check_rack() {
  local rack=${racks[$1]}
  if [[ -n $dry || ${apps[$1]} == - ]] || ! is_in "$rack" "$all_stacks"; then return 0; fi
  if [[ -n $only_apps ]] && ! is_in "$rack" "$only_racks"; then
    ask "$rack"
    if is_new "$rack"; then refuse "${names[$1]} needs the rack $rack, which is not deployed: add --rack $rack"; fi
  fi
}

# The names of the parameters of a template, each in a line.
declared() {
  sed -n '/^Parameters:/,/^[A-Z]/s/^  \([A-Za-z0-9]*\):.*/\1/p' "$1"
}

# Whether a row's template has a parameter: row, name.
declares() {
  is_in "$2" "$(declared "${templates[$1]}" | paste -s -d ' ' -)"
}

# Refuse what --parameter sets and the template does not have: the AWS CLI would say nothing.
check_given() {
  local item name
  for item in ${given[@]+"${given[@]}"}; do
    if [[ ${item%%:*} == "${names[$1]}" ]]; then
      name=${item#*:}
      name=${name%%=*}
      declares "$1" "$name" || refuse "the stack ${names[$1]} has no parameter '$name'"
    fi
  done
}

# Refuse to go without a parameter that has no value: a stack that was deployed keeps those it has.
check_required() {
  local name stack=${names[$1]}
  for name in ${required[$1]}; do
    if [[ $name != FirstDeploy ]] && ! has_value "$stack" "$name" && ! is_given "$stack" "$name"; then
      refuse "$(need "$1" "$name")"
    fi
  done
}

# Say what a parameter without a value needs: row, name.
need() {
  local stack=${names[$1]} service
  # Dashes of a name are gone from the parameter's; its description has them.
  service=$(sed -n "/^  $2:/,/Description:/s/.*Image of the service \([a-z0-9-]*\).*/\1/p" "${templates[$1]}")
  if [[ -n $service ]]; then
    echo "the service $service of the app ${apps[$1]} needs an image: --parameter $stack:$2=REPO:TAG," \
      "or images: in rackform.yml, or --image of rackform compile"
  else
    echo "the stack $stack needs a value: --parameter $stack:$2=VALUE"
  fi
}

# The names of the SSM parameters that a template starts containers with, each in a line.
secrets() {
  { grep -A 1 ValueFrom "$1" || true; } | sed -n 's/.*:parameter\(\/[A-Za-z0-9_.\/-]*\).*/\1/p'
}

# Refuse to deploy containers that could not start.
check_secrets() {
  local row name
  for row in "${chosen[@]}"; do
    secrets "${templates[row]}"
  done | sort -u >"$work/secrets"
  if [[ ! -s $work/secrets ]]; then return 0; fi
  # SSM answers for ten names a call.
  if ! xargs -n 10 aws ssm get-parameters --output text --query InvalidParameters --names \
    <"$work/secrets" >"$work/missing" 2>"$work/complaint"; then
    grep -q AccessDenied "$work/complaint" || fail "$(cat "$work/complaint")"
    complain "whether all secrets exist is not known: this account may not ask (ssm:GetParameters)"
  fi
  for name in $(tr -s '[:space:]' '\n' <"$work/missing" | grep '^/' || true); do
    refuse "the secret $name does not exist: aws ssm put-parameter --type SecureString --name $name --value VALUE"
  done
}

# --- deploying

position=0
finished="" # rows that need no more of this run
begun=""    # stacks that have a change set of this dry run
waiting=""  # whether a row was left out because of what it follows on

say() {
  echo "[$position/${#chosen[@]}] $*"
}

leave_out() {
  say "leaving out $(label "$1"): $2"
}

# The rows of earlier phases that are not deployed, in words; in `lacking`. A phase follows on the
# whole of those before it: what a row needs of them is not known here.
find_lacking() {
  local row
  lacking=""
  if [[ ${phases[$1]} == - ]]; then return 0; fi
  for ((row = 0; row < $1; row++)); do
    if ((phases[row] < phases[$1])) && ! is_in "$row" "$finished"; then
      if has_template "$row" || is_past "$row"; then
        finished+=" $row"
      else
        lacking+="${lacking:+, }$(label "$row")"
      fi
    fi
  done
}

# Deploy a row, or say why it is left out.
deploy() {
  local stack=${names[$1]}
  position=$((position + 1))
  if is_past "$1"; then
    leave_out "$1" "it is past that already"
    finished+=" $1"
    return
  fi
  if [[ -n $dry ]] && ! can_dry_run "$1"; then
    finished+=" $1"
    return
  fi
  # A stack that has been there before follows on nothing.
  find_reached "$1"
  if ((reached == 0)) || ((reached < phases[$1])); then find_lacking "$1"; else lacking=""; fi
  if [[ -n $lacking ]]; then
    leave_out "$1" "it follows on what is not deployed: $lacking"
    waiting=yes
    return
  fi
  if [[ -z $dry && $(status "$stack") == ROLLBACK_COMPLETE ]]; then remove "$stack"; fi
  if [[ -z $dry ]] && is_first "$1"; then
    update "$1" "deploying for the first time"
    # It stands without tasks. The second pass starts them and does not wait for them.
    ask "$stack"
    update "$1" "ending the first deploy of"
  else
    update "$1" deploying
  fi
  finished+=" $1"
}

# Whether a row makes a new stack and tells it so.
is_first() {
  is_new "${names[$1]}" && declares "$1" FirstDeploy && ! is_given "${names[$1]}" FirstDeploy
}

# Whether there is something that a change set of a row could be made against.
can_dry_run() {
  local stack=${names[$1]} rack=${racks[$1]}
  ask "$rack"
  if [[ ${apps[$1]} != - ]] && is_new "$rack"; then
    leave_out "$1" "it imports what the rack $rack exports, which is not deployed yet"
  elif is_in "$stack" "$begun"; then
    leave_out "$1" "it follows on the phase before, which a dry run does not deploy"
  elif [[ $(status "$stack") == ROLLBACK_COMPLETE ]]; then
    leave_out "$1" "its first deploy failed; without --dry-run it is deleted and deployed again"
  else
    begun+=" $stack"
    return 0
  fi
  return 1
}

# Delete what a first deploy that failed has left, which nothing else can be done with.
remove() {
  say "deleting $1: its first deploy failed and left it in ROLLBACK_COMPLETE"
  if ! aws cloudformation delete-stack --stack-name "$1" ||
    ! aws cloudformation wait stack-delete-complete --stack-name "$1"; then
    fail "$1 can't be deleted; delete it, and run again"
  fi
  forget "$1"
  ask "$1"
}

# What the stack of a row is told; in `values`. What is not told stays as it is.
find_values() {
  local stack=${names[$1]} line item
  values=()
  if declares "$1" FirstDeploy && ! is_given "$stack" FirstDeploy; then
    if is_new "$stack"; then values+=(FirstDeploy=Yes); else values+=(FirstDeploy=No); fi
  fi
  while IFS= read -r line; do
    if [[ ${line%%=*} != FirstDeploy ]] && ! is_given "$stack" "${line%%=*}"; then values+=("$line"); fi
  done < <(sed -n 's/^  "\(.*\)",\{0,1\}$/\1/p' "${files[$1]}")
  for item in ${given[@]+"${given[@]}"}; do
    case $item in "$stack:"*) values+=("${item#*:}") ;; esac
  done
}

# Deploy a row, or make a change set of it: row, what to call it.
update() {
  local stack=${names[$1]} options=() newest=""
  # App stacks hold roles, without names of their own; CloudFormation wants to hear that it may.
  options=(--capabilities CAPABILITY_IAM)
  find_values "$1"
  if ((${#values[@]})); then options+=(--parameter-overrides "${values[@]}"); fi
  if [[ -n ${RACKFORM_S3_BUCKET-} ]]; then options+=(--s3-bucket "$RACKFORM_S3_BUCKET"); fi
  if [[ -n $dry ]]; then
    options+=(--no-execute-changeset)
    say "making a change set of $(label "$1")"
  else
    if ! is_new "$stack"; then newest=$(newest_event "$stack"); fi
    say "$2 $(label "$1")"
  fi
  aws cloudformation deploy --stack-name "$stack" --template-file "${templates[$1]}" \
    --no-fail-on-empty-changeset "${options[@]}" || explain "$1" "$newest"
  if [[ -z $dry ]]; then forget "$stack"; fi
}

# --- when a deploy fails

# The last event of a stack: those of the next update are newer. Without it nothing is lost but
# what a failure would say.
newest_event() {
  aws cloudformation describe-stack-events --stack-name "$1" --no-paginate \
    --query 'StackEvents[0].EventId' --output text 2>"$work/complaint" || echo unknown
}

# What failed in a stack after an event, the oldest first: that is where it began.
failed_events() {
  local lines=() id resource state reason line
  while IFS=$'\t' read -r id resource state reason; do
    if [[ $id == "$2" ]]; then break; fi
    case $state in *_FAILED) lines+=("$resource: $reason") ;; esac
  done < <(aws cloudformation describe-stack-events --stack-name "$1" --output text \
    --query 'StackEvents[].[EventId, LogicalResourceId, ResourceStatus, ResourceStatusReason]' 2>"$work/complaint" || true)
  for ((line = ${#lines[@]} - 1; line >= 0 && line >= ${#lines[@]} - most_events; line--)); do
    echo "  ${lines[line]}"
  done
}

# Say why a row was not deployed and what comes next, and stop: row, the last event before.
explain() {
  local stack=${names[$1]} now events=""
  if [[ -n $dry ]]; then fail "there is no change set of $(label "$1")"; fi
  if [[ $2 != unknown ]]; then events=$(failed_events "$stack" "$2"); fi
  complain "$(label "$1") was not deployed${events:+; what failed, the oldest first:}"
  if [[ -n $events ]]; then echo "$events" >&2; fi
  forget "$stack"
  ask "$stack"
  now=$(status "$stack")
  complain "$(outcome "$stack" "$now"); stacks that were deployed before it stay deployed"
  exit 1
}

# What a failure has left, and what comes next: stack, status.
outcome() {
  case $2 in
    "" | REVIEW_IN_PROGRESS) echo "nothing was made of it; mend it, and run again" ;;
    ROLLBACK_COMPLETE) echo "it is in $2; mend it, and run again: that deletes it and deploys it anew" ;;
    *_ROLLBACK_COMPLETE) echo "it is in $2 and as it was before; mend it, and run again" ;;
    *_COMPLETE) echo "it is in $2; mend what the AWS CLI says, and run again" ;;
    *_IN_PROGRESS) echo "it is in $2 and still being changed; run again when it is done" ;;
    *) echo "it is in $2: $(way_out "$1" "$2"), and run again" ;;
  esac
}

# --- all of it

# In a change of several phases, say which rows are not looked at.
say_what_is_left_out() {
  local row others=""
  for ((row = 0; row < ${#names[@]}; row++)); do
    if [[ ${phases[row]} != - ]] && ! is_chosen "$row"; then others+="${others:+, }$(label "$row")"; fi
  done
  if [[ -n $others ]]; then echo "left out by --rack and --app, in a change of several phases: $others"; fi
}

parse "$@"
# A compile writes this first and takes it away last.
if [[ -e stacks.json.rackform-tmp ]]; then
  fail "a compile into this folder was cut short, or is still running: compile again, and then deploy"
fi
choose
if ((${#chosen[@]} == 0)); then
  echo "there are no stacks here"
  exit
fi
command -v aws >/dev/null || fail "the AWS CLI is not here: install it, or put it on the PATH"
work=$(mktemp -d "${TMPDIR:-/tmp}/rackform.XXXXXX")
trap 'rm -rf "$work"' EXIT

for row in "${chosen[@]}"; do
  check "$row"
done
check_secrets
if [[ -n $refused ]]; then fail "nothing was deployed"; fi
say_what_is_left_out
for row in "${chosen[@]}"; do
  ask "${names[row]}"
  deploy "$row"
done
if [[ -n $waiting ]]; then
  complain "phases are left: deploy without --rack and --app before the next change is compiled"
  exit 3
fi
