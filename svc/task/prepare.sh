#!/usr/bin/env bash
# The first container of a create task: makes sure that eksctl may begin, and gives it its config.
#
#   prepare.sh            what it needs is in the environment, see common.sh
#   EKSPHEMERAL_SHARED    the folder that eksctl reads its config from (/shared)
#
# Ends with 0 if eksctl may begin; 75 if the fence is somebody else's; 76 if a cluster or a stack of
# the name is there that is not ours, which the result then says; 1 if this could not be found out.

# shellcheck disable=SC2016 # the variables in the filters are jq's
set -euo pipefail
# shellcheck source=svc/task/common.sh
. "$(dirname "$0")/common.sh"

shared=${EKSPHEMERAL_SHARED:-/shared}

refuse() {
  write_result foreign "$1" ''
  exit "$foreign"
}

fail() {
  write_result failed "$1" ''
  exit 1
}

begin create
take_fence

if owner=$(ask '.cluster.tags["eksphemeral:id"] // "nobody"' eks describe-cluster --name "$EKSPHEMERAL_NAME"); then
  [[ $owner == "$EKSPHEMERAL_ID" ]] \
    || refuse "a cluster named $EKSPHEMERAL_NAME is there that is not ours"
elif ! is_absent; then
  fail "EKS does not say whether there is a cluster named $EKSPHEMERAL_NAME: $(why)"
fi

# Its stack may be there without it: half built, or half gone.
stacks=$(ask '.Stacks[]
  | select(.StackStatus != "DELETE_COMPLETE" and (ours | not)
      and (of_the_name or .StackName == "eksctl-\($ENV.EKSPHEMERAL_NAME)-cluster"))
  | .StackName' cloudformation describe-stacks) \
  || fail "CloudFormation does not say which stacks there are: $(why)"
[[ -z $stacks ]] || refuse "a stack of a cluster named $EKSPHEMERAL_NAME is there that is not ours: ${stacks//$'\n'/, }"

get "$objects/cluster.yaml" "$shared/cluster.yaml" || fail "the config for eksctl cannot be read: $(why)"
chmod 0644 "$shared/cluster.yaml" # eksctl is somebody else in its container
say "eksctl may begin"
