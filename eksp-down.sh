#!/usr/bin/env bash
# Removes EKSphemeral's control plane from AWS, or stops it on this machine, with all cluster specs.
#
#   ./eksp-down.sh [--local] [--destroy-clusters | --abandon-clusters]
#
#   --local              on this machine; EKSPHEMERAL_LOCAL=1 says the same
#   --destroy-clusters   destroy the clusters that are left, and wait until they are gone
#   --abandon-clusters   forget them: nobody will ever tear them down
#
# Where clusters are left it asks which, or refuses where nobody can be asked. In AWS the two buckets
# stay, with what others have put there; it says how to remove them.

# Without what the caller's shell would have it do: options, functions, BASH_ENV, CDPATH.
[[ $- == *p* ]] || exec bash -p "$0" "$@"
set -euo pipefail
self=$0
while [[ -L $self ]]; do
  here=$(dirname "$self") self=$(readlink "$self")
  [[ $self == /* ]] || self=$here/$self
done
here=$(cd -P "$(dirname "$self")" && pwd)
# shellcheck source=lib/common.sh
. "$here/lib/common.sh"
# shellcheck source=lib/stack.sh
. "$here/lib/stack.sh"
# shellcheck source=lib/bucket.sh
. "$here/lib/bucket.sh"
# shellcheck source=lib/remove.sh
. "$here/lib/remove.sh"

parse_options 'destroy-clusters abandon-clusters' "$@"
expect_arguments 0 0
if [[ -n ${option_destroy_clusters-} && -n ${option_abandon_clusters-} ]]; then
  wrong_use "clusters are either destroyed or abandoned, not both"
fi
need_tools

# A line for each cluster, and for each record behind which there may be one.
list_left() {
  printf '%s' "$clusters_shown${clusters_shown:+${records_kept:+$'\n'}}$records_kept"
}

# What is to become of the clusters that are left.
choose() {
  local choice
  if [[ -z $clusters_shown$records_kept || -n ${option_destroy_clusters-}${option_abandon_clusters-} ]]; then
    return
  fi
  if ! [[ -t 0 && -t 2 ]]; then
    refuse "there are clusters left, so the control plane stays up:" "$(list_left)" \
      "  destroy them first: $(command_for eksp-down.sh --destroy-clusters)" \
      "  forget them:        $(command_for eksp-down.sh --abandon-clusters)"
  fi
  say "There are clusters left:" "$(list_left)"
  read -r -p "(d)estroy them, (a)bandon them, or (c)ancel? " choice || choice=cancel
  case $choice in
    d | destroy) option_destroy_clusters=1 ;;
    a | abandon) option_abandon_clusters=1 ;;
    *) die "cancelled: the control plane stays up" ;;
  esac
}

# destroy_clusters [USUAL-SECONDS]: comes back when all are gone.
destroy_clusters() {
  local id leftovers
  when_interrupted "$program: not waiting any more; the clusters are destroyed all the same," \
    "and the control plane stays up: $(command_for eksp-list.sh)"
  for id in ${cluster_ids[@]+"${cluster_ids[@]}"}; do
    ask_again_if_lost POST "/destroy/$id"
    [[ $answer_status == 404 ]] || expect_success # it may have gone meanwhile
  done
  while read_clusters && ((clusters_left)); do
    if [[ $clusters_shown == *" destroy-failed"* ]]; then
      leftovers=$(list_leftovers)
      die "not every cluster could be destroyed, so the control plane stays up and tries again:" \
        "$clusters_shown" ${leftovers:+"$leftovers"} \
        "  why, is in:  $(command_for eksp-list.sh "${cluster_ids[0]}")" \
        "  forget them: $(command_for eksp-down.sh --abandon-clusters)"
    fi
    progress "clusters still to be destroyed: $clusters_left" "$@"
    pause
  done
  [[ -z $records_kept ]] \
    || die "the clusters are gone; the control plane stays up for records that it leaves alone:" \
      "$records_kept" "  forget them: $(command_for eksp-down.sh --abandon-clusters)"
}

down_on_this_machine() {
  if ! is_local_up; then
    if is_local_running; then
      stop_local
      say "the control plane did not answer, and was stopped"
    else
      say "the control plane is not up"
    fi
    if has_local_records; then
      say "  what it knew is still in $local_home; to go on with it: $(command_for eksp-up.sh)"
    fi
    exit
  fi
  read_clusters
  choose
  if [[ -n ${option_destroy_clusters-} ]]; then
    destroy_clusters
  fi
  stop_local
  forget_local
  say "the control plane is down, and all cluster specs are removed"
}

down_in_aws() {
  enter_aws
  find_what_there_is
  read_what_is_left
  choose
  if [[ -n ${option_destroy_clusters-} && -n $clusters_shown$records_kept ]]; then
    expect_api
    destroy_clusters 600
  fi
  note_abandoned
  if [[ -n $stack_status ]]; then
    when_interrupted "$program: not waiting any more; what CloudFormation has begun goes on" \
      "  go on with this: $(command_for "$program" ${as_called[@]+"${as_called[@]}"})"
    stop_tasks
    remove_stack
  fi
  remove_specs
  forget_endpoint
  say "the control plane is down, and all cluster specs are removed"
  tell_what_is_abandoned
  tell_what_stays
}

if is_local; then
  down_on_this_machine
else
  down_in_aws
fi
