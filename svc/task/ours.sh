# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # jq's variables; names are shared with the tasks
# What of a cluster is ours, and what leads to the rest of it. Sourced after common.sh.
#
# Ours is what carries our id in the tag eksphemeral:id, and what is in a VPC of ours. The name alone
# proves nothing: another cluster may have had that name before, have it now, or be one that EKS does
# not know, of kubeadm or RKE. What carries the name and not the id counts only with a proof:
#   stacks, log group  made while our control plane was there: EKS has one of a name at a time, and
#                      neither eksctl nor EKS makes them for anything else
#   addresses          in use in our VPC when it was first seen
#   volumes            made while our control plane was there, and seen in use by an instance in our
#                      VPC. One that no task saw in use, as its pod was gone by then, is told from
#                      another cluster's by there being no other: prepare.sh lets none begin whose
#                      name anything carries, and find_foreign looks again before such a volume goes.
#                      Where there is another, it stays, and the result names it
#
# tasks/<id>/kept.json remembers what could not be found any more once the stacks are gone:
#   created, until   the time of its control plane: from when it was made to when it was seen to be gone
#   vpcs             the VPCs that its own stacks made
#   volumes          the volumes that were in use by instances in them, but for those that go with these
#   issuers          its OIDC issuers
#   addresses        the elastic IPs that were in use in its VPCs
#   failures         by a stack's id, when those of its deletions began that failed; two at most
#   retained         what CloudFormation may have left behind when it was forced, "type id" each

kept=$scratch/kept
nothing_kept='{"created": null, "until": null, "vpcs": [], "volumes": [], "issuers": [], "addresses": [], "failures": {}, "retained": []}'

