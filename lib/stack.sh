# shellcheck shell=bash disable=SC2034,SC2154 # names are shared among the files in lib/
# The stack of the control plane, while CloudFormation works on it.

stack_id=   # of one whose name may mean nothing any more, or another one
last_event= # of the stack, before what is being looked at began

# mark_events: what happens from here on is what is looked at.
mark_events() {
  last_event=
  if read_events; then
    last_event=$(jq -r '.StackEvents[0].EventId // ""' <<<"$aws_answer")
  fi
}

read_events() {
  ask_aws cloudformation describe-stack-events --stack-name "${stack_id:-$stack}" --max-items 200
}

# Newest first, as they are told. Where none is the last one we know, all are new.
# shellcheck disable=SC2016 # the variables are jq's
new_events='
  .StackEvents
  | (map(.EventId) | index($last)) as $known
  | if $known then .[:$known] else . end'

# watch_stack WHAT USUAL-SECONDS: what CloudFormation is doing, on the live line.
watch_stack() {
  local detail=''
  if read_events; then
    detail=$(jq -r --arg last "$last_event" "$new_events"'
      | map(select(.ResourceType != "AWS::CloudFormation::Stack"))
      | (map(select(.ResourceStatus | endswith("_COMPLETE")).LogicalResourceId) | unique | length) as $done
      | if length == 0 then "" else
          "\($done) done, \(.[0].LogicalResourceId) \(.[0].ResourceStatus | ascii_downcase | gsub("_"; " "))"
        end' <<<"$aws_answer") || detail=''
  fi
  progress "$1" "$2" "$detail"
}

# Waits while CloudFormation works on the stack. Sets stack_status to what became of it.
wait_for_stack() {
  local silence=0
  while true; do
    if read_stack "${stack_id:-$stack}"; then
      silence=0
      [[ $stack_status == *_IN_PROGRESS && $stack_status != REVIEW_IN_PROGRESS ]] || break
    elif ((++silence > 10)) || [[ $aws_code == Expired* || $aws_why == *xpired* ]] || is_denied; then
      aws_failed "CloudFormation does not say how it goes on"
    fi
    watch_stack "$1" "$2"
    sleep 2
  done
}

# stack_complaints: the first reasons why something of the stack failed, a line each; what only
# failed because something else had is left out.
stack_complaints() {
  read_events || return 0
  jq -r --arg last "$last_event" "$plain $new_events"'
    | map(select((.ResourceStatus | endswith("_FAILED")) and .ResourceStatusReason != null
        and (.ResourceStatusReason | test("^Resource (creation|update|deletion) cancelled") | not)))
    | (map(select(.ResourceType != "AWS::CloudFormation::Stack")) | if length > 0 then . else null end) // .
    | reverse | .[:3] | .[]
    | "  - \(.LogicalResourceId) (\(.ResourceType)): \(.ResourceStatusReason)"
    | plain' <<<"$aws_answer"
}

stack_command() {
  printf 'aws cloudformation %s --region %s --stack-name %s' "$1" "$region" "$stack"
}

# delete_stack WHAT: deletes it, and waits for that. Sets stack_status, which is empty or
# DELETE_COMPLETE if it is gone.
delete_stack() {
  stack_id=$(jq -r '.StackId' <<<"$stack_state")
  mark_events
  ask_aws cloudformation delete-stack --stack-name "$stack_id" || aws_failed "the stack cannot be deleted"
  wait_for_stack "$1" 180
  stack_id=
}
