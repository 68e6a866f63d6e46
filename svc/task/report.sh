#!/usr/bin/env bash
# The last container of a create task: says in the bucket how it went, whatever became of the others.
#
#   report.sh             what it needs is in the environment, see common.sh
#
# A cluster is ready if it carries our id and is ACTIVE, all its node groups are, and no container
# before this one ended with an error, as far as ECS tells. A result that is there already, from
# prepare.sh, stays.
# Ends with 0 if a result of this task is there; 75 if the fence is somebody else's.

# shellcheck disable=SC2016 # the variables in the filters are jq's
set -euo pipefail
# shellcheck source=svc/task/common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=svc/task/ours.sh
. "$(dirname "$0")/ours.sh"

# The containers before this one, in their order: when one fails, those after it are not started.
containers=(prepare eksctl-cluster eksctl-nodegroup)

exit_code() {
  jq -r --arg name "$1" '[.SimulatedContainers // [] | .[] | select(.Name == $name) | .ExitCode | values] | first // empty' \
    <<<"$ecs_task"
}

# The last lines that a container wrote. ECS knows which stream they are in.
log_of() {
  local group stream
  IFS=$'\t' read -r group stream < <(jq -r --arg name "$1" '.SimulatedContainers // [] | .[]
    | select(.Name == $name) | .LogOptions // {} | [."awslogs-group", ."awslogs-stream"]
    | select(all(. != null)) | @tsv' <<<"$ecs_task") || return 1
  ask '.events[].message' logs get-log-events \
    --log-group-name "$group" --log-stream-name "$stream" --limit 100 --no-paginate
}

# What CloudFormation says went wrong in our stacks, newest first.
stack_errors() {
  local stacks stack
  stacks=$(ask '.Stacks[] | select(ours) | .StackId' cloudformation describe-stacks) || return
  while IFS= read -r stack; do
    [[ -n $stack ]] || continue
    ask '.StackEvents[] | select(.ResourceStatus == "CREATE_FAILED")
      | "\(.ResourceType)/\(.LogicalResourceId): CREATE_FAILED – \(.ResourceStatusReason // "no reason given")"' \
      cloudformation describe-stack-events --stack-name "$stack" || true
  done <<<"$stacks"
}

# What went wrong, in a line, from what eksctl or stack_errors wrote. eksctl's last line mostly says
# no more than that it failed. Of a stack's failures the first is the cause, and it is listed last.
cause() {
  local error stack critical
  error=$(sed -n 's/^Error: //p' <<<"$1" | tail -n 1)
  stack=$(grep ': CREATE_FAILED' <<<"$1" | grep -v 'creation cancelled' | tail -n 1) || true
  critical=$(grep -F '[✖]' <<<"$1" | tail -n 1) || true
  if [[ -z $error || $error == 'failed to create '* ]]; then
    error=${stack:-${critical:-$error}}
  fi
  read -r error <<<"${error##*'[✖]'}" || true # without blanks around it
  printf '%s' "${error:0:500}"
}

# Sets reason to why the cluster cannot be used; empty if it can.
judge() {
  local status groups group
  reason=
  if [[ -n $failed ]]; then
    reason="${failed/-/ create } failed with exit code $(exit_code "$failed")"
  elif ! status=$(ask 'if .cluster.tags["eksphemeral:id"] == $ENV.EKSPHEMERAL_ID then .cluster.status else "not ours" end' \
    eks describe-cluster --name "$EKSPHEMERAL_NAME"); then
    is_absent && reason="there is no cluster" || reason="EKS does not say how the cluster is: $(why)"
  elif [[ $status != ACTIVE ]]; then
    reason="the cluster is $status"
  elif ! groups=$(ask '.nodegroups[]' eks list-nodegroups --cluster-name "$EKSPHEMERAL_NAME"); then
    reason="EKS does not say which node groups there are: $(why)"
  elif [[ -z $groups ]]; then
    reason="the cluster has no node group"
  else
    while IFS= read -r group; do
      status=$(ask '.nodegroup.status' eks describe-nodegroup \
        --cluster-name "$EKSPHEMERAL_NAME" --nodegroup-name "$group") || status=unknown
      [[ $status == ACTIVE ]] || reason="node group $group is $status"
    done <<<"$groups"
  fi
}

begin create
if ! has_fence; then
  say "the fence of $label is not ours: nothing to report"
  exit "$lost"
fi
if get "$objects/$label.result" "$scratch/result"; then
  say "there is a result already"
  exit 0
fi

failed=
for container in "${containers[@]}"; do
  [[ $(exit_code "$container") =~ ^0?$ ]] || {
    failed=$container
    break
  }
done
judge
# Should somebody remove the stacks by hand, teardown.sh still finds what is left.
if ! { read_kept && look; }; then
  say "what leads to the left-overs could not be remembered: $(why)"
fi
if [[ -z $reason ]]; then
  write_result ready "the cluster is up" '' --if-none-match '*' || true
  exit
fi

lines=$(log_of "${failed:-eksctl-nodegroup}") || lines=$(log_of eksctl-cluster) || lines=
why_failed=$(cause "$lines")
# CloudFormation has the reason where the log cannot be had, or only says that a stack failed.
if [[ -z $why_failed || $why_failed == *'failed waiting for successful resource state'* ]]; then
  events=$(stack_errors) || events=
  lines+=${events:+$'\n'$events}
  [[ -z $events ]] || why_failed=$(cause "$events")
fi
say "$lines"
write_result failed "$reason${why_failed:+: $why_failed}" '' --if-none-match '*' || true
