#!/usr/bin/env bash
# Changes when a cluster expires, and prints its record.
#
#   ./eksp-prolong.sh [--local] ID|NAME MINUTES
#
#   ID|NAME   the cluster
#   MINUTES   how much later it expires; a negative number makes that earlier
#   --local   on this machine; equivalent to EKSPHEMERAL_LOCAL=1

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
expect_arguments 2 2
require_tools
cluster=$(path_segment "${arguments[0]}")
minutes=${arguments[1]}
if ! [[ $minutes =~ ^-?[1-9][0-9]{0,8}$ ]]; then
  fail_usage "invalid minutes '$minutes': a whole number of at most 9 digits is needed, not 0, without a plus sign or leading zeros"
fi
find_endpoint

call once POST "/prolong/$cluster/$minutes"
read_record create-failed
if [[ -n $record_expires ]]; then
  info "$record_name expires $(describe_expiry)"
else
  info "$record_name is not ready yet; it expires $record_lifetime minutes after it is ready"
fi
print_response
