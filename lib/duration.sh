# shellcheck shell=bash
# Durations and moments as callers write them.

# to_minutes TEXT: prints a duration in minutes, which may be negative. Fails if it is none.
to_minutes() {
  local LC_ALL=C minutes
  if [[ $1 =~ ^-?([1-9][0-9]{0,8})$ ]]; then
    minutes=${BASH_REMATCH[1]}
  elif [[ $1 =~ ^-?(([0-9]{1,5})d)?(([0-9]{1,6})h)?(([0-9]{1,9})m)?$ ]]; then
    minutes=$(((10#0${BASH_REMATCH[2]-} * 24 + 10#0${BASH_REMATCH[4]-}) * 60 + 10#0${BASH_REMATCH[6]-}))
    ((minutes > 0)) || return
  else
    return 1
  fi
  [[ $1 != -* ]] || minutes=-$minutes
  printf %s "$minutes"
}

# parse_minutes TEXT: as to_minutes; ends the command if it is none.
parse_minutes() {
  to_minutes "$1" \
    || fail_usage "invalid minutes '$1': expected a whole number, or a duration such as 30m, 2h, 1h30m or 1d;" \
      "  at most 9 digits, not 0, without a plus sign or leading zeros"
}

# parse_moment TEXT: prints a moment in UTC. Without a zone it is local; a time of day is the next one.
# Ends the command if it is none.
parse_moment() {
  local LC_ALL=C time='([01][0-9]|2[0-3]):([0-5][0-9])' day seconds='' zone='' now noon
  if [[ $1 =~ ^$time$ ]]; then
    now=$(date +%s)
    noon=$(to_seconds '' "$(date +%Y-%m-%d) 12:00:00")
    for day in 0 1 2; do # a day on which clocks change may have no such time
      day=$(format_moment '' $((noon + day * 86400)) %Y-%m-%d)
      seconds=$(to_seconds '' "$day $1:00") || continue
      ((seconds <= now)) || break
    done
  elif [[ $1 =~ ^([0-9]{4}-[0-9]{2}-[0-9]{2})[T\ ]$time(:[0-5][0-9])?(\.[0-9]+)?(Z|[+-][0-9]{2}:?[0-9]{2})?$ ]]; then
    day=${BASH_REMATCH[1]} zone=${BASH_REMATCH[6]-}
    time=${BASH_REMATCH[2]}:${BASH_REMATCH[3]}${BASH_REMATCH[4]:-:00}
    seconds=$(to_seconds "${zone:+-u}" "$day $time") || seconds=
    zone=${zone/:/}
    if [[ -n $seconds && $zone == [+-]* ]]; then
      seconds=$((seconds - ${zone:0:1}1 * (10#${zone:1:2} * 3600 + 10#${zone:3:2} * 60)))
    fi
  fi
  [[ -n $seconds ]] \
    || fail_usage "invalid moment '$1': expected a time of day such as 18:00, or 2026-11-30T18:00, with Z or +01:00 if it is not local"
  format_moment -u "$seconds" %Y-%m-%dT%H:%M:%SZ
}

# Whether date is that of BSD and macOS, which has other options.
is_bsd_date() {
  date -j +%s >/dev/null 2>&1
}

# to_seconds -u|'' "YYYY-MM-DD HH:MM:SS": prints the seconds since 1970. Fails if there is no such moment.
to_seconds() {
  local seconds
  if is_bsd_date; then
    seconds=$(date -j ${1:+"$1"} -f '%Y-%m-%d %H:%M:%S' "$2" +%s 2>/dev/null) || return
  else
    seconds=$(date ${1:+"$1"} -d "$2" +%s 2>/dev/null) || return
  fi
  # BSD turns 31 April into 1 May.
  [[ $(format_moment "$1" "$seconds" '%Y-%m-%d %H:%M:%S') == "$2" ]] && printf %s "$seconds"
}

# format_moment -u|'' SECONDS FORMAT
format_moment() {
  if is_bsd_date; then
    date -j ${1:+"$1"} -r "$2" "+$3"
  else
    date ${1:+"$1"} -d "@$2" "+$3"
  fi
}
