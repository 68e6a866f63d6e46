#!/usr/bin/env bash
# The first container of a create task: checks whether eksctl may start, and writes its configs. Also
# refreshes the list of versions, if possible.
#
#   prepare.sh            input: see common.sh
#   EKSPHEMERAL_SHARED    the directory from which eksctl reads its configs (/shared): cluster.yaml for
#                         the cluster, then nodegroup.yaml for its node group
#
# Exit codes: 0 if eksctl may start; 75 if another task has the fence; 76 if the name is in use, as the
# result says; 1 if that could not be looked up.

# shellcheck disable=SC2016 # the variables in the filters are jq's
set -euo pipefail
# shellcheck source=svc/task/common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=svc/task/ownership.sh
. "$(dirname "$0")/ownership.sh"

shared=${EKSPHEMERAL_SHARED:-/shared}

# The name is in use.
finish_foreign() {
  write_result foreign "$1" ''
  exit 76
}

finish_failed() {
  write_result failed "$1" ''
  exit 1
}

begin create
take_fence
report_phase task-started

if owner=$(query '.cluster.tags["eksphemeral:id"] // "none"' eks describe-cluster --name "$EKSPHEMERAL_NAME"); then
  [[ $owner == "$EKSPHEMERAL_ID" ]] \
    || finish_foreign "a cluster named $EKSPHEMERAL_NAME exists that EKSphemeral did not create"
elif ! is_not_found; then
  finish_failed "the cluster $EKSPHEMERAL_NAME cannot be looked up: $(aws_error)"
fi

