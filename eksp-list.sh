#!/usr/bin/env bash
# Lists the ids of all clusters, oldest first, or shows one cluster.
#
#   ./eksp-list.sh [--local] [ID|NAME]
#
#   ID|NAME   the cluster to show: its spec, followed by its status
#   --local   on this machine; equivalent to EKSPHEMERAL_LOCAL=1
#
# Prints JSON on one line.

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

parse_options '' "$@"
expect_arguments 0 1
require_tools
path=/status${arguments[0]+/$(path_segment "${arguments[0]}")}
find_endpoint

call once GET "$path"
print_response
