# Arguments that every call of rackform gets, of the inputs: sets `arguments`. Others source it.
# shellcheck shell=bash
arguments=(--color never)
if [ "$RACKFORM_STRICT" = true ]; then
  arguments+=(--strict)
fi
while IFS= read -r line; do
  if [ -n "$line" ]; then
    arguments+=("$line")
  fi
done <<<"$RACKFORM_ARGS"
