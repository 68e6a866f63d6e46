# shellcheck shell=bash
# A list that is redrawn as time passes and clusters change.

watch_events=()   # what changed, latest last
watch_changed=' ' # the ids of what changed with the latest answer
watch_problem=    # why the latest answer is missing

# watch_list PATH …: until the caller ends it. On a terminal the table is redrawn in place, elsewhere a line is
# printed for each change.
watch_list() {
  fetch_rows "$@"
  if can_redraw 1; then
    watch_on_terminal "$@"
  else
    print_list
    while true; do
      sleep "$(watch_seconds)"
      watch_update "$@"
      [[ -z $watch_problem ]] || info "$watch_problem"
      ((${#watch_events[@]} == 0)) || printf '%s\n' "${watch_events[@]}"
      watch_events=()
    done
  fi
}

# Prints how long it is from one answer to the next. In AWS each call costs a little.
watch_seconds() {
  if is_aws_endpoint; then
    echo 10
  else
    echo 3
  fi
}

watch_on_terminal() {
  local seconds until key=
  seconds=$(watch_seconds)
  enter_screen
  # The last table stays on the terminal.
  trap 'leave_screen; print_list; exit 130' INT TERM
  while true; do
    until=$((SECONDS + seconds)) # however many keys are pressed
    while ((SECONDS < until)); do
      watch_draw
      if [[ -t 0 ]]; then
        key=
        read -r -s -n 1 -t 1 key || true
        if [[ $key == q ]]; then
          leave_screen
          print_list
          return
        fi
      else
        sleep 1
      fi
    done
    watch_update "$@"
  done
}

# Draws one frame: the table, what changed, and what to type.
watch_draw() {
  local frame room events=${#watch_events[@]} footer
  measure_terminal
  ((terminal_rows > 0)) || terminal_rows=24
  ((events < terminal_rows - 7)) || events=$((terminal_rows > 9 ? terminal_rows - 8 : 0))
  room=$((terminal_rows - events - (events ? 5 : 4)))
  ((room > 0)) || room=1
  footer="$(date +%H:%M:%S)  q or Ctrl-C ends this${watch_problem:+; $watch_problem}"
  if [[ -z $rows ]]; then
    frame="no clusters"
  else
    frame=$(draw_table -v live=1 -v rows="$room" -v changed="$watch_changed")
  fi
  frame+=$'\n'
  ((events == 0)) || frame+=$(printf '\n%s' "${watch_events[@]:${#watch_events[@]}-events}")$'\n'
  frame+=$'\n'$footer
  ((terminal_rows > 4)) || frame=$(head -n "$terminal_rows" <<<"$frame")
  # Each line ends the rest of what was there; the last one what is below. Without wrapping, long lines are cut.
  printf '\033[H\033[?7l%s\033[J\033[?7h' "${frame//$'\n'/$'\033[K\r\n'}"
}

# watch_update PATH …: fetches the rows again, and sets watch_events, watch_changed and watch_problem. An answer
# that is missing ends nothing: the table stays until the next one.
watch_update() {
  local before=$rows path all='' id change
  watch_problem=
  for path; do
    send GET "$path" -H "Accept: $tsv"
    if [[ $response_status != 200 || $(response_header Content-Type) != "$tsv"* ]]; then
      watch_problem="no answer since $(date +%H:%M:%S): ${response_error:-status $response_status}"
      return
    fi
    take_rows
    all+=$rows
  done
  rows=$all watch_changed=' '
  while IFS=$'\t' read -r id change; do
    [[ -n $change ]] || continue
    watch_changed+="$id "
    watch_events+=("$(date +%H:%M:%S)  $change")
  done < <(watch_changes "$before")
  while ((${#watch_events[@]} > 5)); do
    watch_events=("${watch_events[@]:1}")
  done
}

# watch_changes BEFORE: prints the id and the change of each cluster that differs.
watch_changes() {
  { printf %s "$1" && printf '\n' && printf %s "$rows"; } | LC_ALL=C awk -F '\t' '
    $0 == "" { now = 1; next }
    !now { name[$1] = $2; state[$1] = $3; granted[$1] = $5; next }
    !($1 in state) { print $1 "\t" $2 ": " $3; next }
    { seen[$1] = 1 }
    $3 != state[$1] { print $1 "\t" $2 ": " state[$1] " -> " $3; next }
    $5 != granted[$1] { print $1 "\t" $2 ": " ($5 + 0 > granted[$1] + 0 ? "extended" : "shortened") " to " $5 " minutes in all" }
    END { for (id in state) if (!(id in seen)) print id "\t" name[id] ": " state[id] " -> gone" }'
}
