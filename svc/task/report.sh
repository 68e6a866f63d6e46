#!/usr/bin/env bash
# The last container of a create task: says in the bucket how it went, whatever became of eksctl.
#
#   report.sh                      what it needs is in the environment, see common.sh
#   EKSPHEMERAL_EKSCTL_CONTAINER   what eksctl's container is called (eksctl)
#
# A cluster is ready if it carries our id and is ACTIVE, all its node groups are, and eksctl did not
# end with an error, as far as ECS tells. A result that is there already, from prepare.sh, stays.
# Ends with 0 if a result of this task is there; 75 if the fence is somebody else's.

# shellcheck disable=SC2016 # the variables in the filters are jq's
set -euo pipefail
# shellcheck source=svc/task/common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=svc/task/ours.sh
. "$(dirname "$0")/ours.sh"

container=${EKSPHEMERAL_EKSCTL_CONTAINER:-eksctl}

# The last lines that eksctl wrote. ECS knows which stream they are in.
eksctl_log() {
  local group stream
  IFS=$'\t' read -r group stream < <(jq -r --arg name "$container" '.Containers // [] | .[]
    | select(.Name == $name) | .LogOptions // {} | [."awslogs-group", ."awslogs-stream"]
    | select(all(. != null)) | @tsv' <<<"$ecs_task") || return 1
  ask '.events[].message' logs get-log-events \
    --log-group-name "$group" --log-stream-name "$stream" --limit 30 --no-paginate
}

# What CloudFormation says went wrong in our stacks, newest first.
stack_errors() {
  local stacks stack
  stacks=$(ask '.Stacks[] | select(ours) | .StackId' cloudformation describe-stacks) || return
  while IFS= read -r stack; do
    [[ -n $stack ]] || continue
    ask '.StackEvents[] | select(.ResourceStatus == "CREATE_FAILED")
      | "\(.StackName): \(.LogicalResourceId): \(.ResourceStatusReason // "no reason given")"' \
      cloudformation describe-stack-events --stack-name "$stack" || true
  done <<<"$stacks"
}

# Sets reason to why the cluster cannot be used; empty if it can.
judge() {
  local status groups group
  reason=
  if [[ ${eksctl_code:-0} != 0 ]]; then
    reason="eksctl ended with exit code $eksctl_code"
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

eksctl_code=$(jq -r --arg name "$container" \
  '[.Containers // [] | .[] | select(.Name == $name) | .ExitCode | values] | first // empty' <<<"$ecs_task")
judge
# Should somebody remove the stacks by hand, teardown.sh still finds what is left.
if ! { read_kept && look; }; then
  say "what leads to the left-overs could not be remembered: $(why)"
fi
if [[ -z $reason ]]; then
  write_result ready "the cluster is up" '' --if-none-match '*' || true
  exit
fi

if lines=$(eksctl_log) && [[ -n $lines ]]; then
  say "$lines"
  error=$(grep '^Error: ' <<<"$lines" | tail -n 1) || true
  reason+=${error:+: ${error#Error: }}
else
  say "$(stack_errors)"
fi
write_result failed "$reason" '' --if-none-match '*' || true
