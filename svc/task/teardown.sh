#!/usr/bin/env bash
# The one container of a destroy task: removes whatever there is of a cluster, and proves it.
#
#   teardown.sh           what it needs is in the environment, see common.sh
#   EKSPHEMERAL_SECONDS   give up after so many (3300: the control plane stops the task at 3600)
#   EKSPHEMERAL_PAUSE     seconds between two looks (15)
#   EKSPHEMERAL_PATIENCE  give up after so many looks in which nothing changed (40)
#
# It looks what is there, removes what may go now, and looks again, until a whole look found
# nothing. That last look is the proof; where it was not to be had, the result names what is left.
# So it does not matter what an earlier attempt did, or where it died, and nothing that fails keeps
# the rest from being tried. What is removed was seen to be ours in the same look (see ours.sh).
#
# The order: the capabilities of the control plane, which EKS does not delete while it has any; the
# stacks of node groups and addons; the cluster's stack; a control plane that no stack owns; then, as nothing makes them anew, load balancers, instances, interfaces and groups in
# the VPC, and volumes, addresses and the like outside it; last what the VPC itself is made of. A
# step that does not get on is waited for only so long.
#
# Ends with 0 if nothing is left; 1 if something is, or might be; 75 if the fence is somebody else's.

# shellcheck disable=SC2016 # the variables in the filters are jq's
set -euo pipefail
# shellcheck source=svc/task/common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=svc/task/ours.sh
. "$(dirname "$0")/ours.sh"

most_seconds=${EKSPHEMERAL_SECONDS:-3300}
pause=${EKSPHEMERAL_PAUSE:-15}
patience=${EKSPHEMERAL_PATIENCE:-40}

# --- finding what is left: a line each, "kind id …" ---

find_stacks() {
  cut -f 2,3 "$scratch/stacks" | sed 's/^/stack /; s/\t/ /'
}

find_control_plane() {
  [[ $control_plane == ours ]] || return 0
  jq -r '"cluster \(.name) \(.status)"' "$scratch/cluster"
  found '.capabilities[] | "capability \(.capabilityName) \(.status)"' \
    eks list-capabilities --cluster-name "$EKSPHEMERAL_NAME"
}

# What may outlive the VPC, or keeps it from going.
find_in_vpcs() {
  local in_vpcs
  [[ -n $vpcs ]] || return 0
  found '.LoadBalancers[] | select(.VpcId | in_our_vpc) | "load-balancer \(.LoadBalancerArn)"' \
    elbv2 describe-load-balancers
  found '.LoadBalancerDescriptions[] | select(.VPCId | in_our_vpc) | "classic-load-balancer \(.LoadBalancerName)"' \
    elb describe-load-balancers
  found '.TargetGroups[] | select(.VpcId | in_our_vpc) | "target-group \(.TargetGroupArn)"' \
    elbv2 describe-target-groups
  find_vpcs >"$scratch/vpcs"
  [[ -s $scratch/vpcs ]] || return 0
  in_vpcs="Name=vpc-id,Values=${vpcs//$'\n'/,}"
  found '.Reservations[].Instances[] | select(.VpcId | in_our_vpc) | select(.State.Name != "terminated")
    | "instance \(.InstanceId) \(.State.Name)"' ec2 describe-instances --filters "$in_vpcs"
  found '.NatGateways[] | select(.VpcId | in_our_vpc) | select(.State != "deleted")
    | "nat-gateway \(.NatGatewayId) \(.State)"' ec2 describe-nat-gateways --filter "$in_vpcs"
  found '.VpcEndpoints[] | select(.VpcId | in_our_vpc) | select(.State | ascii_downcase != "deleted")
    | "endpoint \(.VpcEndpointId) \(.State)"' ec2 describe-vpc-endpoints --filters "$in_vpcs"
  found '.NetworkInterfaces[] | select(.VpcId | in_our_vpc) | "network-interface \(.NetworkInterfaceId) \(.Status)"' \
    ec2 describe-network-interfaces --filters "$in_vpcs"
  found '.SecurityGroups[] | select(.VpcId | in_our_vpc) | select(.GroupName != "default")
    | "security-group \(.GroupId)"' ec2 describe-security-groups --filters "$in_vpcs"
}

