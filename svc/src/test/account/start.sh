#!/usr/bin/env bash
# Starts an AWS account on this machine, with nothing in it, and prints what to export to be a user of
# it who may do everything; then an empty line.
#
#   svc/src/test/account/start.sh [MAIL …]
#
#   MAIL   an address whose owner clicks the link in the mail that SES sends to verify it
#
# It is there until its standard input ends (Ctrl-D), on which it does what account.py describes. In
# another terminal, with those exports:
#
#   export EKSPHEMERAL_SVC_BUCKET=eks-svc EKSPHEMERAL_CLUSTERMETA_BUCKET=eks-cluster-meta
#   ./eksp-up.sh
#
# Time goes as it does, but a schedule's minute takes a second. The mails that were sent are at
# $AWS_ENDPOINT_URL/_ministack/ses/messages.

set -euo pipefail
here=$(CDPATH='' cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../../.." && pwd)
case ${1-} in
  -h | --help)
    sed -n -e 1d -e '/^#/!q' -e 's/^# \{0,1\}//p' "$0"
    exit
    ;;
esac

"$here/../install.sh" emulator task >&2
# shellcheck disable=SC1091,SC2030,SC2154 # as the commands have it, and only in here
JAVA_HOME=$(here=$root && . "$root/lib/common.sh" && require_jdk && echo "$jdk")
export JAVA_HOME
folder=$(mktemp -d "${TMPDIR:-/tmp}/aws.XXXXXX")
log=$folder/log
trap 'rm -rf -- "$folder"' EXIT

# shellcheck disable=SC2031,SC2094 # the log is read once it is whole
{
  for mail; do
    jq -cn --arg mail "$mail" '{do: "click", with: [$mail]}'
  done
  cat
} | "$root/.emulator/bin/python" "$here/account.py" "$folder/account" 2>"$log" | {
  read -r about || {
    cat "$log" >&2
    exit 1
  }
  jq -r '(.environment | to_entries[] | "export \(.key)=\(.value | @sh)"),
    "export PATH=\(.path | @sh):$PATH", ""' <<<"$about"
  for _; do
    read -r _ # what became of the clicks
  done
  echo "the account is up; its log is $log; Ctrl-D ends it" >&2
  cat
}
