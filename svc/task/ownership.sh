# shellcheck shell=bash disable=SC2016 # jq's variables
# Which resources belong to the cluster. Sourced after common.sh.
#
# A resource is owned if it has the cluster's id in the tag eksphemeral:id, or is in an owned VPC. The
# name alone proves nothing: another cluster may have had it before, have it now, or be one that EKS does
# not know (kubeadm, RKE). A resource with the name and without the id counts only with a proof:
#   stacks, log group  created during the control plane's lifetime: EKS has one of a name at a time, and
#                      neither eksctl nor EKS creates them for anything else
#   addresses          in use in an owned VPC when it was first seen
#   volumes            created during the control plane's lifetime and seen in use by an instance in an
#                      owned VPC. One that no task saw in use, because its pod was gone by then, counts
#                      while nothing else has the name: prepare.sh rejects names that are in use, and
#                      find_foreign looks again before such a volume is deleted. Otherwise it stays, and
#                      the result names it
#
# The teardown state remembers what cannot be found once the stacks are gone:
#   created, until   the control plane's lifetime: from its creation until it was seen to be gone
#   vpcs             the VPCs that its stacks created
#   volumes          volumes in use by instances in these, unless they are deleted with the instance
#   issuers          its OIDC issuers
#   addresses        elastic IPs in use in its VPCs
#   failures         by stack id, when deletions began that failed; two at most
#   retained         what CloudFormation may have kept when a deletion was forced, "type id" each

state=$scratch/state
empty_state='{"created": null, "until": null, "vpcs": [], "volumes": [], "issuers": [], "addresses": [], "failures": {}, "retained": []}'