# What else keeps a VPC from going. People make such things, and they are theirs to remove: they are
# named as long as the VPC is there, so only in the last look of an attempt.
find_holders() {
  local in_vpcs="Name=vpc-id,Values=${vpcs//$'\n'/,}"
  [[ -s $scratch/vpcs ]] || return 0
  found '.NetworkAcls[] | select((.VpcId | in_our_vpc) and (.IsDefault | not)) | "network-acl \(.NetworkAclId)"' \
    ec2 describe-network-acls --filters "$in_vpcs"
  found '.InternetGateways[] | select((ours | not) and any(.Attachments[]; .VpcId | in_our_vpc))
    | "internet-gateway \(.InternetGatewayId) attached"' \
    ec2 describe-internet-gateways --filters "Name=attachment.vpc-id,Values=${vpcs//$'\n'/,}"
  found '.EgressOnlyInternetGateways[] | select(any(.Attachments[]; .VpcId | in_our_vpc))
    | "egress-only-internet-gateway \(.EgressOnlyInternetGatewayId)"' ec2 describe-egress-only-internet-gateways
  found '.VpnGateways[] | select(any(.VpcAttachments[]?; (.VpcId | in_our_vpc) and .State != "detached"))
    | "vpn-gateway \(.VpnGatewayId) \(.State)"' ec2 describe-vpn-gateways
  found '.CarrierGateways[] | select((.VpcId | in_our_vpc) and .State != "deleted")
    | "carrier-gateway \(.CarrierGatewayId) \(.State)"' ec2 describe-carrier-gateways
  found '.VpcPeeringConnections[] | select(any(.RequesterVpcInfo, .AccepterVpcInfo; .VpcId | in_our_vpc))
    | select(.Status.Code | . != "deleted" and . != "rejected" and . != "failed" and . != "expired")
    | "peering-connection \(.VpcPeeringConnectionId) \(.Status.Code)"' ec2 describe-vpc-peering-connections
  found '.TransitGatewayVpcAttachments[] | select((.VpcId | in_our_vpc) and .State != "deleted")
    | "transit-gateway-attachment \(.TransitGatewayAttachmentId) \(.State)"' \
    ec2 describe-transit-gateway-vpc-attachments
}

# Volumes with a proof that they are ours, see ours.sh; what may be another cluster's goes to $scratch/spared.
find_volumes() {
  local volumes foreign
  : >"$scratch/spared"
  volumes=$(found '.Volumes[] | select(.State != "deleted")
    | (if ours or (carries_the_name and was_in_use and (.CreateTime | is_since_it_began)) then "volume"
       elif carries_the_name and (.CreateTime | of_our_time) and (is_used_elsewhere | not) then "likely"
       else empty end) + " \(.VolumeId) \(.State)"' \
    ec2 describe-volumes --filters "Name=tag-key,Values=eksphemeral:id,$name_tags")
  sed '/^likely /d; /^$/d' <<<"$volumes"
  if grep '^likely ' <<<"$volumes" >"$scratch/likely"; then
    foreign=$(find_foreign)
    if [[ -z $foreign ]]; then
      sed 's/^likely /volume /' "$scratch/likely"
    elif grep '^unknown ' <<<"$foreign"; then
      sed 's/^likely \([^ ]*\).*/unknown whether volume \1 is another cluster'"'"'s/' "$scratch/likely"
    else
      cut -d ' ' -f 2 "$scratch/likely" >"$scratch/spared"
    fi
  fi
}

find_outside() {
  find_volumes
  # An address without a tag may be anybody's, and once it is released nobody gets it back.
  found '.Addresses[] | .AllocationId as $id
    | select(ours or (carries_the_name and ($kept[0].addresses | index($id) != null)))
    | "address \($id)"' ec2 describe-addresses
  found '.LaunchTemplates[] | select(ours or (.LaunchTemplateId | is_retained("AWS::EC2::LaunchTemplate")))
    | "launch-template \(.LaunchTemplateId)"' ec2 describe-launch-templates
  found '.InternetGateways[] | select(ours) | "internet-gateway \(.InternetGatewayId)"' \
    ec2 describe-internet-gateways --filters "Name=tag:eksphemeral:id,Values=$EKSPHEMERAL_ID"
  [[ $(jq '.issuers | length' "$kept") == 0 ]] \
    || found '.OpenIDConnectProviderList[].Arn | . as $arn
      | select($kept[0].issuers | any(sub("^https://"; "") == ($arn | sub("^[^/]*/"; ""))))
      | "oidc-provider \(.)"' iam list-open-id-connect-providers
  [[ $(jq -r .created "$kept") == null ]] \
    || found '.logGroups[] | select(.logGroupName == "/aws/eks/\($ENV.EKSPHEMERAL_NAME)/cluster")
      | select(.creationTime / 1000 | of_our_time) | "log-group \(.logGroupName)"' \
      logs describe-log-groups --log-group-name-prefix "/aws/eks/$EKSPHEMERAL_NAME/cluster"
}

find_vpcs() {
  [[ -z $vpcs ]] || found '.Vpcs[] | select(.VpcId | in_our_vpc) | "vpc \(.VpcId)"' \
    ec2 describe-vpcs --filters "Name=vpc-id,Values=${vpcs//$'\n'/,}"
}

# What CloudFormation let go of is looked up by its type, unless that was done above: by its VPC, its
# tag or its cluster. A role's policy goes with the role.
find_retained() {
  local type id
  while read -r type id; do
    case $type in
      '' | AWS::EC2::VPC | AWS::EC2::Subnet* | AWS::EC2::*Route* | AWS::EC2::*Gateway* | AWS::EC2::SecurityGroup*) continue ;;
      AWS::EC2::NetworkInterface* | AWS::EC2::LaunchTemplate | AWS::EKS::* | AWS::IAM::Policy) continue ;;
    esac
    if ask . cloudcontrol get-resource --type-name "$type" --identifier "$id" >/dev/null || ! is_absent; then
      printf 'retained %s %s\n' "$type" "$id"
    fi
  done < <(jq -r '.retained[]' "$kept")
}

