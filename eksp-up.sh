#!/usr/bin/env bash
# Starts EKSphemeral's control plane.
#
#   ./eksp-up.sh --local [--speed N]
#
#   --local     on this machine, with no AWS account; EKSPHEMERAL_LOCAL=1 says the same
#   --speed N   let its clock run N times as fast, 1 to 3600, to watch a whole life in a minute
#
# Builds it first where that is needed, with a JDK of version 25 or newer. What it knows it keeps in
# EKSPHEMERAL_HOME (.eksphemeral beside this script); it listens on EKSPHEMERAL_PORT (8470) of this
# machine, where nobody else can reach it.

set -euo pipefail
here=$(CDPATH='' cd "$(dirname "$0")" && cd "$(dirname "$(readlink "${0##*/}" || echo .)")" && pwd)
# shellcheck source=lib/common.sh
. "$here/lib/common.sh"

parse_options 'speed=' "$@"
expect_arguments 0 0
speed=${option_speed-1}
if ! [[ $speed =~ ^[1-9][0-9]{0,3}$ ]] || ((speed > 3600)); then
  wrong_use "--speed takes a whole number from 1 to 3600, not '$speed'"
fi
need_tools
is_local || only_local_yet

if ! is_local_up; then
  start_local "$speed"
elif [[ $local_speed == "${option_speed-$local_speed}" ]]; then
  say "the control plane is already up at $endpoint ($local_provider)"
else
  die "the control plane is already up at $endpoint, with speed $local_speed" \
    "  to change it: $(command_for eksp-down.sh) && $(command_for eksp-up.sh --speed "$speed")"
fi
