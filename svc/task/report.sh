#!/usr/bin/env bash
# The last container of a create task: writes the result, whatever happened to the other containers.
#
#   report.sh             input: see common.sh
#
# A cluster is ready if it has the id and is ACTIVE, all its node groups are, and no container before this
# one failed, as far as ECS knows. A result of prepare.sh is kept.
#
# Exit codes: 0 if there is a result of this task; 75 if another task has the fence.

# shellcheck disable=SC2016 # the variables in the filters are jq's
set -euo pipefail
# shellcheck source=svc/task/common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=svc/task/ownership.sh
. "$(dirname "$0")/ownership.sh"

# The containers before this one, in their order. When one fails, the next ones are not started. The
# outcome of report-nodes does not matter.
containers=(prepare eksctl-cluster eksctl-nodegroup)

# exit_code CONTAINER: prints its exit code; empty if it was not started.
exit_code() {
  jq -r --arg name "$1" '[.Containers // [] | .[] | select(.Name == $name) | .ExitCode | values] | first // empty' \
    <<<"$ecs_task"
}

# log_of CONTAINER: prints the last lines of its log, whose stream ECS knows.
log_of() {
  local group stream
  IFS=$'\t' read -r group stream < <(jq -r --arg name "$1" '.Containers // [] | .[]
    | select(.Name == $name) | .LogOptions // {} | [."awslogs-group", ."awslogs-stream"]
    | select(all(. != null)) | @tsv' <<<"$ecs_task") || return 1
  query '.events[].message' logs get-log-events \
    --log-group-name "$group" --log-stream-name "$stream" --limit 100 --no-paginate
}

# Prints what failed in the owned stacks, newest first.
stack_errors() {
  local stacks stack
  stacks=$(query '.Stacks[] | select(owned) | .StackId' cloudformation describe-stacks) || return
  while IFS= read -r stack; do
    [[ -n $stack ]] || continue
    query '.StackEvents[] | select(.ResourceStatus == "CREATE_FAILED")
      | "\(.ResourceType)/\(.LogicalResourceId): CREATE_FAILED – \(.ResourceStatusReason // "no reason given")"' \
      cloudformation describe-stack-events --stack-name "$stack" || true
  done <<<"$stacks"
}

# cause LINES: prints the cause of a failure, from the output of eksctl or stack_errors. eksctl's last line
# usually only says that it failed. The first failure of a stack is the cause, and is listed last.
cause() {
  local error stack critical
  error=$(sed -n 's/^Error: //p' <<<"$1" | tail -n 1)
  stack=$(grep ': CREATE_FAILED' <<<"$1" | grep -v 'creation cancelled' | tail -n 1) || true
  critical=$(grep -F '[✖]' <<<"$1" | tail -n 1) || true
  if [[ -z $error || $error == 'failed to create '* ]]; then
    error=${stack:-${critical:-$error}}
  fi
  read -r error <<<"${error##*'[✖]'}" || true # trims blanks
  printf '%s' "${error:0:500}"
}

# Sets reason to why the cluster is not ready; empty if it is.
check_ready() {
  local status groups group
  reason=
  if [[ -n $failed ]]; then
    reason="${failed/-/ create } failed with exit code $(exit_code "$failed")"
  elif ! status=$(query 'if .cluster.tags["eksphemeral:id"] == $ENV.EKSPHEMERAL_ID then .cluster.status else "another one of this name" end' \
    eks describe-cluster --name "$EKSPHEMERAL_NAME"); then
    is_not_found && reason="there is no cluster" || reason="the cluster cannot be looked up: $(aws_error)"
  elif [[ $status != ACTIVE ]]; then
    reason="the cluster is $status"
  elif ! groups=$(query '.nodegroups[]' eks list-nodegroups --cluster-name "$EKSPHEMERAL_NAME"); then
    reason="the node groups cannot be listed: $(aws_error)"
  elif [[ -z $groups ]]; then
    reason="the cluster has no node group"
  else
    while IFS= read -r group; do
      status=$(query '.nodegroup.status' eks describe-nodegroup \
        --cluster-name "$EKSPHEMERAL_NAME" --nodegroup-name "$group") || status=unknown
      [[ $status == ACTIVE ]] || reason="node group $group is $status"
    done <<<"$groups"
  fi
}

begin create
if ! has_fence; then
  info "another task has the fence of $label: nothing to report"
  exit "$fence_lost"
fi
if get "$(own_key result)" "$scratch/result"; then
  info "there is a result already"
  exit 0
fi

report_phase checks
failed=
for container in "${containers[@]}"; do
  [[ $(exit_code "$container") =~ ^0?$ ]] || {
    failed=$container
    break
  }
done
check_ready
# If the stacks are deleted by hand, teardown.sh still finds what is left.
if ! { load_state && discover; }; then
  info "the teardown state could not be written: $(aws_error)"
fi
if [[ -z $reason ]]; then
  write_result ready "the cluster is up" '' --if-none-match '*' || true
  exit
fi

lines=$(log_of "${failed:-eksctl-nodegroup}") || lines=$(log_of eksctl-cluster) || lines=
why_failed=$(cause "$lines")
# CloudFormation has the reason if there is no log, or if it only says that a stack failed.
if [[ -z $why_failed || $why_failed == *'failed waiting for successful resource state'* ]]; then
  events=$(stack_errors) || events=
  lines+=${events:+$'\n'$events}
  [[ -z $events ]] || why_failed=$(cause "$events")
fi
info "$lines"
write_result failed "$reason${why_failed:+: $why_failed}" '' --if-none-match '*' || true
