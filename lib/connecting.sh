# shellcheck shell=bash
# Connecting to a cluster: its kubeconfig, and what is needed for it.

kubeconfig_file=    # that of the cluster in record_…, see write_kubeconfig
kubeconfig_problem= # why it could not be written

# Sets kubeconfig_file to the file of the cluster in record_…, and writes it. Fails with the reason in
# kubeconfig_problem.
write_kubeconfig() {
  local temporary=$kubeconfig_folder/.$record_id
  kubeconfig_file=$kubeconfig_folder/$record_name
  read_kubeconfig || return
  kubeconfig_problem="$kubeconfig_folder is not a folder that you can write to"
  [[ -n ${HOME-} && ! -L $kubeconfig_folder ]] && mkdir -p -- "$kubeconfig_folder" 2>/dev/null \
    && chmod 700 "$kubeconfig_folder" 2>/dev/null || return
  kubeconfig_problem="$kubeconfig_file exists, and EKSphemeral did not write it"
  [[ ! -e $kubeconfig_file && ! -L $kubeconfig_file ]] || read_comment "$kubeconfig_file" || return
  kubeconfig_problem="$kubeconfig_file cannot be written"
  { printf '# EKSphemeral cluster %s of %s\n' "$record_id" "$(kubeconfig_origin)" && cat -- "$scratch/kubeconfig"; } \
    2>/dev/null >"$temporary" && mv -f -- "$temporary" "$kubeconfig_file" && return
  rm -f -- "$temporary" 2>/dev/null # what was written of it, such as keys
  return 1
}

# Reads the kubeconfig of the cluster in record_… to $scratch/kubeconfig.
read_kubeconfig() {
  local given=$local_home/kubeconfig/$record_id
  make_scratch
  rm -f -- "$scratch/kubeconfig"
  if ! has_kubeconfig; then
    kubeconfig_problem="there is no cluster to connect to ($record_provider)"
    return 1
  elif is_aws_endpoint; then
    run_aws eks update-kubeconfig --kubeconfig "$scratch/kubeconfig" --name "$record_name" --alias "$record_name" \
      && [[ -f $scratch/kubeconfig ]] && return
    kubeconfig_problem=$aws_error
    return 1
  fi
  kubeconfig_problem="$given is not readable"
  cat -- "$given" >"$scratch/kubeconfig" 2>/dev/null
}

# Writes the kubeconfig and sets usage_lines to how to use the cluster. No failure matters to the cluster.
configure_kubectl() {
  local line
  if is_caller_without_access; then
    usage_lines=("  use it:     as a role or user under access: $(command_line eksp-kubeconfig.sh "$record_name")")
    return
  elif ! write_kubeconfig; then
    usage_lines=("  use it:     there is no kubeconfig: $kubeconfig_problem"
      "              try again: $(command_line eksp-kubeconfig.sh "$record_name")")
    return
  fi
  usage_lines=("  use it:     $(export_line)")
  if ! command -v kubectl >/dev/null; then
    usage_lines+=("              (install kubectl first)")
    return
  fi
  while IFS= read -r line; do
    usage_lines+=("              $line")
  done < <(kubectl --kubeconfig "$kubeconfig_file" --request-timeout 20s get nodes 2>&1 </dev/null \
    | jq -Rr "$jq_text"' safe_text')
}

# Prints a command for the caller's shell, with the name that needs no quotes.
export_line() {
  printf 'export KUBECONFIG=~/%s' "${kubeconfig_file#"$HOME/"}"
}

# read_cluster ID|NAME: sets record_… to a cluster that can be connected to; ends the command if it is none.
read_cluster() {
  require_tools
  path_segment "$1" >/dev/null
  find_endpoint
  find_cluster idempotent "$1"
  read_record create-failed
  case $record_state in
    ready) ;;
    creating) fail "$record_name is not ready yet" "  wait for it: $(command_line eksp-wait.sh "$record_name")" ;;
    *) fail "$record_name is $record_state: $record_reason" "  show it: $(show_command)" ;;
  esac
}

# connect ID|NAME [IF-MISSING]: as read_cluster, and writes its kubeconfig, or only if it is missing.
connect() {
  read_cluster "$1"
  kubeconfig_file=$kubeconfig_folder/$record_name
  if [[ -z ${2-} ]] || ! read_comment "$kubeconfig_file" || [[ $comment_id != "$record_id" ]]; then
    write_kubeconfig || fail "there is no kubeconfig of $record_name: $kubeconfig_problem"
  fi
}

# Adds the cluster to the caller's kubeconfig, under a name that no other context has there.
merge_kubeconfig() {
  local name taken='' contexts cluster before after
  is_aws_endpoint || fail "only clusters on AWS can be merged" "  use it:     $(export_line)"
  command -v kubectl >/dev/null || fail "kubectl is missing: --merge looks with it for contexts of that name"
  contexts=$(kubectl config view -o json 2>"$scratch/stderr" </dev/null) \
    || fail "your kubeconfig cannot be read: $(jq -Rrs "$jq_text"' .[:300] | safe_text' <"$scratch/stderr")"
  before=$(kubectl config current-context 2>/dev/null </dev/null) || before=
  for name in "$record_name" "eksp-$record_name" "eksp-$record_id"; do
    # shellcheck disable=SC2016 # jq's variables
    cluster=$(jq -r --arg name "$name" '[.contexts // [] | .[] | select(.name == $name) | .context.cluster][0] // ""' <<<"$contexts")
    [[ -n $cluster && $cluster != "arn:$partition:eks:$region:$account:cluster/$record_name" ]] || break
    taken=$record_name
  done
  run_aws eks update-kubeconfig --name "$record_name" --alias "$name" || fail_aws "your kubeconfig cannot be changed"
  info "$record_name is in your kubeconfig as the context $name${taken:+: $taken is there already, for another cluster}"
  after=$(kubectl config current-context 2>/dev/null </dev/null) || after=
  [[ $after == "$before" ]] || info "the current context is now $after" \
    ${before:+"  switch back: $(printf 'kubectl config use-context %q' "$before")"}
}