# Its stack may exist without it, partly created or partly deleted.
stacks=$(query '.Stacks[]
  | select(.StackStatus != "DELETE_COMPLETE" and (owned | not)
      and (has_cluster_name or .StackName == "eksctl-\($ENV.EKSPHEMERAL_NAME)-cluster"))
  | .StackName' cloudformation describe-stacks) \
  || finish_failed "the stacks cannot be listed: $(aws_error)"
[[ -z $stacks ]] || finish_foreign "stacks of a cluster named $EKSPHEMERAL_NAME exist that EKSphemeral did not create: ${stacks//$'\n'/, }"

# Clusters that EKS does not know (kubeadm, RKE) have volumes and load balancers with their name.
named=$(find_foreign)
! grep -q '^unknown ' <<<"$named" \
  || finish_failed "other resources with the name $EKSPHEMERAL_NAME cannot be looked up: $(grep '^unknown ' <<<"$named" | join_lines)"
[[ -z $named ]] || finish_foreign "the name $EKSPHEMERAL_NAME is in use by resources that have a tag with it:\
 $(join_lines <<<"$named"); choose another name, or delete them"

get "$(own_key config)" "$scratch/config" || finish_failed "the config for eksctl cannot be read: $(aws_error)"
principals=$(jq -r '.accessConfig.accessEntries[].principalARN' "$scratch/config" 2>"$scratch/stderr") \
  || finish_failed "the config for eksctl cannot be read: $(aws_error)"

# EKS grants access to roles, not to their sessions, and only IAM knows the path of a role. EKS rejects
# principals that do not exist, but eksctl would find that out after a quarter of an hour. Principals of
# another account cannot be looked up.
account=$(query .Account sts get-caller-identity) || finish_failed "the account cannot be looked up: $(aws_error)"
roles='{}'
missing=()
while IFS= read -r principal; do
  [[ -n $principal ]] || continue
  kind=role is_session=
  if [[ $principal =~ ^arn:[^:]+:sts::([0-9]{12}):assumed-role/([A-Za-z0-9_+=,.@-]+)/ ]]; then
    name=${BASH_REMATCH[2]} is_session=yes
    [[ ${BASH_REMATCH[1]} == "$account" ]] \
      || finish_failed "the role $name, which is to get access, belongs to the account ${BASH_REMATCH[1]}, not to $account"
  elif [[ $principal =~ ^arn:[^:]+:iam::([0-9]{12}):(role|user)/(.*/)?([A-Za-z0-9_+=,.@-]+)$ ]]; then
    [[ ${BASH_REMATCH[1]} == "$account" ]] || continue
    kind=${BASH_REMATCH[2]} name=${BASH_REMATCH[4]}
  else
    finish_failed "only roles and users can get access, not $principal"
  fi
  if [[ $kind == role ]]; then
    arn=$(query '.Role.Arn' iam get-role "--role-name=$name")
  else
    arn=$(query '.User.Arn' iam get-user "--user-name=$name")
  fi || {
    is_not_found || finish_failed "the $kind $name, which is to get access, cannot be looked up: $(aws_error)"
    arn=
  }
  if [[ -n $is_session && -n $arn ]]; then
    roles=$(jq -c --arg session "$principal" --arg arn "$arn" '.[$session] = $arn' <<<"$roles")
  elif [[ $arn != "$principal" ]]; then
    missing+=("$principal${arn:+ (there is $arn)}")
  fi
done <<<"$principals"
if ((${#missing[@]})); then
  printf -v names ', %s' "${missing[@]}"
  finish_failed "these principals do not exist in the account $account: ${names:2}. Correct \"access\" in the spec, and create the cluster again"
fi

# eksctl does not know the node group while it creates the cluster, and could take zones in which EC2 does
# not offer all types of its nodes. The zones that are excluded by their ids have no EKS control planes.
types=$(jq -r '[.managedNodeGroups[].instanceTypes[]] | unique | join(",")' "$scratch/config" 2>"$scratch/stderr") \
  || finish_failed "the config for eksctl cannot be read: $(aws_error)"
query .AvailabilityZones ec2 describe-availability-zones \
  --filters Name=zone-type,Values=availability-zone Name=state,Values=available >"$scratch/zones" \
  || finish_failed "the availability zones cannot be listed: $(aws_error)"
query .InstanceTypeOfferings ec2 describe-instance-type-offerings --location-type availability-zone \
  --filters "Name=instance-type,Values=$types" >"$scratch/offerings" \
  || finish_failed "the zones that offer $types cannot be listed: $(aws_error)"
zones=$(jq -c --slurpfile offerings "$scratch/offerings" --arg types "$types" '
  ($offerings[0] | group_by(.Location) | map({key: .[0].Location, value: map(.InstanceType)}) | from_entries) as $there
  | map(select(.ZoneId | IN("use1-az3", "usw1-az2", "cac1-az3") | not) | .ZoneName)
  | map(select(($types | split(",")) - ($there[.] // []) == [])) | sort' "$scratch/zones")
[[ $(jq length <<<"$zones") -ge 2 ]] \
  || finish_failed "a cluster needs two availability zones that offer all of its instance types ($types); $AWS_REGION has $(jq -r 'join(", ") | if . == "" then "none" else . end' <<<"$zones"). Create it with other types (nodes.types in its spec), or install with others: eksp up --instance-types TYPE,…"

# eksctl sends each of metadata.tags twice with the stack of a node group, and CloudFormation rejects
# duplicate keys. So the node group is created after the cluster, by a config that has the tags only where
# they also reach the nodes.
jq --argjson roles "$roles" --argjson zones "$zones" 'del(.managedNodeGroups) | .availabilityZones = $zones[:3]
  | .accessConfig.accessEntries |=
  (map(.principalARN |= ($roles[.] // .)) | unique_by(.principalARN))' \
  "$scratch/config" >"$scratch/cluster"
jq '.metadata.tags as $tags | {
    apiVersion, kind,
    metadata: .metadata | {name, region},
    managedNodeGroups: .managedNodeGroups | map(.tags += $tags)
  }' "$scratch/config" >"$scratch/nodegroup"
for config in cluster nodegroup; do
  cp "$scratch/$config" "$shared/$config.yaml"
  chmod 0644 "$shared/$config.yaml" # eksctl runs as another user in its container
done

refresh_versions() {
  AWS_MAX_ATTEMPTS=2 aws eks describe-cluster-versions --output json \
    >"$scratch/response" 2>"$scratch/stderr" \
    && jq -e -f "$(dirname "$0")/versions.jq" "$scratch/response" >"$scratch/versions" 2>"$scratch/stderr" \
    && put "$(object_key versions)" "$scratch/versions"
}
refresh_versions || info "the list of versions was not refreshed: $(aws_error)"
report_phase control-plane
info "eksctl may start"
