# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # jq's variables; names are shared with the tasks
# What of a cluster is ours, and what leads to the rest of it. Sourced after common.sh.
#
# Ours is what carries our id in the tag eksphemeral:id. The name alone proves nothing: somebody
# else may have had a cluster of that name before, or have one now. What controllers in the cluster
# made carries the name and not the id; it counts only if it was made in the cluster's time, and
# while nobody else had a cluster of the name.
#
# tasks/<id>/kept.json remembers what could not be found any more once the stacks are gone:
#   created, until   the cluster's time: from its first stack to when stacks and cluster were gone
#   vpcs             the VPCs that its own stacks made
#   issuers          its OIDC issuers
#   addresses        the elastic IPs that were in use in its VPCs
#   failures         by a stack's id, when those of its deletions began that failed; two at most
#   retained         what CloudFormation may have left behind when it was forced, "type id" each

kept=$scratch/kept
nothing_kept='{"created": null, "until": null, "vpcs": [], "issuers": [], "addresses": [], "failures": {}, "retained": []}'

definitions_plain=$definitions # for filters that need nothing of what is kept
definitions+='
  def of_our_time:
    seconds as $t | $kept[0] as $k
    | $k.created != null and $t >= ($k.created | seconds)
      and ($k.until == null or $t <= ($k.until | seconds)) and ($foreign == null or $t < $foreign);
  def in_our_vpc: . as $vpc | $kept[0].vpcs | index($vpc) != null;
  def is_retained($type): . as $id | $kept[0].retained | index("\($type) \($id)") != null;
  def is_cluster_stack: .StackName == "eksctl-\($ENV.EKSPHEMERAL_NAME)-cluster";
  def carries_the_name:
    tag("kubernetes.io/cluster/\($ENV.EKSPHEMERAL_NAME)") != null
    or ([tag("KubernetesCluster"), tag("ebs.csi.aws.com/cluster"), tag("elbv2.k8s.aws/cluster")]
      | index($ENV.EKSPHEMERAL_NAME) != null);'

# Every filter of ask sees what is kept, and since when somebody else has a cluster of the name.
foreign_since=null
use_kept() {
  jq_arguments=(--slurpfile kept "$kept" --argjson foreign "$foreign_since")
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

  owned=$(ask '.Stacks[] | select(ours and .StackStatus != "DELETE_COMPLETE")
    | "\(.CreationTime | seconds | todate) \(.StackId)"' cloudformation describe-stacks) || return
  cp "$scratch/answer" "$scratch/all-stacks"
  # eksctl makes the stack before the control plane; one without our id is somebody else's.
  foreign_since=$(jq "${jq_arguments[@]}" "$definitions"'
    [$foreign, (.Stacks[] | select(is_cluster_stack and (ours | not)) | .CreationTime | seconds)]
    | map(values) | min' "$scratch/all-stacks") || return
  use_kept
  while read -r _ stack; do
    [[ -n $stack && -z ${asked_for_vpcs[$stack]-} ]] || continue
    found+=$(ask '.StackResourceSummaries[]
      | select(.ResourceType == "AWS::EC2::VPC") | .PhysicalResourceId // empty' \
      cloudformation list-stack-resources --stack-name "$stack")$'\n' || return
    asked_for_vpcs[$stack]=1
  done <<<"$owned"
  found+=$(ask '.Vpcs[] | select(ours) | .VpcId' \
    ec2 describe-vpcs --filters "Name=tag:eksphemeral:id,Values=$EKSPHEMERAL_ID") || return
  created=$(sort <<<"$created"$'\n'"$(cut -d ' ' -f 1 <<<"$owned")" | grep -m 1 .) || true
  remember '.vpcs |= add_lines($vpcs) | .issuers |= add_lines($issuer)
    | .created = ([.created, ($created | select(. != ""))] | map(values) | min)
    | if $gone == "gone" and .created != null and .until == null then .until = (now | floor | todate) else . end' \
    --arg vpcs "$found" --arg issuer "$issuer" --arg created "$created" \
    --arg gone "$([[ $control_plane == ours || -n $owned ]] || echo gone)" || return

  vpcs=$(jq -r '.vpcs[]' "$kept")
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
