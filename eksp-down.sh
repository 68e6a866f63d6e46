#!/usr/bin/env bash
# Uninstalls the control plane from AWS, or stops it on this machine, and deletes all cluster records.
#
#   ./eksp-down.sh [--local] [--destroy-clusters | --abandon-clusters]
#
#   --local              on this machine; equivalent to EKSPHEMERAL_LOCAL=1
#   --destroy-clusters   destroy the remaining clusters first, and wait until they are gone
#   --abandon-clusters   delete their records only: you have to delete the clusters yourself
#
# If clusters remain and neither option is given, it asks on a terminal and refuses elsewhere. On AWS the
# two buckets remain; it prints how to delete them and what else remains.

# Ignores the caller's shell options, functions, BASH_ENV and CDPATH.
[[ $- == *p* ]] || exec bash -p "$0" "$@"
set -euo pipefail
self=$0
while [[ -L $self ]]; do
  here=$(dirname "$self") self=$(readlink "$self")
  [[ $self == /* ]] || self=$here/$self
done
[[ $self == */* ]] || self=./$self
here=$(cd -P "${self%/*}/" && pwd)
# shellcheck source=lib/common.sh
. "$here/lib/common.sh"
# shellcheck source=lib/stack.sh
. "$here/lib/stack.sh"
# shellcheck source=lib/remaining.sh
. "$here/lib/remaining.sh"
# shellcheck source=lib/uninstall.sh
. "$here/lib/uninstall.sh"

parse_options 'destroy-clusters abandon-clusters' "$@"
expect_arguments 0 0
if [[ -n ${option_destroy_clusters-} && -n ${option_abandon_clusters-} ]]; then
  fail_with_usage "--destroy-clusters and --abandon-clusters cannot be combined"
fi
require_tools

# Has the caller choose what happens to the remaining clusters, unless an option says it.
choose() {
  local choice
  [[ -n $(remaining) && -z ${option_destroy_clusters-}${option_abandon_clusters-} ]] || return 0
  if ! [[ -t 0 && -t 2 ]]; then
    fail_usage "clusters remain, so nothing was removed:" "$(remaining)" \
      "  destroy them first: $(command_line eksp-down.sh --destroy-clusters)" \
      "  abandon them:       $(command_line eksp-down.sh --abandon-clusters)"
  fi
  info "These clusters remain:" "$(remaining)"
  read -r -p "(d)estroy them, (a)bandon them, or (c)ancel? " choice || choice=cancel
  case $choice in
    d | destroy) option_destroy_clusters=1 ;;
    a | abandon) option_abandon_clusters=1 ;;
    *) fail "cancelled: nothing was removed" ;;
  esac
}

# Reads all records, see parse_clusters.
read_clusters() {
  call idempotent GET /clusters
  parse_clusters "$response_body"
}

# destroy_clusters [USUAL-SECONDS]: returns when all are gone.
destroy_clusters() {
  local id leftovers
  on_interrupt "$(called_as): interrupted; the clusters are still being destroyed, and the control plane was not removed" \
    "  list clusters: $(command_line eksp-list.sh)"
  for id in ${cluster_ids[@]+"${cluster_ids[@]}"}; do
    with_retries idempotent POST "/destroy/$id"
    [[ $response_status == 404 ]] || expect_success # it may be gone by now
  done
  while read_clusters && ((${#cluster_ids[@]})); do
    if [[ $cluster_lines == *" destroy-failed"* ]]; then
      leftovers=$(list_leftovers)
      fail "some clusters could not be destroyed; the control plane was not removed, and retries:" \
        "$cluster_lines" ${leftovers:+"$leftovers"} \
        "  show one:     $(command_line eksp-list.sh "${cluster_ids[0]}")" \
        "  abandon them: $(command_line eksp-down.sh --abandon-clusters)"
    fi
    progress "clusters left to destroy: ${#cluster_ids[@]}" "$@"
    poll_delay
  done
  [[ -z $ignored_records ]] \
    || fail "the clusters are gone; the control plane was not removed because of records that it does not manage:" \
      "$ignored_records" "  abandon them: $(command_line eksp-down.sh --abandon-clusters)"
}

down_on_this_machine() {
  if ! is_local_up; then
    if is_local_running; then
      stop_local
      info "the control plane did not respond and was stopped"
    else
      info "the control plane is not running"
    fi
    if [[ -d $local_home/bucket ]]; then
      info "  its records are kept in $local_home; to continue with them: $(command_line eksp-up.sh)"
    fi
    exit
  fi
  local removal id
  read_clusters
  choose
  [[ -z ${option_destroy_clusters-} ]] || destroy_clusters
  removal=$(published removal)
  stop_local
  delete_local_data
  info "the control plane is down, and all cluster records are deleted"
  [[ -n $removal ]] || return 0
  for id in ${cluster_ids[@]+"${cluster_ids[@]}"}; do
    info "  remove what may be left of $id: ${removal/ID/$id}"
  done
}

down_in_aws() {
  connect_to_aws
  find_installed_stack
  find_remaining_clusters
  choose
  if [[ -n ${option_destroy_clusters-} && -n $(remaining) ]]; then
    require_api
    destroy_clusters 600
  fi
  delete_abandoned_records
  if [[ -n $stack_status ]]; then
    on_interrupt "$(called_as): interrupted; CloudFormation continues" "  continue: $(repeat_command)"
    stop_tasks
    remove_stack
  fi
  delete_data
  clear_cached_endpoint
  info "the control plane is down, and all cluster records are deleted"
  print_abandoned_clusters
  print_leftovers
}

if is_local; then
  down_on_this_machine
else
  down_in_aws
fi
