#!/usr/bin/env bash
# Prints the URL of the control plane's API, looked up anew, for the page's proxy. It is no command; --local has
# the meaning that it has for them.

[[ $- == *p* ]] || exec bash -p "$0" "$@"
set -euo pipefail
here=$(cd -P "$(dirname "$0")/.." && pwd)
# shellcheck source=lib/common.sh
. "$here/lib/common.sh"

parse_options '' "$@"
expect_arguments 0 0
if is_local; then
  is_local_up || fail_local_down "${response_error:-$local_home has no record of it}"
else
  find_endpoint
  [[ -z $endpoint_cached ]] || refresh_endpoint || true # the cached one is still right
fi
printf '%s\n' "$endpoint"