definitions_plain=$definitions # for filters that need nothing of what is kept
definitions+='
  def of_our_time:
    seconds as $t | $kept[0] as $k
    | $k.created != null and $t >= ($k.created | seconds)
      and ($k.until == null or $t <= ($k.until | seconds)) and ($foreign == null or $t < $foreign);
  def is_since_it_began: seconds as $t | $kept[0].created | . != null and $t >= seconds;
  def was_in_use: .VolumeId as $id | $kept[0].volumes // [] | index($id) != null;
  def in_our_vpc: . as $vpc | $kept[0].vpcs | index($vpc) != null;
  def is_retained($type): . as $id | $kept[0].retained | index("\($type) \($id)") != null;
  def is_used_elsewhere:
    any(.Attachments[]?; .InstanceId as $id | $nodes | split("\n") | index($id) == null);
  def is_cluster_stack: .StackName == "eksctl-\($ENV.EKSPHEMERAL_NAME)-cluster";
  # A subnet that clusters may use together says "shared", whether they are there or not.
  def carries_the_name:
    (tag("kubernetes.io/cluster/\($ENV.EKSPHEMERAL_NAME)") | . != null and . != "shared")
    or ([tag("KubernetesCluster"), tag("ebs.csi.aws.com/cluster-name"), tag("elbv2.k8s.aws/cluster")]
      | index($ENV.EKSPHEMERAL_NAME) != null);
  def is_foreign: carries_the_name and (ours or (.VpcId // .VPCId | in_our_vpc) | not);'
name_tags="kubernetes.io/cluster/$EKSPHEMERAL_NAME,KubernetesCluster,ebs.csi.aws.com/cluster-name,elbv2.k8s.aws/cluster"

# Every filter of ask sees what is kept, and since when somebody else has a cluster of the name.
foreign_since=null
use_kept() {
  jq_arguments=(--slurpfile kept "$kept" --argjson foreign "$foreign_since" --rawfile nodes "$scratch/nodes")
}
printf '%s\n' "$nothing_kept" >"$kept"
: >"$scratch/nodes"
use_kept

# found FILTER COMMAND …: what cannot be looked up might be there.
found() {
  ask "$@" || printf 'unknown %s %s: %s\n' "$2" "$3" "$(why)"
}

# What carries the name, is not ours, and is neither going nor gone: a line each, "kind id". A
# volume is foreign if something else uses it, or if it was not made in our time.
find_foreign() {
  local named="Name=tag-key,Values=$name_tags"
  found '.Reservations[].Instances[] | select(is_foreign) | "instance \(.InstanceId)"' ec2 describe-instances \
    --filters "$named" Name=instance-state-name,Values=pending,running,stopping,stopped
  found '.Volumes[] | select(carries_the_name and (ours | not) and (.State | . != "deleting" and . != "deleted"))
    | select((was_in_use | not) and (is_used_elsewhere or (.CreateTime | of_our_time | not)))
    | "volume \(.VolumeId)"' ec2 describe-volumes --filters "$named"
  found '.SecurityGroups[] | select(is_foreign) | "security-group \(.GroupId)"' \
    ec2 describe-security-groups --filters "$named"
  found '.Subnets[] | select(is_foreign) | "subnet \(.SubnetId)"' ec2 describe-subnets --filters "$named"
  found '.Vpcs[] | select(is_foreign) | "vpc \(.VpcId)"' ec2 describe-vpcs --filters "$named"
  find_foreign_load_balancers load-balancer elbv2 '.LoadBalancers[] | select(.VpcId | in_our_vpc | not) | .LoadBalancerArn' \
    --resource-arns .ResourceArn
  find_foreign_load_balancers classic-load-balancer elb \
    '.LoadBalancerDescriptions[] | select(.VPCId | in_our_vpc | not) | .LoadBalancerName' --load-balancer-names .LoadBalancerName
}

# Load balancers say their tags only to who asks for them, for 20 at a time.
find_foreign_load_balancers() {
  local kind=$1 service=$2 ids=() start
  found "$3" "$service" describe-load-balancers >"$scratch/load-balancers"
  grep '^unknown ' "$scratch/load-balancers" || mapfile -t ids <"$scratch/load-balancers"
  for ((start = 0; start < ${#ids[@]}; start += 20)); do
    found ".TagDescriptions[] | select(carries_the_name and (ours | not)) | \"$kind \\($5)\"" \
      "$service" describe-tags "$4" "${ids[@]:start:20}"
  done
}

# What is under tasks/ expires 30 days after it was written. A tear-down may be stuck for longer, and
# must not forget: so each attempt writes what it read anew, whether that makes sense or not.
read_kept() {
  if get "$objects/kept.json" "$kept"; then
    put "$objects/kept.json" "$kept" || say "what is kept of the cluster cannot be written anew: $(why)"
  else
    is_absent || return
    jq . <<<"$nothing_kept" >"$kept"
  fi
  jq -e '.vpcs | type == "array"' "$kept" >/dev/null 2>"$scratch/why" || return
  use_kept
}

# remember FILTER [JQ-OPTION …]: changes what is kept, here and in the bucket.
remember() {
  jq "${@:2}" "$definitions_of_lists $1" "$kept" >"$kept.new" 2>"$scratch/why" || return
  if [[ $(<"$kept") != "$(<"$kept.new")" ]]; then
    put "$objects/kept.json" "$kept.new" || return
    mv "$kept.new" "$kept"
  fi
}
definitions_of_lists='def add_lines($text): (. + ($text | split("\n") | map(select(. != "")))) | unique;'

declare -A asked_for_vpcs=() # stacks; a VPC that one makes later is found by its tag
asked_for_addresses=         # VPCs

# Looks at the control plane and the stacks, and remembers what leads to the rest, before anybody
# deletes anything. Sets:
#   control_plane          ours, foreign or absent
#   $scratch/stacks        our stacks, a line each: id, name, status, protected or not, cluster or
#                          other, when its deletion began, if it did
#   vpcs                   the ids of our VPCs, a line each, whether they are still there or not
#   $scratch/nodes         the ids of the instances in them, a line each
# Returns 1 if AWS does not answer; what is ours is not known then.
look() {
  local created='' issuer='' owned stack found='' addresses=''
  foreign_since=null
  if ask '.cluster' eks describe-cluster --name "$EKSPHEMERAL_NAME" >"$scratch/cluster"; then
    if jq -e '.tags["eksphemeral:id"] == $ENV.EKSPHEMERAL_ID' "$scratch/cluster" >/dev/null; then
      control_plane=ours
      created=$(jq -r "$definitions_plain .createdAt | seconds | todate" "$scratch/cluster") || return
      issuer=$(jq -r '.identity.oidc.issuer // empty' "$scratch/cluster")
    else
      control_plane=foreign
      foreign_since=$(jq "$definitions_plain .createdAt | seconds" "$scratch/cluster") || return
    fi
  elif is_absent; then
    control_plane=absent
  else
    return 1
  fi
  use_kept

  owned=$(ask '.Stacks[] | select(ours and .StackStatus != "DELETE_COMPLETE") | .StackId' \
    cloudformation describe-stacks) || return
  cp "$scratch/answer" "$scratch/all-stacks"
  # eksctl makes the stack before the control plane; one without our id is somebody else's.
  foreign_since=$(jq "${jq_arguments[@]}" "$definitions"'
    [$foreign, (.Stacks[] | select(is_cluster_stack and (ours | not)) | .CreationTime | seconds)]
    | map(values) | min' "$scratch/all-stacks") || return
  use_kept
  while read -r stack; do
    [[ -n $stack && -z ${asked_for_vpcs[$stack]-} ]] || continue
    found+=$(ask '.StackResourceSummaries[]
      | select(.ResourceType == "AWS::EC2::VPC") | .PhysicalResourceId // empty' \
      cloudformation list-stack-resources --stack-name "$stack")$'\n' || return
    asked_for_vpcs[$stack]=1
  done <<<"$owned"
  found+=$(ask '.Vpcs[] | select(ours) | .VpcId' \
    ec2 describe-vpcs --filters "Name=tag:eksphemeral:id,Values=$EKSPHEMERAL_ID") || return
  remember '.vpcs |= add_lines($vpcs) | .issuers |= add_lines($issuer)
    | .created = ([.created, ($created | select(. != ""))] | map(values) | min)
    | if $gone == "gone" and .created != null and .until == null then .until = (now | floor | todate) else . end' \
    --arg vpcs "$found" --arg issuer "$issuer" --arg created "$created" \
    --arg gone "$([[ $control_plane == ours ]] || echo gone)" || return

  vpcs=$(jq -r '.vpcs[]' "$kept")
  : >"$scratch/nodes"
  if [[ -n $vpcs ]]; then
    found=$(ask '.Reservations[].Instances[] | select(.VpcId | in_our_vpc)
      | .InstanceId, (.BlockDeviceMappings[]?.Ebs | select(.DeleteOnTermination | not) | .VolumeId // empty)' \
      ec2 describe-instances --filters "Name=vpc-id,Values=${vpcs//$'\n'/,}") || return
    remember '.volumes |= ((. // []) | add_lines($volumes))' --arg volumes "$(grep '^vol-' <<<"$found")" || return
    grep '^i-' <<<"$found" >"$scratch/nodes" || true
  fi
  if [[ $vpcs != "$asked_for_addresses" ]]; then
    addresses=$(ask '.NetworkInterfaces[] | select(.VpcId | in_our_vpc) | .Association.AllocationId // empty' \
      ec2 describe-network-interfaces --filters "Name=vpc-id,Values=${vpcs//$'\n'/,}") || return
    remember '.addresses |= add_lines($addresses)' --arg addresses "$addresses" || return
    asked_for_addresses=$vpcs
  fi

  # Also those without our id that were made for our cluster, by eksctl in somebody's hands.
  jq -r "${jq_arguments[@]}" "$definitions"'
    .Stacks[] | select(.StackStatus != "DELETE_COMPLETE")
    | select(ours or (tag("eksphemeral:id") == null and of_the_name and (.CreationTime | of_our_time)))
    | [.StackId, .StackName, .StackStatus, (.EnableTerminationProtection // false),
       (if is_cluster_stack then "cluster" else "other" end), (.DeletionTime // now)]
    | @tsv' "$scratch/all-stacks" >"$scratch/stacks"
}
