# shellcheck shell=bash
# A list that is redrawn as time passes and clusters change.

watch_events=()      # what changed, latest last
watch_changed=' '    # the ids of what changed with the latest answer
watch_problem=       # why the latest answer is missing
watch_tags=()        # the tag of the latest answer for each path
watch_frames=()      # the table for each of the coming seconds, see draw_table
watch_frames_since=0 # which second the first one is for, since the answer
watch_below=         # what is below the table

# As long as nothing changes, programs are started for a request and for ten frames, and none for each second.
frames_at_once=10
frame_line=$'\033[K\r\033[B' # ends a line and what was there, and goes down without scrolling

# watch_list PATH …: until the caller ends it. On a terminal the table is redrawn in place, elsewhere a line is
# printed for each change.
watch_list() {
  fetch_rows "$@"
  clean_rows
  set_clock
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
    echo 6
  fi
}

watch_on_terminal() {
  local seconds until key=
  seconds=$(watch_seconds)
  enter_screen
  # The last table stays on the terminal.
  trap 'leave_screen; print_list; exit 130' INT TERM
  trap 'watch_frames=()' WINCH
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

# Draws the frame for this second: the table, what changed, and what to type.
watch_draw() {
  local number=$((SECONDS - rows_at - watch_frames_since)) footer='' time
  if ((number < 0 || number >= ${#watch_frames[@]})); then
    make_frames
    number=0
  fi
  if [[ -n $watch_below ]]; then
    read_clock
    footer="$watch_below$time  q or Ctrl-C ends this${watch_problem:+; $watch_problem}"
  fi
  # The last line ends what is below it. Without wrapping, long lines are cut.
  printf '\033[H\033[?7l%s\033[J\033[?7h' "${watch_frames[number]}$footer"
}

# Sets watch_frames and watch_below.
make_frames() {
  local events=${#watch_events[@]} room event IFS=$'\n'
  measure_terminal
  ((terminal_rows > 0)) || terminal_rows=24
  ((events < terminal_rows - 7)) || events=$((terminal_rows > 9 ? terminal_rows - 8 : 0))
  room=$((terminal_rows - events - (events ? 5 : 4)))
  watch_below=
  if ((room > 0)); then
    ((events == 0)) || for event in '' "${watch_events[@]:${#watch_events[@]}-events}"; do
      watch_below+=$event$frame_line
    done
    watch_below+=$frame_line
  else
    room=1
  fi
  watch_frames_since=$((SECONDS - rows_at))
  watch_frames=()
  if [[ -n $rows ]]; then
    set -f
    # shellcheck disable=SC2207 # each line is a frame
    watch_frames=($(draw_table -v frames="$frames_at_once" -v step="$rows_speed" -v rows="$room" -v changed="$watch_changed"))
    set +f
  fi
  while ((${#watch_frames[@]} < frames_at_once)); do
    watch_frames+=("no clusters$frame_line")
  done
}

# watch_update PATH …: fetches the rows again, and sets watch_events, watch_changed and watch_problem. An answer
# that is missing ends nothing: the table stays until the next one.
watch_update() {
  local before=$rows path number=0 fetched='' id change time
  for path; do
    send GET "$path" -H "Accept: $tsv" ${watch_tags[number]:+-H "If-None-Match: ${watch_tags[number]}"}
    if [[ $response_status == 200 && $(response_header Content-Type) == "$tsv"* ]]; then
      take_rows "$path" "$number"
      watch_tags[number]=$(response_header ETag)
      [[ ${watch_tags[number]} =~ ^(W/)?\"[^\"]{1,100}\"$ ]] || watch_tags[number]=
      fetched=1
    elif [[ $response_status != 304 ]]; then
      read_clock
      watch_problem=${watch_problem:-"no answer since $time: ${response_error:-status $response_status}"}
      watch_tags=()
      return
    fi
    number=$((number + 1))
  done
  watch_problem=
  [[ -n $fetched || $watch_changed != ' ' ]] || return 0
  watch_changed=' ' watch_frames=()
  [[ -n $fetched ]] || return 0
  join_rows
  clean_rows
  set_clock
  read_clock
  while IFS=$'\t' read -r id change; do
    [[ -n $change ]] || continue
    watch_changed+="$id "
    watch_events+=("$time  $change")
  done < <(watch_changes "$before")
  while ((${#watch_events[@]} > 5)); do
    watch_events=("${watch_events[@]:1}")
  done
}

# Asks for the time of day; read_clock sets time to what has become of it since, without starting a program.
set_clock() {
  local hour minute second
  IFS=: read -r hour minute second <<<"$(date +%H:%M:%S)"
  clock_offset=$((10#$hour * 3600 + 10#$minute * 60 + 10#$second - SECONDS))
}

read_clock() {
  local seconds=$((((clock_offset + SECONDS) % 86400 + 86400) % 86400))
  printf -v time '%02d:%02d:%02d' $((seconds / 3600)) $((seconds / 60 % 60)) $((seconds % 60))
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
