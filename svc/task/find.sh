# shellcheck shell=bash disable=SC2016 # jq's variables
# Finding the resources of the cluster that a teardown has to delete: functions that print a line each,
# "kind id …". Sourced by teardown.sh after ownership.sh.

find_stacks() {
  cut -f 2,3 "$scratch/stacks" | sed 's/^/stack /; s/\t/ /'
}

find_control_plane() {
  [[ $control_plane == owned ]] || return 0
  jq -r '"cluster \(.name) \(.status)"' "$scratch/cluster"
  look_up '.capabilities[] | "capability \(.capabilityName) \(.status)"' \
    eks list-capabilities --cluster-name "$EKSPHEMERAL_NAME"
}

# Resources that may outlive the VPC or block its deletion.
find_in_vpcs() {
  local in_vpcs
  [[ -n $vpcs ]] || return 0
  look_up '.LoadBalancers[] | select(.VpcId | in_owned_vpc) | "load-balancer \(.LoadBalancerArn)"' \
    elbv2 describe-load-balancers
  look_up '.LoadBalancerDescriptions[] | select(.VPCId | in_owned_vpc) | "classic-load-balancer \(.LoadBalancerName)"' \
    elb describe-load-balancers
  look_up '.TargetGroups[] | select(.VpcId | in_owned_vpc) | "target-group \(.TargetGroupArn)"' \
    elbv2 describe-target-groups
  find_vpcs >"$scratch/vpcs"
  [[ -s $scratch/vpcs ]] || return 0
  in_vpcs="Name=vpc-id,Values=${vpcs//$'\n'/,}"
  look_up '.Reservations[].Instances[] | select(.VpcId | in_owned_vpc) | select(.State.Name != "terminated")
    | "instance \(.InstanceId) \(.State.Name)"' ec2 describe-instances --filters "$in_vpcs"
  look_up '.NatGateways[] | select(.VpcId | in_owned_vpc) | select(.State != "deleted")
    | "nat-gateway \(.NatGatewayId) \(.State)"' ec2 describe-nat-gateways --filter "$in_vpcs"
  look_up '.VpcEndpoints[] | select(.VpcId | in_owned_vpc) | select(.State | ascii_downcase != "deleted")
    | "endpoint \(.VpcEndpointId) \(.State)"' ec2 describe-vpc-endpoints --filters "$in_vpcs"
  look_up '.NetworkInterfaces[] | select(.VpcId | in_owned_vpc) | "network-interface \(.NetworkInterfaceId) \(.Status)"' \
    ec2 describe-network-interfaces --filters "$in_vpcs"
  look_up '.SecurityGroups[] | select(.VpcId | in_owned_vpc) | select(.GroupName != "default")
    | "security-group \(.GroupId)"' ec2 describe-security-groups --filters "$in_vpcs"
}

# Other resources that block the deletion of a VPC. Users create them and have to delete them, so they are
# only reported, by the last look-up of an attempt.
find_holders() {
  local in_vpcs="Name=vpc-id,Values=${vpcs//$'\n'/,}"
  [[ -s $scratch/vpcs ]] || return 0
  look_up '.NetworkAcls[] | select((.VpcId | in_owned_vpc) and (.IsDefault | not)) | "network-acl \(.NetworkAclId)"' \
    ec2 describe-network-acls --filters "$in_vpcs"
  look_up '.InternetGateways[] | select((owned | not) and any(.Attachments[]; .VpcId | in_owned_vpc))
    | "internet-gateway \(.InternetGatewayId) attached"' \
    ec2 describe-internet-gateways --filters "Name=attachment.vpc-id,Values=${vpcs//$'\n'/,}"
  look_up '.EgressOnlyInternetGateways[] | select(any(.Attachments[]; .VpcId | in_owned_vpc))
    | "egress-only-internet-gateway \(.EgressOnlyInternetGatewayId)"' ec2 describe-egress-only-internet-gateways
  look_up '.VpnGateways[] | select(any(.VpcAttachments[]?; (.VpcId | in_owned_vpc) and .State != "detached"))
    | "vpn-gateway \(.VpnGatewayId) \(.State)"' ec2 describe-vpn-gateways
  look_up '.CarrierGateways[] | select((.VpcId | in_owned_vpc) and .State != "deleted")
    | "carrier-gateway \(.CarrierGatewayId) \(.State)"' ec2 describe-carrier-gateways
  look_up '.VpcPeeringConnections[] | select(any(.RequesterVpcInfo, .AccepterVpcInfo; .VpcId | in_owned_vpc))
    | select(.Status.Code | . != "deleted" and . != "rejected" and . != "failed" and . != "expired")
    | "peering-connection \(.VpcPeeringConnectionId) \(.Status.Code)"' ec2 describe-vpc-peering-connections
  look_up '.TransitGatewayVpcAttachments[] | select((.VpcId | in_owned_vpc) and .State != "deleted")
    | "transit-gateway-attachment \(.TransitGatewayAttachmentId) \(.State)"' \
    ec2 describe-transit-gateway-vpc-attachments
}

