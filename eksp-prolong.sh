#!/usr/bin/env bash
# Moves the end of a cluster, and prints its record.
#
#   ./eksp-prolong.sh [--local] ID|NAME MINUTES
#
#   ID|NAME   of the cluster
#   MINUTES   how many more it is to live; negative ones shorten its life
#   --local   on this machine; EKSPHEMERAL_LOCAL=1 says the same

set -euo pipefail
here=$(CDPATH='' cd "$(dirname "$0")" && cd "$(dirname "$(readlink "${0##*/}" || echo .)")" && pwd)
# shellcheck source=lib/common.sh
. "$here/lib/common.sh"

parse_options '' "$@"
expect_arguments 2 2
need_tools
cluster=$(path_segment "${arguments[0]}")
minutes=$(path_segment "${arguments[1]}")
find_endpoint

call POST "/prolong/$cluster/$minutes"
read_record create-failed
if [[ -n $record_expires ]]; then
  say "$record_name ends $(ends_at)"
else
  say "$record_name is not ready yet; it will live $record_lifetime minutes from then on"
fi
print_answer
