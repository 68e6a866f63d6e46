#!/usr/bin/env bash
# Prints the versions of the commands and of the control plane.
#
#   ./eksp-version.sh [--local] [-o text|json]
#
#   --local   on this machine; equivalent to EKSPHEMERAL_LOCAL=1
#   -o        text for people, or JSON on one line (on a terminal text, elsewhere JSON)

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

# Prints the endpoint and the provider of the control plane; nothing if it cannot be reached.
find_control_plane() (
  find_endpoint 2>/dev/null
  send GET /status --max-time 5 2>/dev/null
  [[ $response_status == 200 ]] || exit 0
  provider=$(response_header Eksphemeral-Provider)
  [[ -n $provider ]] || ! is_aws_endpoint || provider="eksctl on Fargate"
  printf '%s\n%s\n' "$endpoint" "$provider"
)

parse_options 'output=' "$@"
expect_arguments 0 0
choose_output text json text json
require_tools

# A release has these files; a clone has git and Maven's file.
if [[ -f $here/VERSION ]]; then
  version=$(<"$here/VERSION") commit=$(<"$here/COMMIT")
else
  version=$(sed -n 's/^  <version>\(.*\)<\/version>/\1/p' "$here/pom.xml" | head -n 1)
  commit=$(git -C "$here" rev-parse HEAD 2>/dev/null) || commit=
fi
endpoint='' provider=''
{
  read -r endpoint
  read -r provider
} < <(find_control_plane) || true

if [[ $output == json ]]; then
  jq -cn --arg version "$version" --arg commit "$commit" --arg endpoint "$endpoint" --arg provider "$provider" \
    '{$version, $commit, $endpoint, $provider} | map_values(if . == "" then null else . end)'
else
  printf '%-15s%s\n' version "$version" commit "${commit:-unknown}" endpoint "${endpoint:-no control plane responds}" \
    provider "${provider:--}"
fi
