#!/usr/bin/env bash
# Changes when a cluster expires.
#
#   ./eksp-prolong.sh [--local] [-o text|json] ID|NAME DURATION
#   ./eksp-prolong.sh [--local] [-o text|json] --until MOMENT ID|NAME
#
#   ID|NAME          the cluster
#   DURATION         how much later it expires: minutes, or 30m, 2h, 1h30m; a negative one makes that earlier
#   --until MOMENT   when it expires: 18:00 is the next one in your time zone, or an ISO moment
#   --local          on this machine; equivalent to EKSPHEMERAL_LOCAL=1
#   -o               text: a sentence on stderr; json: also the record on one line. Without -o, eksp prints text
#                    on a terminal; everything else prints both

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

parse_options 'until= output=' "$@"
if [[ -n ${option_until+given} ]]; then
  expect_arguments 1 1
  moment=$(parse_moment "$option_until")
else
  expect_arguments 2 2
  minutes=$(parse_minutes "${arguments[1]}")
fi
choose_output text json text json
require_tools
cluster=$(path_segment "${arguments[0]}")
find_endpoint

if [[ -n ${moment-} ]]; then
  find_cluster once "${arguments[0]}"
  read_record create-failed
  [[ -n $record_expires ]] \
    || fail_usage "$record_name is $record_state: only a cluster that is ready has an expiry" \
      "  show it: $(show_command)"
  minutes=$(jq -n --arg from "$record_expires" --arg to "$moment" \
    'def seconds: sub("\\.[0-9]+"; "") | fromdateiso8601; ($to | seconds) - ($from | seconds) | . / 60 | ceil')
  # The control plane's clock decides, which may run faster than this machine's.
  [[ -z $record_minutes_left ]] || ((minutes + record_minutes_left > 0)) \
    || fail_usage "invalid moment '$option_until': it is in the past" \
      "  destroy $record_name now: $(command_line eksp-destroy.sh "$(record_reference)")"
  if ((minutes == 0)); then
    info "$record_name expires $(describe_expiry) already"
    [[ $output != json ]] || print_response
    exit
  fi
  cluster=$record_id
fi
call once POST "/prolong/$cluster/$minutes"
read_record create-failed
if [[ -n $record_expires ]]; then
  info "$record_name expires $(describe_expiry)"
else
  info "$record_name is not ready yet; it expires $record_lifetime minutes after it is ready"
fi
[[ $output != json ]] || print_response
