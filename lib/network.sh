# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # jq's variables; names are shared among the files in lib/
# Where the Fargate tasks run: a security group, and subnets of its VPC.

# In jq: how far a security group lets tasks out to port 443, where AWS, the images and each cluster's
# API are: anywhere, somewhere, or nowhere.
way_out='def way_out:
  [.IpPermissionsEgress // [] | .[]
    | select(.IpProtocol == "-1" or (.IpProtocol == "tcp" and .FromPort <= 443 and .ToPort >= 443))]
  | if any(.[].IpRanges // [] | .[]; .CidrIp == "0.0.0.0/0") then "anywhere"
    elif length > 0 then "somewhere" else "nowhere" end;'

# In jq: whether there is Fargate in the zone of a subnet. The numbers of the zones that have it, for
# the regions that AWS lists with only some
# (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/AWS_Fargate-Regions.html), and for
# us-east-1, whose oldest zone refuses it. Local and Wavelength Zones, whose ids are longer, have none.
has_fargate='def has_fargate:
  (.AvailabilityZoneId // "") as $zone
  | ({use1: "[^3]", usw1: "[13]", apne1: "[124]", cnn1: "[12]"}["\($zone)-" | split("-")[0]] // "[0-9]+") as $numbers
  | $zone == "" or ($zone | test("^[a-z0-9]+-az\($numbers)$"));'

# read_group SG: sets group_vpc and group_out, see way_out.
read_group() {
  ask_aws ec2 describe-security-groups --group-ids "$1" || return
  group_vpc=$(jq -r '.SecurityGroups[0].VpcId' <<<"$aws_answer")
  group_out=$(jq -r "$way_out"'.SecurityGroups[0] | way_out' <<<"$aws_answer")
}

# first_group VPC: sets group to the first one of those that let the most out, and group_out; empty if
# there is none.
first_group() {
  ask_aws ec2 describe-security-groups --filters "Name=vpc-id,Values=$1" || return
  IFS=$'\t' read -r group group_out < <(jq -r "$way_out"'.SecurityGroups
    | min_by(way_out as $out | ["anywhere", "somewhere", "nowhere"] | index($out))
    | [.GroupId // "", way_out] | @tsv' <<<"$aws_answer")
}

# read_subnets OPTION …: sets subnets, with commas between them, and subnet_vpcs, with spaces. A task
# takes 16; those that are public are preferred, since the images come from the internet. Those in
# zones without Fargate are left out, and stand in subnets_left_out.
read_subnets() {
  ask_aws ec2 describe-subnets "$@" || return
  subnets=$(jq -r "$has_fargate"'.Subnets | map(select(has_fargate)) | sort_by(.SubnetId)
    | (map(select(.MapPublicIpOnLaunch)) | if length > 0 then . else null end) // .
    | .[:16] | map(.SubnetId) | join(",")' <<<"$aws_answer")
  subnets_left_out=$(jq -r "$has_fargate"'[.Subnets[] | select(has_fargate | not)
    | "\(.SubnetId) (\(.AvailabilityZoneId))"] | join(", ")' <<<"$aws_answer")
  subnet_vpcs=$(jq -r '[.Subnets[].VpcId] | unique | join(" ")' <<<"$aws_answer")
}

# Sets advice to how tasks get out with a security group.
advise_on_way_out() {
  advice=("  allow it: aws ec2 authorize-security-group-egress --region $region --group-id $1 --protocol tcp --port 443 --cidr 0.0.0.0/0")
}

# place_task SG: sets group_vpc and subnets to where a task in this group runs.
place_task() {
  if ! read_group "$1"; then
    [[ $aws_code != InvalidGroup* ]] || refuse "$1 is no security group of $(whereabouts): $aws_why" \
      "  which there are: aws ec2 describe-security-groups --region $region --query 'SecurityGroups[].[GroupId,GroupName,VpcId]' --output text"
    aws_failed "the security group $1 cannot be looked up"
  fi
  advise_on_way_out "$1"
  [[ $group_out != nowhere ]] || refuse "the security group $1 lets nothing out to port 443, which the tasks need" "${advice[@]}"
  read_subnets --filters "Name=vpc-id,Values=$group_vpc" || aws_failed "the subnets of $group_vpc cannot be looked up"
  [[ -n $subnets ]] || refuse "$group_vpc, the VPC of $1, has no subnets${subnets_left_out:+ in zones with Fargate, only $subnets_left_out}"
}
