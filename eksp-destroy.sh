#!/usr/bin/env bash
# Destroys a cluster before its time is up, waits until it is gone, and prints its record.
#
#   ./eksp-destroy.sh [--local] [--no-wait] ID|NAME
#
#   ID|NAME     of the cluster
#   --local     one on this machine; EKSPHEMERAL_LOCAL=1 says the same
#   --no-wait   only until it is on record that the cluster has to go
#
# Ctrl-C ends the waiting and not the destruction. Nor does a failed attempt: the control plane
# tries again until nothing is left.

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

parse_options 'no-wait' "$@"
expect_arguments 1 1
need_tools
cluster=$(path_segment "${arguments[0]}")
find_endpoint

call_again_if_lost POST "/destroy/$cluster"
read_record destroy-failed
failed_before=$record_failures
look="  look at it: $(command_for eksp-list.sh "$record_id")"
when_interrupted "$program: not waiting any more; $record_name is destroyed all the same" "$look"

while [[ -z ${option_no_wait-} && $record_state != gone ]]; do
  watch destroy-failed
  if ((record_failures > failed_before)) && [[ $record_state != gone ]]; then
    leftovers=$(list_leftovers)
    die "$record_name could not be destroyed: $record_reason" ${leftovers:+"$leftovers"} \
      "  the control plane tries again by itself, until nothing is left" "$look"
  fi
done
say "$record_name is $record_state${record_cost:+; it cost at most $record_cost}"
print_answer
