# shellcheck shell=bash
# Waiting until a cluster is ready or gone, and how that ended.

wait_seconds=  # how long to wait at most; empty without a limit
wait_since=    # when the waiting began
usage_lines=() # how to use the cluster, see configure_kubectl

# Waits until the creation has ended, prints how, and the id if the cluster was ready. Otherwise ends the
# command.
finish_creation() {
  local log=() line
  while [[ $record_state == creating ]]; do
    expect_time
    poll_record create-failed
  done
  if [[ -z $record_ready ]]; then
    while IFS= read -r line; do
      log+=("  | $line")
    done < <(jq -r "$jq_text"'.status.log | arrays | .[] | safe_text' <<<"$response_body")
    [[ $record_state == gone ]] || log+=("  anything that was created is being cleaned up automatically")
    fail "$record_name was not created: $record_reason" ${log[@]+"${log[@]}"} \
      "  show it: $(show_command)"
  elif [[ $record_state == ready ]]; then
    show_phases || true
    ! has_kubeconfig || configure_kubectl
    info "$record_name is ready ($record_provider)" \
      "  expires:    $(describe_expiry)" \
      "  extend it:  $(prolong_command)" \
      "  destroy it: $(command_line eksp-destroy.sh "$(record_reference)")" \
      ${usage_lines[@]+"${usage_lines[@]}"}
  else
    info "$record_name was ready and has expired since: it is $record_state ($record_provider)"
  fi
  printf '%s\n' "$record_id"
}

# Waits until the cluster is gone; fails with a message if an attempt to destroy it fails meanwhile.
wait_until_gone() {
  local failed_before=$record_failures leftovers
  while [[ $record_state != gone ]]; do
    expect_time
    poll_record destroy-failed
    if ((record_failures > failed_before)) && [[ $record_state != gone ]]; then
      leftovers=$(list_leftovers)
      error "$record_name could not be destroyed: $record_reason" ${leftovers:+"$leftovers"} \
        "  the control plane retries until nothing is left" "  show it: $(show_command)"
      return 1
    fi
  done
}

# Prints the cluster's state, after a request to destroy it.
print_destruction() {
  local state=$record_state
  [[ $state != destroying ]] || state="being destroyed"
  info "$record_name is $state${record_cost:+; it cost at most $record_cost}"
}

# Ends the command when the time to wait is up.
expect_time() {
  local activity=${progress_activity#"$record_name: "}
  wait_since=${wait_since:-$SECONDS}
  [[ -n $wait_seconds ]] && ((SECONDS - wait_since >= wait_seconds)) || return 0
  [[ $activity != "$record_state" ]] || activity=
  fail "$record_name is still $record_state after $(duration "$wait_seconds")${activity:+ ($activity)}" \
    "  come back:  $(repeat_command)" "  show it:    $(show_command)"
}
