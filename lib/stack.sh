# shellcheck shell=bash disable=SC2016 # jq's variables
# The control plane's stack while CloudFormation works on it.

stack_id=   # of a stack that is being deleted, whose name may mean another one
last_event= # the stack's last event before the operation

# Prints the command for the stack.
stack_command() {
  printf 'aws cloudformation %s --region %s --stack-name %s' "$1" "$region" "$stack"
}

# stack_parameter NAME: prints its value; empty if there is none.
stack_parameter() {
  jq -r --arg name "$1" '.Parameters // [] | .[] | select(.ParameterKey == $name) | .ParameterValue' <<<"$stack_state"
}

is_stack_in_progress() {
  [[ $stack_status == *_IN_PROGRESS && $stack_status != REVIEW_IN_PROGRESS ]]
}

# From here on the stack's events are those of the operation.
mark_events() {
  last_event=
  if read_events; then
    last_event=$(jq -r '.StackEvents[0].EventId // ""' <<<"$aws_output")
  fi
}

read_events() {
  run_aws cloudformation describe-stack-events --stack-name "${stack_id:-$stack}" --max-items 200
}

# In jq: the events after last_event, newest first; all, if it is not among them.
jq_new_events='
  .StackEvents
  | (map(.EventId) | index($last)) as $known
  | if $known then .[:$known] else . end'

# show_stack_progress ACTIVITY USUAL-SECONDS
show_stack_progress() {
  local detail=''
  if read_events; then
    detail=$(jq -r --arg last "$last_event" "$jq_new_events"'
      | map(select(.ResourceType != "AWS::CloudFormation::Stack"))
      | (map(select(.ResourceStatus | endswith("_COMPLETE")).LogicalResourceId) | unique | length) as $done
      | if length == 0 then "" else
          "\($done) done, \(.[0].LogicalResourceId) \(.[0].ResourceStatus | ascii_downcase | gsub("_"; " "))"
        end' <<<"$aws_output") || detail=''
  fi
  progress "$1" "$2" "$detail"
}

# wait_for_stack ACTIVITY USUAL-SECONDS: waits for CloudFormation, and sets stack_status.
wait_for_stack() {
  local failures=0
  while true; do
    if read_stack "${stack_id:-$stack}"; then
      failures=0
      is_stack_in_progress || break
    elif ((++failures > 10)) || [[ $aws_error_code == Expired* || $aws_error == *xpired* ]] || is_access_denied; then
      fail_aws "the status of the stack cannot be looked up"
    fi
    show_stack_progress "$1" "$2"
    sleep 2
  done
}

# Waits for an operation of another caller or an earlier command. Sets stack_status, as delete_stack does.
wait_for_running_operation() {
  is_stack_in_progress || return 0
  stack_id=$(jq -r '.StackId' <<<"$stack_state")
  mark_events
  wait_for_stack "waiting for CloudFormation, $stack_status" 180
  stack_id=
  [[ $stack_status != DELETE_COMPLETE ]] || stack_status=
}

# delete_stack ACTIVITY: deletes the stack and waits. Sets stack_status, which is empty if it is gone.
delete_stack() {
  stack_id=$(jq -r '.StackId' <<<"$stack_state")
  mark_events
  run_aws cloudformation delete-stack --stack-name "$stack_id" || fail_aws "the stack cannot be deleted"
  wait_for_stack "$1" 180
  stack_id=
  [[ $stack_status != DELETE_COMPLETE ]] || stack_status=
}

# Prints the first failures of the stack's resources, a line each, without those that another one caused.
stack_failures() {
  read_events || return 0
  jq -r --arg last "$last_event" "$jq_text $jq_new_events"'
    | map(select((.ResourceStatus | endswith("_FAILED")) and .ResourceStatusReason != null
        and (.ResourceStatusReason | test("^Resource (creation|update|deletion) cancelled") | not)))
    | (map(select(.ResourceType != "AWS::CloudFormation::Stack")) | if length > 0 then . else null end) // .
    | reverse | .[:3] | .[]
    | "  - \(.LogicalResourceId) (\(.ResourceType)): \(.ResourceStatusReason)"
    | safe_text' <<<"$aws_output"
}
