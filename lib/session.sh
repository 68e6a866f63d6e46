# shellcheck shell=bash
# What runs with the kubeconfig of a cluster gets the caller's environment otherwise, so the other libraries,
# which change it, are loaded in a subshell.

words=()   # the arguments before --
command=() # those after it

# split_arguments "$@": sets words and command.
split_arguments() {
  while (($#)) && [[ $1 != -- ]]; do
    words+=("$1")
    shift
  done
  command=("${@:2}")
}

# open_cluster MIN-COMMAND: exports KUBECONFIG, and sets cluster_name and cluster_until, a time of day. Ends the
# command if there is no such cluster, or after its help.
open_cluster() {
  local found
  true 2>/dev/null 3>&1 || exec >/dev/null
  exec 6>&1
  found=$(
    set -e
    exec 5>&1 >&6 6>&-
    # shellcheck source=lib/common.sh
    . "$here/lib/common.sh"
    # shellcheck source=lib/connecting.sh
    . "$here/lib/connecting.sh"
    # shellcheck source=lib/duration.sh
    . "$here/lib/duration.sh"
    parse_options '' ${words[@]+"${words[@]}"}
    expect_arguments 1 1
    ((${#command[@]} >= $1)) || fail_with_usage "there is no command after --"
    connect "${arguments[0]}" if-missing
    printf '%s\n' "$kubeconfig_file" "$record_name" "$(describe_end)" >&5
  )
  exec 6>&-
  [[ -n $found ]] || exit 0
  # shellcheck disable=SC2034 # a shell shows them, a command does not
  {
    read -r KUBECONFIG
    read -r cluster_name
    read -r cluster_until
  } <<<"$found"
  export KUBECONFIG
  unset EKSPHEMERAL_FRONT
}

# Prints the time of day when the cluster in the response expires, with the date if that is not today.
describe_end() {
  local seconds format=%H:%M
  seconds=$(expiry_seconds)
  [[ -n $seconds ]] || return 0
  [[ $(format_moment '' "$seconds" %F) == "$(date +%F)" ]] || format='%F %H:%M'
  format_moment '' "$seconds" "$format"
}
