#!/usr/bin/env bash
# Prints the credentials that the commands sign with, for the page's proxy: the id of the key, the key, the
# session's token and when they expire in seconds since 1970, a line each. It is no command; the proxy reads
# them through a pipe.

[[ $- == *p* ]] || exec bash -p "$0" "$@"
set -euo pipefail
here=$(cd -P "$(dirname "$0")/.." && pwd)
# shellcheck source=lib/common.sh
. "$here/lib/common.sh"

[[ ! -t 1 ]] || fail_usage "credentials are not shown on a terminal"
require_aws_cli
find_region || fail_aws "the configuration of the aws CLI cannot be read"
find_ca_bundle
read_credentials || fail_aws "there are no credentials to sign with"
# Expired ones are exported, too.
read_identity || fail_aws "the credentials are no longer valid"
printf '%s\n' "$signing_key" "$signing_secret" "$signing_token" "$signing_expires"
