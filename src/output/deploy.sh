#!/usr/bin/env bash
# Written by `rackform compile`; changes made here are lost.
# Deploys the stacks of this folder in order, with the AWS CLI as it is set up in the environment.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

stacks="@STACKS@"
limit=51200 # bytes that CloudFormation takes without a bucket
given=()
execute=()
made=" " # stacks that have a change set of this dry run

usage() {
  cat <<END
Usage: deploy.sh [--parameter STACK:NAME=VALUE]... [--dry-run]

  --parameter   set a parameter of a stack, over what its file says
  --dry-run     make change sets and do not execute them

Stacks: $stacks
RACKFORM_S3_BUCKET names a bucket for templates of more than $limit bytes.
END
}

fail() {
  echo "deploy.sh: $*" >&2
  exit 1
}

command -v aws >/dev/null || fail "the AWS CLI is not here: install it, or put it on the PATH"

while (($#)); do
  case $1 in
    --parameter)
      case ${2-} in
        *:*=*) ;;
        *) fail "--parameter takes STACK:NAME=VALUE" ;;
      esac
      case " $stacks " in
        *" ${2%%:*} "*) ;;
        *) fail "there is no stack '${2%%:*}' here; the stacks are $stacks" ;;
      esac
      given+=("$2")
      shift 2
      ;;
    --dry-run)
      execute=(--no-execute-changeset)
      shift
      ;;
    -h | --help)
      usage
      exit
      ;;
    *)
      echo "deploy.sh: there is no option '$1'" >&2
      usage >&2
      exit 2
      ;;
  esac
done

# Whether --parameter sets a parameter: stack, name.
is_given() {
  local item
  for item in ${given[@]+"${given[@]}"}; do
    case $item in "$1:$2="*) return 0 ;; esac
  done
  return 1
}

# What a stack of the account is: its status and the names of its parameters; nothing when there is
# none. Any answer but "does not exist" is a failure, and said as it came.
described() {
  local answer
  if answer=$(aws cloudformation describe-stacks --stack-name "$1" --output text \
    --query 'Stacks[0].[StackStatus, Parameters[].ParameterKey]' 2>&1); then
    case $answer in REVIEW_IN_PROGRESS*) ;; *) echo "$answer" ;; esac
  else
    case $answer in *"does not exist"*) ;; *) fail "$answer" ;; esac
  fi
}

# Look at one stack before anything is deployed: name, the stack of its rack, template, parameters,
# and the names of parameters without a value. A stack that was deployed keeps the values that it has.
check() {
  local stack=$1 template=$3 name item before
  shift 4
  for item in ${given[@]+"${given[@]}"}; do
    case $item in
      "$stack:"*)
        name=${item#*:}
        grep -q "^  ${name%%=*}:\$" "$template" || fail "the stack $stack has no parameter '${name%%=*}'"
        ;;
    esac
  done
  if [[ -z ${RACKFORM_S3_BUCKET-} ]] && (($(wc -c <"$template") > limit)); then
    fail "$template has more than $limit bytes: set RACKFORM_S3_BUCKET to a bucket for it"
  fi
  if (($#)); then
    before=$(described "$stack")
    for name in "$@"; do
      case " ${before//[[:space:]]/ } " in *" $name "*) continue ;; esac
      is_given "$stack" "$name" || fail "the stack $stack needs a value: --parameter $stack:$name=VALUE"
    done
  fi
}

# Whether a phase of a stack is behind it: it has the template already that the last phase gives it.
# Name, template of the phase.
is_past() {
  local last=${2#phase-*/} now
  case $2 in phase-*) ;; *) return 1 ;; esac
  if cmp -s "$2" "$last" || [[ -z $(described "$1") ]]; then return 1; fi
  now=$(aws cloudformation get-template --stack-name "$1" --query TemplateBody --output text) || fail "the template of $1 can't be read"
  [[ $now == "$(cat "$last")" ]]
}

# Deploy one stack: name, the stack of its rack, template, parameters.
deploy() {
  local stack=$1 rack=$2 template=$3 file=$4 phase=${3%%/*} line item before
  local values=() options=()
  # What a template makes in IAM has to be allowed; the names are CloudFormation's.
  if grep -q '^    Type: AWS::IAM::' "$template"; then
    options+=(--capabilities CAPABILITY_IAM)
  fi
  if ((${#execute[@]})) && [[ $stack != "$rack" ]]; then
    before=$(described "$rack")
    if [[ -z $before ]]; then
      echo "leaving out $stack: it imports what the rack $rack exports, which is not deployed yet"
      return
    fi
  fi
  case $template in phase-*) phase=" (phase ${phase#phase-})" ;; *) phase="" ;; esac
  if is_past "$stack" "$template"; then
    echo "leaving out $stack$phase: it is past that already"
    return
  fi
  if ((${#execute[@]})); then
    case $made in
      *" $stack "*)
        echo "leaving out $stack$phase: it follows on the phase before, which a dry run does not deploy"
        return
        ;;
    esac
    made+="$stack "
  fi
  while IFS= read -r line; do
    is_given "$stack" "${line%%=*}" || values+=("$line")
  done < <(sed -n 's/^  "\(.*\)",\{0,1\}$/\1/p' "$file")
  for item in ${given[@]+"${given[@]}"}; do
    case $item in "$stack:"*) values+=("${item#*:}") ;; esac
  done
  if ((${#values[@]})); then
    options+=(--parameter-overrides "${values[@]}")
  fi
  if [[ -n ${RACKFORM_S3_BUCKET-} ]]; then
    options+=(--s3-bucket "$RACKFORM_S3_BUCKET")
  fi
  if ((${#execute[@]})); then
    echo "making a change set of $stack$phase"
  else
    echo "deploying $stack$phase"
  fi
  aws cloudformation deploy --stack-name "$stack" --template-file "$template" --no-fail-on-empty-changeset \
    ${options[@]+"${options[@]}"} ${execute[@]+"${execute[@]}"}
}

# Every stack in the order of deployment.
each() {
@EACH@
}

each check
each deploy
