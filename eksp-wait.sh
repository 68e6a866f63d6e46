#!/usr/bin/env bash
# Waits until a cluster is ready, and prints its id; or until it is gone.
#
#   ./eksp-wait.sh [--local] [--for ready|gone] [--timeout TIME] ID|NAME
#
#   ID|NAME          the cluster
#   --for ready      until it is ready; fails at once if it never will be (the default)
#   --for gone       until it is gone, and that is verified
#   --timeout TIME   how long to wait at most: 90 or 90m (minutes), 30s, 2h, 1h30m
#   --local          on this machine; equivalent to EKSPHEMERAL_LOCAL=1
#
# Ctrl-C ends the waiting, and nothing else.

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
# shellcheck source=lib/duration.sh
. "$here/lib/duration.sh"
# shellcheck source=lib/connecting.sh
. "$here/lib/connecting.sh"
# shellcheck source=lib/waiting.sh
. "$here/lib/waiting.sh"

parse_options 'for= timeout=' "$@"
expect_arguments 1 1
goal=${option_for-ready}
[[ $goal == ready || $goal == gone ]] || fail_with_usage "invalid state '$goal': expected ready or gone"
if [[ ${option_timeout-} =~ ^([1-9][0-9]{0,8})s$ ]]; then
  wait_seconds=${BASH_REMATCH[1]}
elif [[ -n ${option_timeout+given} ]]; then
  minutes=$(parse_minutes "$option_timeout")
  ((minutes > 0)) || fail_usage "invalid time '$option_timeout': it must be more than 0"
  wait_seconds=$((minutes * 60))
fi
require_tools
path_segment "${arguments[0]}" >/dev/null
find_endpoint
find_cluster idempotent "${arguments[0]}"

if [[ $goal == gone ]]; then
  read_record destroy-failed
  interrupted="$(called_as): interrupted; $record_name is $record_state"
else
  read_record create-failed
  interrupted="$(called_as): interrupted; $record_name is still being created in the background"
fi
on_interrupt "$interrupted" "  come back:  $(repeat_command)" \
  "  show it:    $(show_command)" \
  "  destroy it: $(command_line eksp-destroy.sh "$(record_reference)")"

if [[ $goal == gone ]]; then
  wait_until_gone
  print_destruction
elif [[ -n $record_ready && $record_state != ready ]]; then
  fail "$record_name is $record_state: $record_reason" "  show it: $(show_command)"
else
  finish_creation
fi
