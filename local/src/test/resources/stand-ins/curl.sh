#!/usr/bin/env bash
# Stands in for curl: writes down how it was called, a line each, in curl.calls, and is curl then,
# unless a test has said in the file curl.does what is to be done instead.

set -u
printf '%s\n' "${*//$'\n'/ }" >>"$ACCOUNT/curl.calls"
if [[ -e $ACCOUNT/curl.does ]]; then
  # shellcheck disable=SC1091 # what a test says
  . "$ACCOUNT/curl.does"
fi
exec "$ACCOUNT/curl" "$@"
