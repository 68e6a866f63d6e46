# shellcheck shell=bash disable=SC2016 # jq's variables
# The network of the Fargate tasks: a security group, and subnets of its VPC.

# In jq: how far a security group lets tasks out to port 443, where AWS, the images and the clusters' APIs
# are: "open", "restricted" or "closed".
jq_egress='def egress:
  [.IpPermissionsEgress // [] | .[]
    | select(.IpProtocol == "-1" or (.IpProtocol == "tcp" and .FromPort <= 443 and .ToPort >= 443))]
  | if any(.[].IpRanges // [] | .[]; .CidrIp == "0.0.0.0/0") then "open"
    elif length > 0 then "restricted" else "closed" end;'

# In jq: whether a subnet's zone has Fargate. The table has the regions of which AWS lists only some zones
# (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/AWS_Fargate-Regions.html), and us-east-1,
# whose oldest zone has none. Neither have Local and Wavelength Zones, whose ids are longer.
jq_fargate='def has_fargate:
  (.AvailabilityZoneId // "") as $zone
  | ({use1: "[^3]", usw1: "[13]", apne1: "[124]", cnn1: "[12]"}["\($zone)-" | split("-")[0]] // "[0-9]+") as $numbers
  | $zone == "" or ($zone | test("^[a-z0-9]+-az\($numbers)$"));'

# read_group SG: sets group_vpc and group_egress.
read_group() {
  run_aws ec2 describe-security-groups --group-ids "$1" || return
  group_vpc=$(jq -r '.SecurityGroups[0].VpcId' <<<"$aws_output")
  group_egress=$(jq -r "$jq_egress"'.SecurityGroups[0] | egress' <<<"$aws_output")
}

# read_subnets OPTION …: sets subnets, separated by commas. A task takes at most 16, public ones first, as
# the images come from the internet. Those in zones without Fargate are left out, and are in
# excluded_subnets.
read_subnets() {
  run_aws ec2 describe-subnets "$@" || return
  subnets=$(jq -r "$jq_fargate"'.Subnets | map(select(has_fargate)) | sort_by(.SubnetId)
    | (map(select(.MapPublicIpOnLaunch)) | if length > 0 then . else null end) // .
    | .[:16] | map(.SubnetId) | join(",")' <<<"$aws_output")
  excluded_subnets=$(jq -r "$jq_fargate"'[.Subnets[] | select(has_fargate | not)
    | "\(.SubnetId) (\(.AvailabilityZoneId))"] | join(", ")' <<<"$aws_output")
}

# egress_advice SG
egress_advice() {
  printf '  allow it: aws ec2 authorize-security-group-egress --region %s --group-id %s --protocol tcp --port 443 --cidr 0.0.0.0/0' \
    "$region" "$1"
}

# read_task_network SG: sets group_vpc and subnets to where a task with this group runs.
read_task_network() {
  if ! read_group "$1"; then
    [[ $aws_error_code != InvalidGroup* ]] || fail_usage "security group $1 not found in $(location): $aws_error" \
      "  list them: aws ec2 describe-security-groups --region $region --query 'SecurityGroups[].[GroupId,GroupName,VpcId]' --output text"
    fail_aws "the security group $1 cannot be looked up"
  fi
  [[ $group_egress != closed ]] \
    || fail_usage "the security group $1 allows no egress to port 443, which the tasks need" "$(egress_advice "$1")"
  read_subnets --filters "Name=vpc-id,Values=$group_vpc" || fail_aws "the subnets of $group_vpc cannot be looked up"
  [[ -n $subnets ]] || fail_usage "$group_vpc, the VPC of $1, has no subnets${excluded_subnets:+ in zones with Fargate, only $excluded_subnets}"
}
