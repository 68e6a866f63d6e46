#!/usr/bin/env bash
# Lists your settings, with where each comes from.
#
#   ./eksp-config.sh [--local] [-o text|json]
#
#   --local   has no effect: the settings are the same for every control plane
#   -o        text for people, or JSON on one line (on a terminal text, elsewhere JSON)
#
# Settings come from environment variables, else from ~/.config/eksphemeral/config, which has a KEY=VALUE on
# each line:
#
#   owner      who is notified of your clusters (EKSPHEMERAL_OWNER)
#   workers    the number of nodes (EKSPHEMERAL_WORKERS)
#   version    the version of Kubernetes (EKSPHEMERAL_VERSION)
#   region     the region of the control plane (AWS_REGION)
#   endpoint   the URL of the control plane, instead of looking it up (EKSPHEMERAL_URL)

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

# Before the file is read, the variables have what the environment says.
from_environment=' '
for key in $config_keys; do
  variable=$(config_variable "$key")
  [[ -z ${!variable-} ]] || from_environment+="$key "
done
parse_options 'output=' "$@"
expect_arguments 0 0
choose_output text json text json
require_tools

settings=()
for key in $config_keys; do
  variable=$(config_variable "$key")
  if [[ -z ${!variable-} ]]; then
    settings+=("$key" '' 'not set')
  elif [[ $from_environment == *" $key "* ]]; then
    settings+=("$key" "${!variable}" "$variable")
  else
    settings+=("$key" "${!variable}" "$config_file")
  fi
done
if [[ $output == json ]]; then
  # shellcheck disable=SC2016 # jq's variables
  jq -cn '[$ARGS.positional | range(0; length; 3) as $i | {key: .[$i], value: {value: .[$i + 1], from: .[$i + 2]}}]
    | map(select(.value.value != "")) | from_entries' --args "${settings[@]}"
else
  printf '%-10s%-32s%s\n' "${settings[@]}"
  [[ -e $config_file ]] || info "  there is no $config_file; it may have: owner=you@your-company.io"
fi