# Whatever else carries our id. A task carries it as well, this one does.
find_tagged() {
  found '.ResourceTagMappingList[].ResourceARN
    | select(test("^arn:[^:]*:(ec2|ecs|eks|cloudformation|elasticloadbalancing|logs):") | not) | "tagged \(.)"' \
    resourcegroupstaggingapi get-resources --tag-filters "Key=eksphemeral:id,Values=$EKSPHEMERAL_ID"
}

# --- removing it ---

# try SERVICE COMMAND OPTION ID …: says what it did. What fails is tried again after the next look.
try() {
  if aws "$@" --output json >/dev/null 2>"$scratch/why"; then
    say "$2 ${*:4}"
  else
    is_absent || say "$1 $2 ${*:4}: $(why)"
    return 1
  fi
}

remove() {
  local kind=$1 id=$2 status=${3-}
  case $kind in
    load-balancer)
      try elbv2 delete-load-balancer --load-balancer-arn "$id" \
        || try elbv2 modify-load-balancer-attributes --load-balancer-arn "$id" \
          --attributes Key=deletion_protection.enabled,Value=false
      ;;
    classic-load-balancer) try elb delete-load-balancer --load-balancer-name "$id" ;;
    target-group) try elbv2 delete-target-group --target-group-arn "$id" ;;
    instance)
      [[ $status == shutting-down ]] || try ec2 terminate-instances --instance-ids "$id" \
        || try ec2 modify-instance-attribute --instance-id "$id" --no-disable-api-termination
      ;;
    nat-gateway) [[ $status == deleting ]] || try ec2 delete-nat-gateway --nat-gateway-id "$id" ;;
    endpoint) [[ ${status,,} == deleting ]] || try ec2 delete-vpc-endpoints --vpc-endpoint-ids "$id" ;;
    network-interface) [[ $status != available ]] || try ec2 delete-network-interface --network-interface-id "$id" ;;
    security-group) remove_security_group "$id" ;;
    volume) [[ $status != available ]] || try ec2 delete-volume --volume-id "$id" ;;
    address) try ec2 release-address --allocation-id "$id" ;;
    launch-template) try ec2 delete-launch-template --launch-template-id "$id" ;;
    internet-gateway) try ec2 delete-internet-gateway --internet-gateway-id "$id" ;;
    oidc-provider) try iam delete-open-id-connect-provider --open-id-connect-provider-arn "$id" ;;
    log-group) try logs delete-log-group --log-group-name "$id" ;;
    vpc) remove_vpc "$id" ;;
  esac
}

