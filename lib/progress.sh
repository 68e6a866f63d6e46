# shellcheck shell=bash
# The progress line: redrawn in place on a terminal. Elsewhere a line is printed when the activity
# changes and every 30 seconds, so that a log shows progress.

progress_activity=  # its time is counted for as long as it stays the same
progress_details=() # the other arguments of progress
progress_since=0
progress_printed=0 # when the last line was printed
progress_turn=0
progress_drawn= # whether the cursor is in a progress line

# progress ACTIVITY [USUAL-SECONDS [DETAIL]]: to be called repeatedly while the activity goes on.
progress() {
  local spinner="|/-\\" usual='' elapsed line room
  progress_details=("${@:2}")
  if [[ $1 != "$progress_activity" ]]; then
    progress_activity=$1 progress_since=$SECONDS progress_printed=-30
  fi
  elapsed=$((SECONDS - progress_since))
  [[ -z ${2-} ]] || usual=$(duration "$2") usual=" (usually ${usual% 0 s})"
  usual+=${3:+: $3}
  if can_redraw 2; then
    measure_terminal 2
    line=", $(duration "$elapsed")"
    line=$(shorten "$1" $((terminal_columns - ${#line} - 2)))$line
    room=$((terminal_columns - ${#line} - 2))
    if ((terminal_columns && ${#usual} > room)); then
      usual=${3:+${usual:0:room>0?room:0}}
    fi
    # Without wrapping (?7l) the terminal cuts a long line, so that it can be redrawn.
    printf '\r\033[?7l%s %s%s\033[K\033[?7h' "${spinner:progress_turn++%4:1}" "$line" "$usual" >&2 || true
    progress_drawn=1
  elif ((elapsed >= progress_printed + 30)); then
    progress_printed=$elapsed
    printf '%s%s%s\n' "$1" "$( ((elapsed == 0)) || printf ', %s' "$(duration "$elapsed")")" "$usual" >&2 || true
  fi
}

# progress_since_then ACTIVITY SECONDS: the activity began that long ago. Its first line is printed when it
# takes 30 seconds, unless it is the first activity.
progress_since_then() {
  local since=$((SECONDS - $2))
  if [[ $1 == "$progress_activity" ]]; then
    # Responses are rounded, and time does not go back.
    ((since >= progress_since - 1 && since <= progress_since + 1)) || progress_since=$since
    return
  fi
  progress_printed=0
  [[ -n $progress_activity ]] || progress_printed=-30
  progress_activity=$1 progress_since=$since
}

# shorten TEXT COLUMNS: cuts it, before ": " if that is in it. Prints all of it if the width is unknown.
shorten() {
  local head=${1%%: *} tail='' mark=... width=$2
  ! is_utf8 || mark=…
  [[ $head == "$1" ]] || tail=${1#"$head"}
  if ((terminal_columns == 0 || ${#1} <= width)); then
    printf %s "$1"
  elif ((width - ${#tail} - ${#mark} > 0)); then
    printf %s "${head:0:width-${#tail}-${#mark}}$mark$tail"
  else
    printf %s "${1:0:width>0?width:0}"
  fi
}

# Clears the line for what is printed next.
end_progress() {
  [[ -z $progress_drawn ]] || printf '\r\033[K' >&2 || true
  progress_drawn=
}

# run_with_progress ACTIVITY COMMAND …: runs a command; its output is in $scratch/stderr.
run_with_progress() {
  local pid
  "${@:2}" >"$scratch/stderr" 2>&1 </dev/null &
  pid=$!
  while is_running "$pid"; do
    progress "$1"
    sleep 0.3
  done
  wait "$pid"
}

# is_running PID: a process that has ended and was not waited for is not running.
is_running() {
  kill -0 "$1" 2>/dev/null && [[ $(ps -o stat= -p "$1" 2>/dev/null) != Z* ]]
}

# duration SECONDS
duration() {
  if (($1 < 120)); then
    printf '%d s' "$1"
  else
    printf '%d min %d s' $(($1 / 60)) $(($1 % 60))
  fi
}
