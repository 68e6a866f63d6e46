# shellcheck shell=bash disable=SC2034,SC2154 # names are shared among the files in lib/
# The live line. On a terminal it is redrawn in place; elsewhere there is a plain line when
# something changes, and one every half a minute, so that a log shows that it goes on.

progress_what=   # what goes on; its time is counted for as long as it stays the same
progress_more=() # what else was said of it
progress_since=0
progress_told=0 # when the last plain line was written
progress_turn=0
progress_drawn= # whether the cursor stands in a live line

# progress WHAT [USUAL-SECONDS [DETAIL]]: to be called again and again while WHAT goes on.
progress() {
  local spinner="|/-\\" usual='' elapsed
  progress_more=("${@:2}")
  if [[ $1 != "$progress_what" ]]; then
    progress_what=$1 progress_since=$SECONDS progress_told=-30
  fi
  elapsed=$((SECONDS - progress_since))
  [[ -z ${2-} ]] || usual=" (usually $(duration "$2"))"
  usual+=${3:+: $3}
  if [[ -t 2 && ${TERM-dumb} != dumb ]]; then
    # Not wrapping (?7l) cuts what is too long for the terminal, so that it can be redrawn.
    printf '\r\033[?7l%s %s, %s%s\033[K\033[?7h' \
      "${spinner:progress_turn++%4:1}" "$1" "$(duration "$elapsed")" "$usual" >&2 || true
    progress_drawn=1
  elif ((elapsed >= progress_told + 30)); then
    progress_told=$elapsed
    printf '%s%s%s\n' "$1" "$( ((elapsed == 0)) || printf ', %s' "$(duration "$elapsed")")" "$usual" >&2 || true
  fi
}

# The same goes on, as a clock shows that still goes.
progress_again() {
  progress "$progress_what" ${progress_more[@]+"${progress_more[@]}"}
}

# Clears the live line for what is to be printed next.
end_progress() {
  [[ -z $progress_drawn ]] || printf '\r\033[K' >&2 || true
  progress_drawn=
}

# duration SECONDS: in words.
duration() {
  if (($1 < 120)); then
    printf '%d s' "$1"
  else
    printf '%d min %d s' $(($1 / 60)) $(($1 % 60))
  fi
}
