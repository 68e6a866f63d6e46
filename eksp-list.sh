#!/usr/bin/env bash
# Lists the clusters that EKSphemeral manages, oldest first, or shows one.
#
#   ./eksp-list.sh [--local] [ID|NAME]
#
#   ID|NAME   which one to show: its spec, then its status; without it, the ids of all
#   --local   those on this machine; EKSPHEMERAL_LOCAL=1 says the same
#
# Prints JSON on one line, for jq.

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

parse_options '' "$@"
expect_arguments 0 1
need_tools
path=/status
if ((${#arguments[@]})); then
  path+=/$(path_segment "${arguments[0]}")
fi
find_endpoint

call GET "$path"
print_answer
