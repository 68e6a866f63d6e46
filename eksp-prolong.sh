#!/usr/bin/env bash
# Moves the end of a cluster, and prints its record.
#
#   ./eksp-prolong.sh [--local] ID|NAME MINUTES
#
#   ID|NAME   of the cluster
#   MINUTES   how many more it is to live; negative ones shorten its life
#   --local   on this machine; EKSPHEMERAL_LOCAL=1 says the same

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
expect_arguments 2 2
need_tools
cluster=$(path_segment "${arguments[0]}")
minutes=${arguments[1]}
if ! [[ $minutes =~ ^-?[1-9][0-9]{0,8}$ ]]; then
  refuse "invalid minutes '$minutes': a whole number of at most 9 digits is needed, not 0, without a plus sign or leading zeros"
fi
find_endpoint

call POST "/prolong/$cluster/$minutes"
read_record create-failed
if [[ -n $record_expires ]]; then
  say "$record_name ends $(ends_at)"
else
  say "$record_name is not ready yet; it will live $record_lifetime minutes from then on"
fi
print_answer
