#!/bin/sh
# Stands in for the AWS CLI before an account that is a folder, $STUB_ACCOUNT: what `deploy.sh` asks
# is answered from files that a test has put there, and written down in `calls`.
#
#   STACK.status     status and description, tabbed, and names of parameters; without it the stack
#                    does not exist
#   STACK.template   what was deployed last
#   STACK.fails      the next deploy ends with this status
#   STACK.newest     the newest event before the deploy
#   STACK.events     the events after it
#   secrets          names of SSM parameters, each in a line
#   refusal          what asking for SSM parameters is answered with instead
account=$STUB_ACCOUNT
echo "$*" >>"$account/calls"
command="$1 $2"

refuse() {
  echo "An error occurred ($1) when calling the operation: $2" >&2
  exit 254
}

stack="" template="" execute=yes pages=yes names=""
while [ $# -gt 0 ]; do
  case $1 in
    --stack-name) stack=$account/$2 ;;
    --template-file) template=$2 ;;
    --no-execute-changeset) execute="" ;;
    --no-paginate) pages="" ;;
    --name) names=$2 ;;
    --names) shift && names=$* && break ;;
  esac
  shift
done

case $command in
  "cloudformation describe-stacks")
    [ -f "$stack.status" ] || refuse ValidationError "Stack with id $stack does not exist"
    cat "$stack.status"
    ;;
  "cloudformation get-template") cat "$stack.template" ;;
  "cloudformation describe-stack-events") if [ "$pages" ]; then cat "$stack.events"; else cat "$stack.newest"; fi ;;
  "cloudformation deploy")
    [ "$execute" ] || exit 0
    if [ -f "$stack.fails" ]; then
      mv "$stack.fails" "$stack.status"
      exit 255
    fi
    cp "$template" "$stack.template"
    printf 'UPDATE_COMPLETE\t%s\n' "$(sed -n 's/^Description: "\(.*\)"$/\1/p' "$template")" >"$stack.status"
    ;;
  "ssm get-parameters")
    [ ! -f "$account/refusal" ] || refuse "$(cat "$account/refusal")" "not authorized"
    for name in $names; do
      grep -qx "$name" "$account/secrets" || printf '%s\t' "$name"
    done
    echo
    ;;
  "ssm put-parameter") echo "$names" >>"$account/secrets" ;;
  *) refuse InvalidAction "$command" ;;
esac