time_definitions=$definitions # for filters that need no state
definitions+='
  def within_lifetime:
    seconds as $t | $state[0] as $s
    | $s.created != null and $t >= ($s.created | seconds)
      and ($s.until == null or $t <= ($s.until | seconds)) and ($foreign == null or $t < $foreign);
  def since_creation: seconds as $t | $state[0].created | . != null and $t >= seconds;
  def was_in_use: .VolumeId as $id | $state[0].volumes // [] | index($id) != null;
  def in_owned_vpc: . as $vpc | $state[0].vpcs | index($vpc) != null;
  def is_retained($type): . as $id | $state[0].retained | index("\($type) \($id)") != null;
  def is_used_elsewhere:
    any(.Attachments[]?; .InstanceId as $id | $nodes | split("\n") | index($id) == null);
  def is_cluster_stack: .StackName == "eksctl-\($ENV.EKSPHEMERAL_NAME)-cluster";
  # A subnet for several clusters says "shared", whether they exist or not.
  def has_name_tag:
    (tag("kubernetes.io/cluster/\($ENV.EKSPHEMERAL_NAME)") | . != null and . != "shared")
    or ([tag("KubernetesCluster"), tag("ebs.csi.aws.com/cluster-name"), tag("elbv2.k8s.aws/cluster")]
      | index($ENV.EKSPHEMERAL_NAME) != null);
  def is_foreign: has_name_tag and (owned or (.VpcId // .VPCId | in_owned_vpc) | not);'
name_tags="kubernetes.io/cluster/$EKSPHEMERAL_NAME,KubernetesCluster,ebs.csi.aws.com/cluster-name,elbv2.k8s.aws/cluster"

# Gives the filters of query the state, and when another cluster of the name was created.
foreign_since=null
set_query_arguments() {
  jq_arguments=(--slurpfile state "$state" --argjson foreign "$foreign_since" --rawfile nodes "$scratch/nodes")
}
printf '%s\n' "$empty_state" >"$state"
: >"$scratch/nodes"
set_query_arguments

# look_up FILTER COMMAND …: as query. If that fails, prints a line "unknown …": there may be something.
look_up() {
  query "$@" || printf 'unknown %s %s: %s\n' "$2" "$3" "$(aws_error)"
}

# Prints what has the name, is not owned and is not being deleted: "kind id", a line each. A volume is
# foreign if something else uses it, or if it was not created during the lifetime.
find_foreign() {
  local named="Name=tag-key,Values=$name_tags"
  look_up '.Reservations[].Instances[] | select(is_foreign) | "instance \(.InstanceId)"' ec2 describe-instances \
    --filters "$named" Name=instance-state-name,Values=pending,running,stopping,stopped
  look_up '.Volumes[] | select(has_name_tag and (owned | not) and (.State | . != "deleting" and . != "deleted"))
    | select((was_in_use | not) and (is_used_elsewhere or (.CreateTime | within_lifetime | not)))
    | "volume \(.VolumeId)"' ec2 describe-volumes --filters "$named"
  look_up '.SecurityGroups[] | select(is_foreign) | "security-group \(.GroupId)"' \
    ec2 describe-security-groups --filters "$named"
  look_up '.Subnets[] | select(is_foreign) | "subnet \(.SubnetId)"' ec2 describe-subnets --filters "$named"
  look_up '.Vpcs[] | select(is_foreign) | "vpc \(.VpcId)"' ec2 describe-vpcs --filters "$named"
  find_foreign_load_balancers load-balancer elbv2 '.LoadBalancers[] | select(.VpcId | in_owned_vpc | not) | .LoadBalancerArn' \
    --resource-arns .ResourceArn
  find_foreign_load_balancers classic-load-balancer elb \
    '.LoadBalancerDescriptions[] | select(.VPCId | in_owned_vpc | not) | .LoadBalancerName' --load-balancer-names .LoadBalancerName
}

# The tags of load balancers are listed by a call of their own, for 20 at a time.
find_foreign_load_balancers() {
  local kind=$1 service=$2 ids=() start
  look_up "$3" "$service" describe-load-balancers >"$scratch/load-balancers"
  grep '^unknown ' "$scratch/load-balancers" || mapfile -t ids <"$scratch/load-balancers"
  for ((start = 0; start < ${#ids[@]}; start += 20)); do
    look_up ".TagDescriptions[] | select(has_name_tag and (owned | not)) | \"$kind \\($5)\"" \
      "$service" describe-tags "$4" "${ids[@]:start:20}"
  done
}

# Reads the state, also from the key of earlier versions. Objects under tasks/ expire 30 days after they
# were written, and a teardown may be stuck for longer: so each attempt writes the state again, even if it
# is invalid.
load_state() {
  if get "$(own_key teardown-state)" "$state" \
    || { is_not_found && get "$(own_key former-teardown-state)" "$state"; }; then
    put "$(own_key teardown-state)" "$state" || info "the teardown state cannot be written again: $(aws_error)"
  else
    is_not_found || return
    jq . <<<"$empty_state" >"$state"
  fi
  jq -e '.vpcs | type == "array"' "$state" >/dev/null 2>"$scratch/stderr" || return
  set_query_arguments
}

# update_state FILTER [JQ-OPTION …]: changes the state, here and in the bucket.
update_state() {
  jq "${@:2}" 'def add_lines($text): (. + ($text | split("\n") | map(select(. != "")))) | unique; '"$1" \
    "$state" >"$state.new" 2>"$scratch/stderr" || return
  if [[ $(<"$state") != "$(<"$state.new")" ]]; then
    put "$(own_key teardown-state)" "$state.new" || return
    mv "$state.new" "$state"
  fi
}

declare -A stacks_with_known_vpcs=() # a VPC that one creates later is found by its tag
vpcs_with_known_addresses=

# Looks up the control plane and the stacks, and remembers what leads to other resources, before anything
# is deleted. Sets:
#   control_plane          owned, foreign or absent
#   $scratch/stacks        the owned stacks, a line each: id, name, status, protected or not, cluster or
#                          other, when the deletion began
#   vpcs                   the ids of the owned VPCs, a line each, whether they still exist or not
#   $scratch/nodes         the ids of the instances in them, a line each
# Fails if AWS does not respond; it is unknown then what is owned.
discover() {
  local created='' issuer='' owned stack found='' addresses=''
  foreign_since=null
  if query '.cluster' eks describe-cluster --name "$EKSPHEMERAL_NAME" >"$scratch/cluster"; then
    if jq -e '.tags["eksphemeral:id"] == $ENV.EKSPHEMERAL_ID' "$scratch/cluster" >/dev/null; then
      control_plane=owned
      created=$(jq -r "$time_definitions .createdAt | seconds | todate" "$scratch/cluster") || return
      issuer=$(jq -r '.identity.oidc.issuer // empty' "$scratch/cluster")
    else
      control_plane=foreign
      foreign_since=$(jq "$time_definitions .createdAt | seconds" "$scratch/cluster") || return
    fi
  elif is_not_found; then
    control_plane=absent
  else
    return 1
  fi
  set_query_arguments

  owned=$(query '.Stacks[] | select(owned and .StackStatus != "DELETE_COMPLETE") | .StackId' \
    cloudformation describe-stacks) || return
  cp "$scratch/response" "$scratch/all-stacks"
  # eksctl creates the stack before the control plane.
  foreign_since=$(jq "${jq_arguments[@]}" "$definitions"'
    [$foreign, (.Stacks[] | select(is_cluster_stack and (owned | not)) | .CreationTime | seconds)]
    | map(values) | min' "$scratch/all-stacks") || return
  set_query_arguments
  while read -r stack; do
    [[ -n $stack && -z ${stacks_with_known_vpcs[$stack]-} ]] || continue
    found+=$(query '.StackResourceSummaries[]
      | select(.ResourceType == "AWS::EC2::VPC") | .PhysicalResourceId // empty' \
      cloudformation list-stack-resources --stack-name "$stack")$'\n' || return
    stacks_with_known_vpcs[$stack]=1
  done <<<"$owned"
  found+=$(query '.Vpcs[] | select(owned) | .VpcId' \
    ec2 describe-vpcs --filters "Name=tag:eksphemeral:id,Values=$EKSPHEMERAL_ID") || return
  update_state '.vpcs |= add_lines($vpcs) | .issuers |= add_lines($issuer)
    | .created = ([.created, ($created | select(. != ""))] | map(values) | min)
    | if $gone == "gone" and .created != null and .until == null then .until = (now | floor | todate) else . end' \
    --arg vpcs "$found" --arg issuer "$issuer" --arg created "$created" \
    --arg gone "$([[ $control_plane == owned ]] || echo gone)" || return

  vpcs=$(jq -r '.vpcs[]' "$state")
  : >"$scratch/nodes"
  if [[ -n $vpcs ]]; then
    found=$(query '.Reservations[].Instances[] | select(.VpcId | in_owned_vpc)
      | .InstanceId, (.BlockDeviceMappings[]?.Ebs | select(.DeleteOnTermination | not) | .VolumeId // empty)' \
      ec2 describe-instances --filters "Name=vpc-id,Values=${vpcs//$'\n'/,}") || return
    update_state '.volumes |= ((. // []) | add_lines($volumes))' --arg volumes "$(grep '^vol-' <<<"$found")" || return
    grep '^i-' <<<"$found" >"$scratch/nodes" || true
  fi
  if [[ $vpcs != "$vpcs_with_known_addresses" ]]; then
    addresses=$(query '.NetworkInterfaces[] | select(.VpcId | in_owned_vpc) | .Association.AllocationId // empty' \
      ec2 describe-network-interfaces --filters "Name=vpc-id,Values=${vpcs//$'\n'/,}") || return
    update_state '.addresses |= add_lines($addresses)' --arg addresses "$addresses" || return
    vpcs_with_known_addresses=$vpcs
  fi

  # Including stacks without the id that were created for the cluster with eksctl by hand.
  jq -r "${jq_arguments[@]}" "$definitions"'
    .Stacks[] | select(.StackStatus != "DELETE_COMPLETE")
    | select(owned or (tag("eksphemeral:id") == null and has_cluster_name and (.CreationTime | within_lifetime)))
    | [.StackId, .StackName, .StackStatus, (.EnableTerminationProtection // false),
       (if is_cluster_stack then "cluster" else "other" end), (.DeletionTime // now)]
    | @tsv' "$scratch/all-stacks" >"$scratch/stacks"
}
