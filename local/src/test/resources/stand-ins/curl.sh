#!/usr/bin/env bash
# Stands in for curl: writes down how it was called, a line each, in curl.calls, and is curl then,
# unless a test has said in the file curl.does what is to be done instead. Refuses whatever any curl
# would refuse from the oldest that docs/installing.md names, 7.75, to the newest.

set -u
printf '%s\n' "${*//$'\n'/ }" >>"$ACCOUNT/curl.calls"

# refuse CODE MESSAGE
refuse() {
  printf 'curl: %s\n' "$2" >&2
  exit "$1"
}

of_7_75=' -D -H -K -X -g -q -sS -w --aws-sigv4 --cacert --connect-timeout --data-binary --max-time
  --noproxy --path-as-is --suppress-connect-headers --version '
for word in "$@"; do
  [[ $word != -?* || $of_7_75 =~ [[:space:]]"$word"[[:space:]] ]] || refuse 2 "option $word: is unknown"
done
if [[ " $* " == *' --aws-sigv4 '* && " $* " == *' --path-as-is '* ]]; then # 8.14 and newer
  refuse 43 '(43) Cannot use sigv4 authentication with path-as-is flag'
fi
if [[ -e $ACCOUNT/curl.does ]]; then
  # shellcheck disable=SC1091 # what a test says
  . "$ACCOUNT/curl.does"
fi
exec "$ACCOUNT/curl" "$@"