# Owned volumes, see ownership.sh; those that may be another cluster's go to $scratch/spared.
find_volumes() {
  local volumes foreign
  : >"$scratch/spared"
  volumes=$(look_up '.Volumes[] | select(.State != "deleted")
    | (if owned or (has_name_tag and was_in_use and (.CreateTime | since_creation)) then "volume"
       elif has_name_tag and (.CreateTime | within_lifetime) and (is_used_elsewhere | not) then "likely"
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
  # An address without a tag may belong to anything, and a released one cannot be recovered.
  look_up '.Addresses[] | .AllocationId as $id
    | select(owned or (has_name_tag and ($state[0].addresses | index($id) != null)))
    | "address \($id)"' ec2 describe-addresses
  look_up '.LaunchTemplates[] | select(owned or (.LaunchTemplateId | is_retained("AWS::EC2::LaunchTemplate")))
    | "launch-template \(.LaunchTemplateId)"' ec2 describe-launch-templates
  look_up '.InternetGateways[] | select(owned) | "internet-gateway \(.InternetGatewayId)"' \
    ec2 describe-internet-gateways --filters "Name=tag:eksphemeral:id,Values=$EKSPHEMERAL_ID"
  [[ $(jq '.issuers | length' "$state") == 0 ]] \
    || look_up '.OpenIDConnectProviderList[].Arn | . as $arn
      | select($state[0].issuers | any(sub("^https://"; "") == ($arn | sub("^[^/]*/"; ""))))
      | "oidc-provider \(.)"' iam list-open-id-connect-providers
  [[ $(jq -r .created "$state") == null ]] \
    || look_up '.logGroups[] | select(.logGroupName == "/aws/eks/\($ENV.EKSPHEMERAL_NAME)/cluster")
      | select(.creationTime / 1000 | within_lifetime) | "log-group \(.logGroupName)"' \
      logs describe-log-groups --log-group-name-prefix "/aws/eks/$EKSPHEMERAL_NAME/cluster"
}

find_vpcs() {
  [[ -z $vpcs ]] || look_up '.Vpcs[] | select(.VpcId | in_owned_vpc) | "vpc \(.VpcId)"' \
    ec2 describe-vpcs --filters "Name=vpc-id,Values=${vpcs//$'\n'/,}"
}

# Resources that CloudFormation kept are looked up by their type, unless a function above finds them by
# their VPC, tag or cluster. A role's policy is deleted with the role.
find_retained() {
  local type id
  while read -r type id; do
    case $type in
      '' | AWS::EC2::VPC | AWS::EC2::Subnet* | AWS::EC2::*Route* | AWS::EC2::*Gateway* | AWS::EC2::SecurityGroup*) continue ;;
      AWS::EC2::NetworkInterface* | AWS::EC2::LaunchTemplate | AWS::EKS::* | AWS::IAM::Policy) continue ;;
    esac
    if query . cloudcontrol get-resource --type-name "$type" --identifier "$id" >/dev/null || ! is_not_found; then
      printf 'retained %s %s\n' "$type" "$id"
    fi
  done < <(jq -r '.retained[]' "$state")
}

# All other resources with the id. Tasks have it too, including this one.
find_tagged() {
  look_up '.ResourceTagMappingList[].ResourceARN
    | select(test("^arn:[^:]*:(ec2|ecs|eks|cloudformation|elasticloadbalancing|logs):") | not) | "tagged \(.)"' \
    resourcegroupstaggingapi get-resources --tag-filters "Key=eksphemeral:id,Values=$EKSPHEMERAL_ID"
}
