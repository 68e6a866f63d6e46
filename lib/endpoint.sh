# shellcheck shell=bash
# Where the API of an installation on AWS is.

stack=eksp       # its CloudFormation stack
endpoint_file=   # caches the endpoint
endpoint_cached= # whether the endpoint is from the cache, and may be outdated

# Whether the endpoint is an API on AWS, which takes signed requests.
is_aws_endpoint() {
  local host=${endpoint#*://}
  [[ ${host%%/*} == *.execute-api.* ]]
}

# Prints the region in the endpoint, if there is one.
endpoint_region() {
  local host=${endpoint#*://}
  [[ ! ${host%%/*} =~ \.execute-api\.([a-z]+(-[a-z]+)+-[0-9]+)\. ]] || printf %s "${BASH_REMATCH[1]}"
}

# Sets endpoint to that of the installation in this account and region.
find_installation() {
  require_private_home
  endpoint_file=$local_home/endpoints/$account-$region
  endpoint='' endpoint_cached=1
  { read -r endpoint <"$endpoint_file"; } 2>/dev/null || true
  is_aws_endpoint && return
  endpoint_cached=
  read_stack "$stack" || fail_aws "the stack of EKSphemeral cannot be looked up"
  read_endpoint
  [[ -n $endpoint ]] || fail_not_installed
  cache_endpoint
}

# Sets endpoint to that of the stack that was read; empty if it has none.
read_endpoint() {
  endpoint=$(stack_output EKSphemeralAPIEndpoint)
  endpoint=${endpoint%/}
}

# A directory that is not writable is no failure.
cache_endpoint() {
  { mkdir -p -- "${endpoint_file%/*}" && printf '%s\n' "$endpoint" >"$endpoint_file"; } 2>/dev/null || true
}

clear_cached_endpoint() {
  rm -f -- "$local_home/endpoints/$account-$region" 2>/dev/null || true
}

# Looks up the endpoint again. Fails if it is unchanged or cannot be looked up.
refresh_endpoint() {
  local before=$endpoint
  endpoint_cached='' # once is enough
  read_stack "$stack" || return
  if [[ -z $stack_status ]]; then
    clear_cached_endpoint
    fail_not_installed
  fi
  read_endpoint
  if [[ -z $endpoint || $endpoint == "$before" ]]; then
    endpoint=$before
    return 1
  fi
  cache_endpoint
}

fail_not_installed() {
  local elsewhere=() file other
  for file in "$local_home/endpoints/$account-"*; do
    other=${file#"$local_home/endpoints/$account-"}
    [[ ! -f $file ]] || elsewhere+=("  it is in $other: AWS_REGION=$other $(repeat_command)")
  done
  [[ -z $stack_status ]] \
    || fail_usage "EKSphemeral has no API in $(location): its stack is in $stack_status" \
      "  install it: $(command_line eksp-up.sh)"
  fail_usage "EKSphemeral is not installed in $(location)" ${elsewhere[@]+"${elsewhere[@]}"} \
    "  install it: $(command_line eksp-up.sh)" "$(local_advice)"
}

# read_stack NAME: sets stack_state to its description as JSON, and stack_status; null and empty if there
# is no such stack.
read_stack() {
  if run_aws cloudformation describe-stacks --stack-name "$1"; then
    stack_state=$(jq -c '.Stacks[0]' <<<"$aws_output")
    stack_status=$(jq -r '.StackStatus' <<<"$stack_state")
  elif [[ $aws_error == *'does not exist'* ]]; then
    stack_state=null stack_status=
  else
    return 1
  fi
}

# stack_output NAME
stack_output() {
  jq -r --arg name "$1" '.Outputs // [] | .[] | select(.OutputKey == $name) | .OutputValue' <<<"$stack_state"
}
