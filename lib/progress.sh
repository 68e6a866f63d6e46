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
  local spinner="|/-\\" usual='' elapsed
  progress_details=("${@:2}")
  if [[ $1 != "$progress_activity" ]]; then
    progress_activity=$1 progress_since=$SECONDS progress_printed=-30
  fi
  elapsed=$((SECONDS - progress_since))
  [[ -z ${2-} ]] || usual=" (usually $(duration "$2"))"
  usual+=${3:+: $3}
  if [[ -t 2 && ${TERM-dumb} != dumb ]]; then
    # Without wrapping (?7l) the terminal cuts a long line, so that it can be redrawn.
    printf '\r\033[?7l%s %s, %s%s\033[K\033[?7h' \
      "${spinner:progress_turn++%4:1}" "$1" "$(duration "$elapsed")" "$usual" >&2 || true
    progress_drawn=1
  elif ((elapsed >= progress_printed + 30)); then
    progress_printed=$elapsed
    printf '%s%s%s\n' "$1" "$( ((elapsed == 0)) || printf ', %s' "$(duration "$elapsed")")" "$usual" >&2 || true
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
