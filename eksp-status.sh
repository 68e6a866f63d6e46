#!/usr/bin/env bash
# Shows a cluster: its state, what happened to it, and what to do next.
#
#   ./eksp-status.sh [--local] [-o text|json] ID|NAME
#
#   ID|NAME   the cluster; also for 30 days after it is gone
#   --local   on this machine; equivalent to EKSPHEMERAL_LOCAL=1
#   -o        text for people, or the record as JSON on one line (on a terminal text, elsewhere JSON)

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

# Prints the record for people.
print_status() {
  local bold='' reset='' text
  if has_colour 1; then
    bold=$'\033[1m' reset=$'\033[0m'
  fi
  measure_terminal
  text=$(jq -r --arg bold "$bold" --arg reset "$reset" --arg expiry "$expiry" --argjson columns "$terminal_columns" "$jq_text$jq_fields"'
    def minute: tostring | "\(.[:10]) \(.[11:16])" | safe_text;
    def section($title): if length == 0 then empty else "", $title, (.[] | indented(2)) end;
    .status as $s | ($s.history // []) as $history
    | (.name // "-" | safe_text) as $name | ($s.state // "not managed" | safe_text) as $state
    | ($history | map(select(has("minutes") | not)) | last | if . then "since \(.at | minute) UTC" else "" end) as $since
    | "\($bold)\($name)\($reset) is \($bold)\($state)\($reset)"
      + if $since == "" then ""
        elif $columns == 0 or ($name + $state + $since | length) + 6 <= $columns then ", " + $since
        else ",\n  " + $since end,
      ($expiry | field("expires")),
      ($s.phase | field("phase")),
      owner_field,
      ($s.createdby | field("created by")),
      version_fields,
      ($s.cost | if . then "at most " + dollars else empty end | field("cost so far")),
      ($s.provider | field("provider")),
      ($s.id | field("id")),
      ($s.error | field("error")),
      ($history | if length == 0 then empty else "", "What happened (UTC):", (.[]
        | (.why // "" | safe_text) as $why
        | "  \(.at | minute)  \(.state | tostring | safe_text | if $why == "" then . else . + "               " | .[:16] end)" as $when
        | if $columns == 0 or ($when + $why | length) <= $columns then $when + $why
          else ($when | sub(" +$"; "")), ($why | indented(4)) end) end),
      ([$s.leftovers // [] | .[:20][] | safe_text] | section("Left over:")),
      (if $s.state | . == "create-failed" or . == "destroy-failed" then [$s.log // [] | .[-10:][] | safe_text] else [] end | section("End of the log:"))' \
    <<<"$response_body" 2>/dev/null) \
    || fail "the control plane's response is not a cluster record: $(response_excerpt)"
  printf '%s\n' "$text"
}

# Prints what to type next in the cluster's state. Once it is gone, its name belongs to another one.
print_next_commands() {
  local reference=$record_name
  printf '\nNext:\n'
  case $record_state in
    creating)
      next_command 'wait for it' eksp-wait.sh "$record_name"
      next_command 'destroy it' eksp-destroy.sh "$record_name"
      ;;
    ready)
      ! has_kubeconfig || next_command 'use it' eksp-shell.sh "$record_name"
      next_command 'extend it' eksp-prolong.sh "$record_name" 30m
      next_command 'destroy it' eksp-destroy.sh "$record_name"
      ;;
    gone) reference=$record_id ;;
    create-failed | destroying | destroy-failed)
      next_command 'wait until it is gone' eksp-wait.sh --for gone "$record_name"
      ;;
  esac
  next_command 'see its log' eksp-logs.sh "$reference"
}

# next_command LABEL SCRIPT ARGUMENT …
next_command() {
  local command
  command=$(command_line "${@:2}")
  if ((terminal_columns == 0 || ${#command} + 25 <= terminal_columns)); then
    printf '  %-23s%s\n' "$1:" "$command"
  else
    printf '  %s:\n    %s\n' "$1" "$command"
  fi
}

parse_options 'output=' "$@"
expect_arguments 1 1
choose_output text json text json
require_tools
path_segment "${arguments[0]}" >/dev/null
find_endpoint
find_cluster once "${arguments[0]}"
if [[ $output == json ]]; then
  print_response
  exit
fi
expect_record
expiry=
if jq -e '.status.id and (.status.state != "unreadable")' <<<"$response_body" >/dev/null; then
  read_record destroy-failed
  [[ $record_state != ready ]] || expiry=$(describe_expiry)
fi
print_status
[[ -z ${record_state-} ]] || print_next_commands
