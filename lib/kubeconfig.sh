# shellcheck shell=bash
# The kubeconfig of a cluster on AWS.

# Adds the cluster to the kubeconfig and sets usage_lines. No failure matters to the cluster.
configure_kubectl() {
  local line
  if is_caller_without_access; then
    usage_lines=("  use it:     as a role or user under access: $(kubeconfig_command)")
  elif ! run_aws eks update-kubeconfig --name "$record_name" --alias "$record_name"; then
    usage_lines=("  use it:     the kubeconfig could not be updated: $aws_error" "              $(kubeconfig_command)")
  elif ! command -v kubectl >/dev/null; then
    usage_lines=("  use it:     install kubectl; the context is $record_name")
  else
    usage_lines=("  use it:     kubectl --context $record_name get nodes")
    while IFS= read -r line; do
      usage_lines+=("              $line")
    done < <(kubectl --context "$record_name" --request-timeout 20s get nodes 2>&1 </dev/null \
      | jq -Rr "$jq_text"' safe_text')
  fi
}

kubeconfig_command() {
  printf 'aws eks update-kubeconfig --region %s --name %s --alias %s' "$region" "$record_name" "$record_name"
}
