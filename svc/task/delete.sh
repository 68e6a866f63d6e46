# shellcheck shell=bash disable=SC2016 # jq's variables
# Deleting the resources of the cluster. Sourced by teardown.sh after ownership.sh.

# try SERVICE COMMAND OPTION ID …: one deletion. What fails is tried again after the next look-up.
try() {
  if aws "$@" --output json >/dev/null 2>"$scratch/stderr"; then
    info "$2 ${*:4}"
  else
    is_not_found || info "$1 $2 ${*:4}: $(aws_error)"
    return 1
  fi
}

# delete_resource KIND ID [STATUS]
delete_resource() {
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
    security-group) delete_security_group "$id" ;;
    volume) [[ $status != available ]] || try ec2 delete-volume --volume-id "$id" ;;
    address) try ec2 release-address --allocation-id "$id" ;;
    launch-template) try ec2 delete-launch-template --launch-template-id "$id" ;;
    internet-gateway) try ec2 delete-internet-gateway --internet-gateway-id "$id" ;;
    oidc-provider) try iam delete-open-id-connect-provider --open-id-connect-provider-arn "$id" ;;
    log-group) try logs delete-log-group --log-group-name "$id" ;;
    vpc) delete_vpc "$id" ;;
  esac
}

# Rules of groups that refer to each other block the deletion of both.
delete_security_group() {
  local group=$1 direction rules
  while read -r direction rules; do
    # shellcheck disable=SC2086 # the ids are words
    try ec2 "revoke-security-group-$direction" --group-id "$group" --security-group-rule-ids $rules || true
  done < <(query '.SecurityGroupRules | group_by(.IsEgress)[]
    | "\(if .[0].IsEgress then "egress" else "ingress" end) \(map(.SecurityGroupRuleId) | join(" "))"' \
    ec2 describe-security-group-rules --filters "Name=group-id,Values=$group")
  try ec2 delete-security-group --group-id "$group"
}

delete_vpc() {
  local vpc=$1 in_vpc="Name=vpc-id,Values=$1" id
  for id in $(query '.Subnets[].SubnetId' ec2 describe-subnets --filters "$in_vpc"); do
    try ec2 delete-subnet --subnet-id "$id" || true
  done
  for id in $(query '.RouteTables[] | select(all(.Associations[]?; .Main | not)) | .RouteTableId' \
    ec2 describe-route-tables --filters "$in_vpc"); do
    try ec2 delete-route-table --route-table-id "$id" || true
  done
  for id in $(query '.InternetGateways[].InternetGatewayId' \
    ec2 describe-internet-gateways --filters "Name=attachment.vpc-id,Values=$vpc"); do
    try ec2 detach-internet-gateway --internet-gateway-id "$id" --vpc-id "$vpc" || true
    try ec2 delete-internet-gateway --internet-gateway-id "$id" || true
  done
  try ec2 delete-vpc --vpc-id "$vpc"
}

# Whether the control plane is owned, right before something of it is deleted by its name.
is_owned_now() {
  query '.cluster.tags["eksphemeral:id"] // "none"' eks describe-cluster --name "$EKSPHEMERAL_NAME" >"$scratch/owner" \
    && [[ $(<"$scratch/owner") == "$EKSPHEMERAL_ID" ]]
}

# This takes minutes, up to 20 for ACK.
delete_capabilities() {
  local kind name status
  is_owned_now || return
  while read -r kind name status; do
    [[ $kind == capability && $status != DELETING ]] || continue
    try eks delete-capability --cluster-name "$EKSPHEMERAL_NAME" --capability-name "$name" || true
  done <"$scratch/left"
}

# A control plane without a stack.
delete_control_plane() {
  local kind id
  is_owned_now || return
  for kind in nodegroup fargate-profile addon; do
    for id in $(query '(.nodegroups // .fargateProfileNames // .addons)[]' \
      eks "list-${kind}s" --cluster-name "$EKSPHEMERAL_NAME"); do
      try eks "delete-$kind" --cluster-name "$EKSPHEMERAL_NAME" "--$kind-name" "$id" || true
    done
  done
  if jq -e '.deletionProtection // false' "$scratch/cluster" >/dev/null; then
    try eks update-cluster-config --name "$EKSPHEMERAL_NAME" --no-deletion-protection || true
  fi
  try eks delete-cluster --name "$EKSPHEMERAL_NAME"
}

# delete_stacks cluster|other: a stack whose deletion failed twice is deleted by force, and what that may
# leave behind is remembered first.
delete_stacks() {
  local stack name status protected which since how retained
  while IFS=$'\t' read -r stack name status protected which since; do
    [[ $which == "$1" && $status != DELETE_IN_PROGRESS ]] || continue
    how=()
    if [[ $status == DELETE_FAILED ]]; then
      # The usual reason is a resource in its VPC, which is deleted first.
      ! has load-balancer classic-load-balancer instance nat-gateway endpoint network-interface security-group \
        || ((unchanged >= 2)) || continue
      # A failure counts once, however many attempts see it.
      update_state '.failures[$stack] |= ((. // []) + [$since] | unique[:2])' \
        --arg stack "$stack" --arg since "$since" || continue
      if jq -e --arg stack "$stack" '.failures[$stack] | length > 1' "$state" >/dev/null; then
        retained=$(query '.StackResourceSummaries[] | select(.ResourceStatus != "DELETE_COMPLETE")
          | "\(.ResourceType) \(.PhysicalResourceId // empty)"' \
          cloudformation list-stack-resources --stack-name "$stack") || continue
        update_state '.retained |= add_lines($retained)' --arg retained "$retained" || continue
        info "forcing the deletion of stack $name, which may keep ${retained//$'\n'/, }"
        how=(--deletion-mode FORCE_DELETE_STACK)
      fi
    fi
    if [[ $protected == true ]]; then
      try cloudformation update-termination-protection --stack-name "$stack" --no-enable-termination-protection || true
    fi
    info "deleting stack $name, which is $status"
    try cloudformation delete-stack --stack-name "$stack" ${how[@]+"${how[@]}"} || true
  done <"$scratch/stacks"
}
