# shellcheck shell=bash disable=SC2016 # jq's variables
# What a cluster on AWS takes besides its spec: a network for its task, a free name, an estimate of its
# cost.

# set_task_network SG: the task runs with this security group and in its VPC, unless the spec says where.
set_task_network() {
  [[ -n $1 ]] && ! jq -e 'has("task")' "$scratch/spec" >/dev/null 2>&1 || return 0
  read_task_network "$1"
  set_field task object "$(jq -cn --arg group "$1" --arg subnets "$subnets" \
    '{securitygroup: $group, subnets: ($subnets | split(","))}')"
}

# EKSphemeral leaves clusters of others alone, and the task would find that out minutes later. A caller who
# may not look, or cannot, learns it then.
check_name_available() {
  local name
  name=$(jq -r '.name | strings' "$scratch/spec" 2>/dev/null) || return 0
  [[ $name =~ ^[A-Za-z0-9][A-Za-z0-9-]{0,62}$ ]] || return 0
  if run_aws eks describe-cluster --name "$name" \
    && jq -e '.cluster.tags // {} | has("eksphemeral:id") | not' <<<"$aws_output" >/dev/null; then
    fail_usage "a cluster named $name exists already, and EKSphemeral did not create it" \
      "  choose another name: --name NAME"
  fi
}

# Prints what the cluster will cost.
print_estimate() {
  local cost
  if is_caller_without_access && ! jq -e '.access | length > 0' "$scratch/spec" >/dev/null 2>&1; then
    info "EKS cannot grant access to $caller (root or federated user): you will have no access to this cluster" \
      "  name a role or a user under access in the spec, or call as one"
  fi
  with_retries idempotent POST /estimate -H 'Content-Type: application/json' --data-binary "@$scratch/spec"
  [[ $response_status != 404 ]] || return 0 # an installation from before there were estimates
  expect_success
  cost=$(jq -r "$jq_text"'
    select(.cost) | "\(.name) will cost about \(.cost.usual | dollars) for its \(.timeout) minute\(if .timeout == 1 then "" else "s" end), and at most \(.cost.most | dollars)",
      "  an hour more is \(.cost.hourly | dollars); \(.cost.assumes // "at list prices")"
    | safe_text' <<<"$response_body")
  [[ -z $cost ]] || info "$cost"
}