# Groups may name each other in their rules, which keeps both.
remove_security_group() {
  local group=$1 direction rules
  while read -r direction rules; do
    # shellcheck disable=SC2086 # the ids are words
    try ec2 "revoke-security-group-$direction" --group-id "$group" --security-group-rule-ids $rules || true
  done < <(ask '.SecurityGroupRules | group_by(.IsEgress)[]
    | "\(if .[0].IsEgress then "egress" else "ingress" end) \(map(.SecurityGroupRuleId) | join(" "))"' \
    ec2 describe-security-group-rules --filters "Name=group-id,Values=$group")
  try ec2 delete-security-group --group-id "$group"
}

remove_vpc() {
  local vpc=$1 in_vpc="Name=vpc-id,Values=$1" id
  for id in $(ask '.Subnets[].SubnetId' ec2 describe-subnets --filters "$in_vpc"); do
    try ec2 delete-subnet --subnet-id "$id" || true
  done
  for id in $(ask '.RouteTables[] | select(all(.Associations[]?; .Main | not)) | .RouteTableId' \
    ec2 describe-route-tables --filters "$in_vpc"); do
    try ec2 delete-route-table --route-table-id "$id" || true
  done
  for id in $(ask '.InternetGateways[].InternetGatewayId' \
    ec2 describe-internet-gateways --filters "Name=attachment.vpc-id,Values=$vpc"); do
    try ec2 detach-internet-gateway --internet-gateway-id "$id" --vpc-id "$vpc" || true
    try ec2 delete-internet-gateway --internet-gateway-id "$id" || true
  done
  try ec2 delete-vpc --vpc-id "$vpc"
}

# Whether the control plane is ours is asked right before anything of it is removed by its name.
is_ours_now() {
  ask '.cluster.tags["eksphemeral:id"] // "nobody"' eks describe-cluster --name "$EKSPHEMERAL_NAME" >"$scratch/owner" \
    && [[ $(<"$scratch/owner") == "$EKSPHEMERAL_ID" ]]
}

# Takes minutes: up to 20 for one of ACK.
remove_capabilities() {
  local kind name status
  is_ours_now || return
  while read -r kind name status; do
    [[ $kind == capability && $status != DELETING ]] || continue
    try eks delete-capability --cluster-name "$EKSPHEMERAL_NAME" --capability-name "$name" || true
  done <"$scratch/left"
}

# A control plane that no stack owns.
remove_control_plane() {
  local kind id
  is_ours_now || return
  for kind in nodegroup fargate-profile addon; do
    for id in $(ask '(.nodegroups // .fargateProfileNames // .addons)[]' \
      eks "list-${kind}s" --cluster-name "$EKSPHEMERAL_NAME"); do
      try eks "delete-$kind" --cluster-name "$EKSPHEMERAL_NAME" "--$kind-name" "$id" || true
    done
  done
  if jq -e '.deletionProtection // false' "$scratch/cluster" >/dev/null; then
    try eks update-cluster-config --name "$EKSPHEMERAL_NAME" --no-deletion-protection || true
  fi
  try eks delete-cluster --name "$EKSPHEMERAL_NAME"
}

# remove_stacks cluster|other: a stack whose deletion failed gets a second try, then it goes by force,
# and what it may leave behind is remembered first.
remove_stacks() {
  local stack name status protected which since how retained
  while IFS=$'\t' read -r stack name status protected which since; do
    [[ $which == "$1" && $status != DELETE_IN_PROGRESS ]] || continue
    how=()
    if [[ $status == DELETE_FAILED ]]; then
      # It failed for what is in its VPC, as a rule: that goes first.
      ! has load-balancer classic-load-balancer instance nat-gateway endpoint network-interface security-group \
        || ((unchanged >= 2)) || continue
      # Each failure counts once, however many attempts see it.
      remember '.failures[$stack] |= ((. // []) + [$since] | unique[:2])' \
        --arg stack "$stack" --arg since "$since" || continue
      if jq -e --arg stack "$stack" '.failures[$stack] | length > 1' "$kept" >/dev/null; then
        retained=$(ask '.StackResourceSummaries[] | select(.ResourceStatus != "DELETE_COMPLETE")
          | "\(.ResourceType) \(.PhysicalResourceId // empty)"' \
          cloudformation list-stack-resources --stack-name "$stack") || continue
        remember '.retained |= add_lines($retained)' --arg retained "$retained" || continue
        say "by force: $name, which may keep ${retained//$'\n'/, }"
        how=(--deletion-mode FORCE_DELETE_STACK)
      fi
    fi
    if [[ $protected == true ]]; then
      try cloudformation update-termination-protection --stack-name "$stack" --no-enable-termination-protection || true
    fi
    say "deleting stack $name, which is $status"
    try cloudformation delete-stack --stack-name "$stack" ${how[@]+"${how[@]}"} || true
  done <"$scratch/stacks"
}

# --- round by round ---

# has KIND …: whether this look found any.
has() {
  local IFS='|'
  grep -Eq "^($*) " "$scratch/left"
}

# Whether anything is on its way, which takes minutes.
is_under_way() {
  grep -Eq ' ([A-Z_]*_IN_PROGRESS|[A-Z]*ING|deleting|shutting-down|stopping|pending)$' "$scratch/left"
}

# Looks at everything; unless told so with the word all, not at what would only be made anew as long
# as the control plane is there, nor at what keeps no stack from going while one is there. Returns 1
# if what is ours could not be found out.
find_left() {
  local find finders=(find_stacks find_control_plane)
  if ! look; then
    printf 'unknown stacks, cluster and VPC: %s\n' "$(why)" >"$scratch/left"
    return 1
  fi
  if [[ $control_plane != ours || ${1-} == all ]] || ((unchanged >= 4)); then
    finders+=(find_in_vpcs)
    if [[ ! -s $scratch/stacks || ${1-} == all ]] || ((unchanged >= 4)); then
      finders+=(find_outside find_retained find_tagged)
    fi
  fi
  [[ ${1-} != all ]] || finders+=(find_holders)
  : >"$scratch/vpcs"
  for find in "${finders[@]}"; do
    "$find" || printf 'unknown %s did not work\n' "$find"
  done >"$scratch/left"
  cat "$scratch/vpcs" >>"$scratch/left"
}

# Removes what may go. What should go before and does not get on is passed over after a while, but for
# capabilities: with those neither the control plane nor its stack can go, and a try would count.
remove_some() {
  local kind id status
  if has capability; then
    remove_capabilities || true
  fi
  remove_stacks other
  if ! has capability && { ! grep -q $'\tother\t' "$scratch/stacks" || ((unchanged >= 2)); }; then
    remove_stacks cluster
  fi
  if has cluster && ! has capability && { ! has stack || ((unchanged >= 3)); }; then
    remove_control_plane || true
  fi
  if ! has cluster || ((unchanged >= 4)); then
    while read -r kind id status; do
      case $kind in
        vpc | launch-template | internet-gateway) ! has stack || ((unchanged >= 5)) || continue ;;
      esac
      remove "$kind" "$id" "$status" || true
    done <"$scratch/left"
  fi
}

begin destroy
take_fence
: >"$scratch/spared"
unchanged=0
before=
read_kept || {
  write_result failed "what is kept of the cluster cannot be read: $(why)" ''
  exit 1
}

while :; do
  if find_left && [[ ! -s $scratch/left ]]; then
    spared=$(in_a_line <"$scratch/spared")
    write_result absent "deletion verified${spared:+; not deleted, as another cluster may own them: }$spared" ''
    exit 0
  fi
  left=$(<"$scratch/left")
  # That more is seen is no progress: what does not get on has this look at more.
  if [[ -z $before ]] || is_under_way || grep -qvxF -f "$scratch/left" <<<"$before"; then
    unchanged=0
  else
    unchanged=$((unchanged + 1))
  fi
  before=$left
  if ((unchanged >= patience || SECONDS >= most_seconds)); then
    find_left all || true
    write_result failed "not all of $EKSPHEMERAL_NAME is gone after $((SECONDS / 60)) minutes" \
      "$(head -n 100 "$scratch/left" | cut -c 1-300)"
    exit 1
  fi
  [[ $left == 'unknown stacks, cluster and VPC'* ]] || remove_some
  sleep "$pause"
done
