# shellcheck shell=bash disable=SC2034,SC2154 # names are shared among the files in lib/
# Where the Fargate tasks run: a security group, and subnets of its VPC.

# read_group SG: sets group_vpc.
read_group() {
  ask_aws ec2 describe-security-groups --group-ids "$1" || return
  group_vpc=$(jq -r '.SecurityGroups[0].VpcId' <<<"$aws_answer")
}

# first_group VPC: sets group to the first one there is, as in 2019; empty if there is none.
first_group() {
  ask_aws ec2 describe-security-groups --filters "Name=vpc-id,Values=$1" || return
  group=$(jq -r '.SecurityGroups[0].GroupId // ""' <<<"$aws_answer")
}

# read_subnets OPTION …: sets subnets, with commas between them, and subnet_vpcs, with spaces. A task
# takes 16; those that are public are preferred, since the images come from the internet.
read_subnets() {
  ask_aws ec2 describe-subnets "$@" || return
  subnets=$(jq -r '.Subnets | sort_by(.SubnetId)
    | (map(select(.MapPublicIpOnLaunch)) | if length > 0 then . else null end) // .
    | .[:16] | map(.SubnetId) | join(",")' <<<"$aws_answer")
  subnet_vpcs=$(jq -r '[.Subnets[].VpcId] | unique | join(" ")' <<<"$aws_answer")
}

# place_task SG: sets group_vpc and subnets to where a task in this group runs.
place_task() {
  if ! read_group "$1"; then
    [[ $aws_code != InvalidGroup* ]] || refuse "$1 is no security group of $(whereabouts): $aws_why" \
      "  which there are: aws ec2 describe-security-groups --region $region --query 'SecurityGroups[].[GroupId,GroupName,VpcId]' --output text"
    aws_failed "the security group $1 cannot be looked up"
  fi
  read_subnets --filters "Name=vpc-id,Values=$group_vpc" || aws_failed "the subnets of $group_vpc cannot be looked up"
  [[ -n $subnets ]] || refuse "$group_vpc, the VPC of $1, has no subnets"
}
