# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # jq's variables; names are shared among the files in lib/
# What a cluster in AWS needs of who asks for it: where its task runs, that its name is free, that its
# price is known; and then, a kubeconfig.

use=() # how it is used, for people

# choose_group SG: the task runs with this group, and in its VPC, unless the spec says where. Without a
# group it runs where EKSphemeral was installed to.
choose_group() {
  if [[ -z $1 ]] || jq -e 'has("task")' "$scratch/spec" >/dev/null 2>&1; then
    return
  fi
  place_task "$1"
  overrule task object "$(jq -cn --arg group "$1" --arg subnets "$subnets" \
    '{securitygroup: $group, subnets: ($subnets | split(","))}')"
}

# A cluster that somebody else made would not be touched, and the task would find that out minutes
# later. Who may not look, or cannot, is told then.
refuse_foreign_name() {
  local name
  name=$(jq -r '.name | strings' "$scratch/spec" 2>/dev/null) || return 0
  [[ $name =~ ^[A-Za-z0-9][A-Za-z0-9-]{0,62}$ ]] || return 0
  if ask_aws eks describe-cluster --name "$name" \
    && jq -e '.cluster.tags // {} | has("eksphemeral:id") | not' <<<"$aws_answer" >/dev/null; then
    refuse "there is a cluster named $name already, which EKSphemeral did not make" \
      "  choose another name: --name NAME"
  fi
}

# What it will cost, before it is asked for.
estimate() {
  local cost
  if is_nobody_to_eks && ! jq -e '.access | length > 0' "$scratch/spec" >/dev/null 2>&1; then
    say "you are $caller, whom EKS lets into no cluster: nobody will get into this one" \
      "  name a role or a user under access in the spec, or ask as one"
  fi
  ask_again_if_lost POST /estimate -H 'Content-Type: application/json' --data-binary "@$scratch/spec"
  [[ $answer_status != 404 ]] || return 0 # installed before there were estimates
  expect_success
  cost=$(jq -r "$plain"'
    select(.cost) | "\(.name) will cost about \(.cost.usual | dollars) for its \(.timeout) minute\(if .timeout == 1 then "" else "s" end), and at most \(.cost.most | dollars)",
      "  an hour more is \(.cost.hourly | dollars); \(.cost.assumes // "at list prices")"
    | plain' <<<"$answer_body")
  [[ -z $cost ]] || say "$cost"
}

# Has kubectl know the cluster, and shows its nodes where kubectl is. The cluster is there whether
# that works or not.
use_cluster() {
  if is_nobody_to_eks; then
    use=("  use it:     as somebody named under access: $(kubeconfig_command)")
  elif ! ask_aws eks update-kubeconfig --name "$record_name" --alias "$record_name"; then
    use=("  use it:     kubectl does not know it yet: $aws_why" "              $(kubeconfig_command)")
  elif ! command -v kubectl >/dev/null; then
    use=("  use it:     with kubectl, which is not here; its context is $record_name")
  else
    use=("  use it:     kubectl --context $record_name get nodes")
    show_nodes
  fi
}

kubeconfig_command() {
  printf 'aws eks update-kubeconfig --region %s --name %s --alias %s' "$region" "$record_name" "$record_name"
}

show_nodes() {
  local nodes line
  nodes=$(kubectl --context "$record_name" --request-timeout 20s get nodes 2>&1 </dev/null \
    | jq -Rr "$plain"' plain') || true
  while IFS= read -r line; do
    use+=("              $line")
  done <<<"$nodes"
}
