#!/usr/bin/env bash
# Prints what the tasks of a cluster printed, oldest first.
#
#   ./eksp-logs.sh [--local] [-f] ID|NAME
#
#   ID|NAME        the cluster; also one that has been gone for less than 30 days
#   --local        on this machine; equivalent to EKSPHEMERAL_LOCAL=1
#   -f, --follow   continue until the cluster is neither being created nor destroyed
#
# Each line begins with its time in UTC. On AWS you need logs:GetLogEvents, see docs/installing.md.

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
# shellcheck source=lib/logs.sh
. "$here/lib/logs.sh"

parse_options 'follow' "$@"
expect_arguments 1 1
require_tools
path_segment "${arguments[0]}" >/dev/null
find_endpoint
is_aws_endpoint || require_private_home
find_cluster idempotent "${arguments[0]}"
read_record ''
make_scratch
trap 'exit 130' INT TERM

followed=
while true; do
  print_tasks
  [[ -n ${option_follow-} && ($record_state == creating || $record_state == destroying) ]] || break
  followed=1
  sleep "$(follow_delay)"
  call idempotent GET "/status/$record_id"
  read_record ''
done
# CloudWatch Logs may have the last lines a little later.
if [[ -n $followed ]] && is_aws_endpoint; then
  sleep "$(follow_delay)"
  print_tasks
fi

if [[ -z $printed ]]; then
  [[ -n $launched ]] || fail "no task of $record_name has been launched yet, so there is no log"
  [[ $record_state != creating && $record_state != destroying ]] \
    || fail "the tasks of $record_name have not printed anything yet" \
      "  wait for it: $(command_line "$program" --follow "$record_id")"
  fail "the logs of $record_name are no longer available; they are kept for 30 days"
fi
