#!/usr/bin/env bash
# The first container of a create task: makes sure that eksctl may begin, and gives it its configs.
# Brings the list of versions up to date by the way, if that can be done.
#
#   prepare.sh            what it needs is in the environment, see common.sh
#   EKSPHEMERAL_SHARED    the folder that eksctl reads its configs from (/shared): cluster.yaml for
#                         the cluster, then nodegroup.yaml for its node group
#
# Ends with 0 if eksctl may begin; 75 if the fence is somebody else's; 76 if a cluster or a stack of
# the name is there that is not ours, which the result then says; 1 if this could not be found out.

# shellcheck disable=SC2016 # the variables in the filters are jq's
set -euo pipefail
# shellcheck source=svc/task/common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=svc/task/ours.sh
. "$(dirname "$0")/ours.sh"

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

# Clusters that EKS does not know, of kubeadm or RKE, have volumes and load balancers under their name.
named=$(find_foreign)
! grep -q '^unknown ' <<<"$named" \
  || fail "what else carries the name $EKSPHEMERAL_NAME cannot be looked up: $(grep '^unknown ' <<<"$named" | in_a_line)"
[[ -z $named ]] || refuse "the name $EKSPHEMERAL_NAME is in use: these resources carry a tag with it and are not of this\
 cluster: $(in_a_line <<<"$named"); choose another name, or delete them"

get "$objects/cluster.yaml" "$scratch/config" || fail "the config for eksctl cannot be read: $(why)"
principals=$(jq -r '.accessConfig.accessEntries[].principalARN' "$scratch/config" 2>"$scratch/why") \
  || fail "the config for eksctl cannot be read: $(why)"

# EKS lets roles in, not their sessions, and only IAM knows the path of a role. It refuses principals
# that do not exist, but eksctl would find that out after a quarter of an hour. Those of another account
# cannot be looked up here.
account=$(ask .Account sts get-caller-identity) || fail "STS does not say which account this is: $(why)"
roles='{}'
missing=()
while IFS= read -r principal; do
  [[ -n $principal ]] || continue
  kind=role is_session=
  if [[ $principal =~ ^arn:[^:]+:sts::([0-9]{12}):assumed-role/([A-Za-z0-9_+=,.@-]+)/ ]]; then
    name=${BASH_REMATCH[2]} is_session=yes
    [[ ${BASH_REMATCH[1]} == "$account" ]] \
      || fail "the role $name, which is to get in, is one of the account ${BASH_REMATCH[1]}, and not of this one"
  elif [[ $principal =~ ^arn:[^:]+:iam::([0-9]{12}):(role|user)/(.*/)?([A-Za-z0-9_+=,.@-]+)$ ]]; then
    [[ ${BASH_REMATCH[1]} == "$account" ]] || continue
    kind=${BASH_REMATCH[2]} name=${BASH_REMATCH[4]}
  else
    fail "who is to get in is no role or user: $principal"
  fi
  if [[ $kind == role ]]; then
    arn=$(ask '.Role.Arn' iam get-role "--role-name=$name")
  else
    arn=$(ask '.User.Arn' iam get-user "--user-name=$name")
  fi || {
    is_absent || fail "the $kind $name, which is to get in, cannot be looked up: $(why)"
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
  fail "who is to get in does not exist in the account $account: ${names:2}. Correct \"access\" in the spec, and create the cluster again"
fi

# eksctl does not see the node group while it creates the cluster, so would take zones in which EC2 does
# not offer each type of its nodes. EKS has no control planes in the zones that are left out by their ids.
types=$(jq -r '[.managedNodeGroups[].instanceTypes[]] | unique | join(",")' "$scratch/config" 2>"$scratch/why") \
  || fail "the config for eksctl cannot be read: $(why)"
ask .AvailabilityZones ec2 describe-availability-zones \
  --filters Name=zone-type,Values=availability-zone Name=state,Values=available >"$scratch/zones" \
  || fail "EC2 does not say which zones there are: $(why)"
ask .InstanceTypeOfferings ec2 describe-instance-type-offerings --location-type availability-zone \
  --filters "Name=instance-type,Values=$types" >"$scratch/offerings" \
  || fail "EC2 does not say which zones offer $types: $(why)"
zones=$(jq -c --slurpfile offerings "$scratch/offerings" --arg types "$types" '
  ($offerings[0] | group_by(.Location) | map({key: .[0].Location, value: map(.InstanceType)}) | from_entries) as $there
  | map(select(.ZoneId | IN("use1-az3", "usw1-az2", "cac1-az3") | not) | .ZoneName)
  | map(select(($types | split(",")) - ($there[.] // []) == [])) | sort' "$scratch/zones")
[[ $(jq length <<<"$zones") -ge 2 ]] \
  || fail "a cluster needs two availability zones that offer all of its instance types ($types); $AWS_REGION has $(jq -r 'join(", ") | if . == "" then "none" else . end' <<<"$zones"). Install again with other types: eksp-up.sh --instance-types TYPE,…"

# eksctl sends each of metadata.tags twice with the stack of a node group, and CloudFormation refuses
# duplicate keys. So the node group is created after the cluster, by a config that has the tags in
# the one place from which they also reach the nodes.
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
    >"$scratch/answer" 2>"$scratch/why" \
    && jq -e -f "$(dirname "$0")/versions.jq" "$scratch/answer" >"$scratch/versions" 2>"$scratch/why" \
    && put config/versions.json "$scratch/versions"
}
refresh_versions || say "the list of versions stays as it was: $(why)"
say "eksctl may begin"
