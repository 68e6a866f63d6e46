#!/usr/bin/env bash
# Opens a page with the clusters, their countdowns and logs, to create, prolong and destroy them.
#
#   ./eksp-ui.sh [--local] [--no-open]
#
#   --local     on this machine, without an AWS account; builds and starts the control plane if
#               needed; equivalent to EKSPHEMERAL_LOCAL=1
#   --no-open   only print the page's link
#
# The page is served on 127.0.0.1, for the browser that opens the link first, until Ctrl-C or until no page has
# asked for anything for four hours. Requests to AWS are signed with your current credentials, which the page
# does not get.

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

idle_seconds=14400

# Prints the program that opens a file in the browser, if there is one.
browser_opener() {
  if [[ $(uname) == Darwin ]]; then
    command -v open || true
  elif [[ -n ${DISPLAY-}${WAYLAND_DISPLAY-} ]]; then
    command -v xdg-open || true
  fi
}

parse_options 'no-open' "$@"
expect_arguments 0 0
require_tools
require_jdk
if is_local; then
  on_interrupt "$(called_as): interrupted; the control plane may still be starting" \
    "  stop it: $(command_line eksp-down.sh)"
  is_local_up || start_local 1
  trap - INT TERM
else
  build_if_needed "$local_jar"
  find_endpoint
fi

if is_aws_endpoint; then
  where=$(location)
else
  region='' caller=arn:aws:iam::000000000000:user/$(id -un)
  where="this machine"
  # The commands that the page shows name the edition, as they may be pasted elsewhere.
  ! is_local || option_local=1
fi
opener=
[[ -n ${option_no_open-} ]] || opener=$(browser_opener)
if [[ -n $opener ]]; then
  info "opening this link, which works once; Ctrl-C ends the page"
else
  info "open this link, which works once; Ctrl-C ends the page"
fi
on_exit
exec "$jdk/bin/java" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto -Xmx192m \
  -cp "$local_jar" io.eksphemeral.local.ui.UiProxy --api "$endpoint" --region "$region" --where "$where" \
  --caller "$caller" --owner "${EKSPHEMERAL_OWNER-}" --command "$(command_line eksp-COMMAND.sh)" \
  --scripts "$here" --opener "$opener" --certificates "$ca_bundle" --idle-seconds "$idle_seconds"
