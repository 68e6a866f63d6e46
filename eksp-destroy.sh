#!/usr/bin/env bash
# Destroys a cluster now, waits until it is gone, and prints its record.
#
#   ./eksp-destroy.sh [--local] [--no-wait] ID|NAME
#
#   ID|NAME     the cluster
#   --local     on this machine; equivalent to EKSPHEMERAL_LOCAL=1
#   --no-wait   return as soon as the request is recorded
#
# Ctrl-C ends the waiting, not the destruction; nor does a failed attempt end it: the control plane
# retries until nothing is left.

# Ignores the caller's shell options, functions, BASH_ENV and CDPATH.
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
# shellcheck source=lib/waiting.sh
. "$here/lib/waiting.sh"

parse_options 'no-wait' "$@"
expect_arguments 1 1
require_tools
cluster=$(path_segment "${arguments[0]}")
find_endpoint

call idempotent POST "/destroy/$cluster"
read_record destroy-failed
on_interrupt "$program: interrupted; $record_name is still being destroyed in the background" \
  "  come back:  $(command_line eksp-wait.sh --for gone "$record_id")" \
  "  show it:    $(command_line eksp-list.sh "$record_id")"
[[ -n ${option_no_wait-} ]] || wait_until_gone
print_destruction
print_response
