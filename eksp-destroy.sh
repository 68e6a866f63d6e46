#!/usr/bin/env bash
# Destroys clusters now, waits until they are gone, and prints their records.
#
#   ./eksp-destroy.sh [--local] [--no-wait] [--if-exists] [--yes] [-o text|json] ID|NAME …
#
#   ID|NAME       the clusters; if one of several does not exist, none is destroyed
#   --local       on this machine; equivalent to EKSPHEMERAL_LOCAL=1
#   --no-wait     return as soon as the requests are recorded
#   --if-exists   ignore clusters that do not exist
#   --yes, -y     do not ask: on a terminal, eksp asks before it destroys what another caller created
#   -o            text: a sentence on stderr; json: also each record on one line. Without -o, eksp prints text
#                 on a terminal; everything else prints both
#
# Ctrl-C ends the waiting, not the destruction; nor does a failed attempt end it: the control plane
# retries until nothing is left.

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
# shellcheck source=lib/waiting.sh
. "$here/lib/waiting.sh"

# Sets clusters to the ids of those that exist, and foreign to a line for each that another caller created. Ends
# the command if any is missing.
look_up_clusters() {
  local wanted missing=() found
  clusters=() foreign=()
  for wanted in "${arguments[@]}"; do
    with_retries idempotent GET "/status/$(path_segment "$wanted")"
    if [[ $response_status == 404 ]]; then
      missing+=("$wanted")
      continue
    fi
    expect_success
    expect_record
    found=$(response_id)
    clusters+=("${found:-$wanted}")
    jq -e --arg caller "$(caller_pattern)" '.status.createdby // "" | tostring | . == "" or test($caller)' \
      <<<"$response_body" >/dev/null \
      || foreign+=("$(jq -r "$jq_text"' "  \(.name | safe_text) was created by \(.status.createdby | safe_text)"' <<<"$response_body")")
  done
  ((${#missing[@]} > 0)) || return 0
  [[ -n ${option_if_exists-} ]] \
    || fail_usage "there is no cluster ${missing[*]}; nothing is destroyed" \
      "  list clusters:       $(command_line eksp-list.sh)" "  ignore missing ones: $(command_line "$program" --if-exists "${arguments[@]}")"
  info "there is no cluster ${missing[*]}"
}

# Asks once whether to destroy what others created.
confirm() {
  local answer=
  ((${#foreign[@]} > 0)) || return 0
  printf '%s\n' "${foreign[@]}" >&2
  printf 'destroy? [y/N] ' >&2
  read -r answer || answer=
  [[ $answer == [Yy] || $answer == [Yy][Ee][Ss] ]] || fail "nothing is destroyed"
}

# remind FIRST: an interrupt prints how to come back to the clusters from that one on.
remind() {
  local reference lines=()
  for reference in "${references[@]:$1}"; do
    lines+=("  come back:  $(command_line eksp-wait.sh --for gone "$reference")")
  done
  if ((${#lines[@]} > 1)); then
    lines+=("  show them:  $(command_line eksp-list.sh)")
  else
    lines+=("  show it:    $(show_command)")
  fi
  on_interrupt "$(called_as): interrupted; what was requested goes on in the background" "${lines[@]}"
}

# Prints the outcome of the latest response.
print_outcome() {
  print_destruction
  [[ $output != json ]] || print_response
}

parse_options 'no-wait if-exists yes output=' "$@"
expect_arguments 1 100
choose_output text json text json
require_tools
for wanted in "${arguments[@]}"; do
  path_segment "$wanted" >/dev/null
done
find_endpoint

clusters=("${arguments[@]}")
may_ask=
if [[ -n $front && -z ${option_yes-} && -t 0 && -t 2 ]]; then
  may_ask=1
fi
if [[ ${#arguments[@]} -gt 1 || -n ${option_if_exists-}$may_ask ]]; then
  look_up_clusters
  [[ -z $may_ask ]] || confirm
fi

ids=() failures=() references=()
for wanted in ${clusters[@]+"${clusters[@]}"}; do
  call idempotent POST "/destroy/$(path_segment "$wanted")"
  read_record destroy-failed
  ids+=("$record_id") failures+=("$record_failures")
  references+=("$(record_reference)")
  remind 0
  if [[ -n ${option_no_wait-} ]]; then
    print_outcome
    [[ $record_state == gone ]] || info "  wait for it: $(command_line eksp-wait.sh --for gone "$(record_reference)")"
  fi
done
[[ -z ${option_no_wait-} ]] || exit 0

failed=0
for ((i = 0; i < ${#ids[@]}; i++)); do
  if ((${#ids[@]} > 1)); then
    call idempotent GET "/status/${ids[i]}"
    read_record destroy-failed
    record_failures=${failures[i]}
    remind "$i"
  fi
  # One that fails does not keep the others from being waited for.
  if wait_until_gone; then
    print_outcome
  else
    failed=1
  fi
done
exit "$failed"
