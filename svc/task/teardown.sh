#!/usr/bin/env bash
# The only container of a destroy task: deletes all resources of a cluster, and verifies that.
#
#   teardown.sh           input: see common.sh
#   EKSPHEMERAL_SECONDS   give up after so many (3300: the control plane stops the task at 3600)
#   EKSPHEMERAL_PAUSE     seconds between two look-ups (15)
#   EKSPHEMERAL_PATIENCE  give up after so many look-ups without a change (40)
#
# It looks up what exists, deletes what can be deleted now, and repeats that until a complete look-up finds
# nothing: that verifies the deletion. Otherwise the result lists the leftovers. So it does not matter what
# an earlier attempt did or where it crashed, and a failure does not keep the rest from being tried. Only
# what the same look-up showed to be owned is deleted (see ownership.sh).
#
# The order: the control plane's capabilities, without which EKS would not delete it; the stacks of node
# groups and addons; the cluster's stack; a control plane without a stack; then, as nothing recreates them,
# load balancers, instances, interfaces and groups in the VPC, and volumes, addresses and so on outside it;
# then the VPC. A step that makes no progress is waited for only so long.
#
# Exit codes: 0 if nothing is left; 1 if something is, or may be; 75 if another task has the fence.

set -euo pipefail
# shellcheck source=svc/task/common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=svc/task/ownership.sh
. "$(dirname "$0")/ownership.sh"
# shellcheck source=svc/task/find.sh
. "$(dirname "$0")/find.sh"
# shellcheck source=svc/task/delete.sh
. "$(dirname "$0")/delete.sh"

max_seconds=${EKSPHEMERAL_SECONDS:-3300}
pause=${EKSPHEMERAL_PAUSE:-15}
patience=${EKSPHEMERAL_PATIENCE:-40}

# has KIND …: whether the last look-up found any.
has() {
  local IFS='|'
  grep -Eq "^($*) " "$scratch/left"
}

# Whether something is changing, which takes minutes.
is_under_way() {
  grep -Eq ' ([A-Z_]*_IN_PROGRESS|[A-Z]*ING|deleting|shutting-down|stopping|pending)$' "$scratch/left"
}

# find_left [all]: writes what is left to $scratch/left. Without all it skips what would be recreated
# while the control plane exists, and what blocks no stack while there is one. Fails if it is unknown what
# is owned.
find_left() {
  local find finders=(find_stacks find_control_plane)
  if ! discover; then
    printf 'unknown stacks, cluster and VPC: %s\n' "$(aws_error)" >"$scratch/left"
    return 1
  fi
  if [[ $control_plane != owned || ${1-} == all ]] || ((unchanged >= 4)); then
    finders+=(find_in_vpcs)
    if [[ ! -s $scratch/stacks || ${1-} == all ]] || ((unchanged >= 4)); then
      finders+=(find_outside find_retained find_tagged)
    fi
  fi
  [[ ${1-} != all ]] || finders+=(find_holders)
  : >"$scratch/vpcs"
  for find in "${finders[@]}"; do
    "$find" || printf 'unknown %s did not work\n' "$find"
  done >"$scratch/left"
  cat "$scratch/vpcs" >>"$scratch/left"
}

# Deletes what can be deleted now. A step that makes no progress is skipped after a while, except for
# capabilities: the control plane and its stack cannot be deleted with them, and a failed deletion counts.
delete_some() {
  local kind id status
  if has capability; then
    delete_capabilities || true
  fi
  delete_stacks other
  if ! has capability && { ! grep -q $'\tother\t' "$scratch/stacks" || ((unchanged >= 2)); }; then
    delete_stacks cluster
  fi
  if has cluster && ! has capability && { ! has stack || ((unchanged >= 3)); }; then
    delete_control_plane || true
  fi
  if ! has cluster || ((unchanged >= 4)); then
    while read -r kind id status; do
      case $kind in
        vpc | launch-template | internet-gateway) ! has stack || ((unchanged >= 5)) || continue ;;
      esac
      delete_resource "$kind" "$id" "$status" || true
    done <"$scratch/left"
  fi
}

begin destroy
take_fence
: >"$scratch/spared"
unchanged=0
before=
load_state || {
  write_result failed "the teardown state cannot be read: $(aws_error)" ''
  exit 1
}

while :; do
  if find_left && [[ ! -s $scratch/left ]]; then
    spared=$(join_lines <"$scratch/spared")
    write_result absent "deletion verified${spared:+; not deleted, as another cluster may own them: }$spared" ''
    exit 0
  fi
  left=$(<"$scratch/left")
  # Finding more is no progress: without progress more is looked up.
  if [[ -z $before ]] || is_under_way || grep -qvxF -f "$scratch/left" <<<"$before"; then
    unchanged=0
  else
    unchanged=$((unchanged + 1))
  fi
  before=$left
  if ((unchanged >= patience || SECONDS >= max_seconds)); then
    find_left all || true
    write_result failed "not everything was deleted after $((SECONDS / 60)) minutes" \
      "$(head -n 100 "$scratch/left" | cut -c 1-300)"
    exit 1
  fi
  [[ $left == 'unknown stacks, cluster and VPC'* ]] || delete_some
  sleep "$pause"
done
