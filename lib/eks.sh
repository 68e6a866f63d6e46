# shellcheck shell=bash disable=SC2016 # jq's variables
# What a cluster on AWS takes besides its spec: a network for its task, and a free name.

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
