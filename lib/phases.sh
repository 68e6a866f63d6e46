# shellcheck shell=bash disable=SC2016 # jq's variables
# The phases of a creation. Their times are the control plane's, so that a command that joins late shows
# the right ones; on one machine its clock may run faster, and real time is shown.

phases='[]'    # those of the last response that had some
phases_ended=0 # how many of them are shown as ended

# In jq: moments in seconds; nothing if they are none.
jq_moments='
  def moment: strings | sub("\\.[0-9]+"; "") | try fromdateiso8601 catch empty;
  def http_date:
    capture("(?<day>[0-9]{2}) (?<month>[A-Z][a-z]{2}) (?<year>[0-9]{4}) (?<time>[0-9:]{8}) GMT")?
    | .month as $month | ("JanFebMarAprMayJunJulAugSepOctNovDec" | index($month)) as $index
    | "\(.year)-\($index / 3 + 101 | tostring | .[1:])-\(.day)T\(.time)Z" | moment;'

jq_phases='
  (.status | objects) as $s
  | [limit(20; $s.phases | arrays | .[] | objects | select(.phase | strings)
      | {phase: (.phase | safe_text | gsub("[-_]"; " ") | .[:40]), at: [.at | moment][0],
         usually: ([.usually | whole | select(. != null and . >= 0)][0] // "")}
      | select(.at))] as $new
  | (if $new == [] then $phases else $new end) as $phases
  | (if $s.state == "ready" then [$s.ready | moment][0] else [$date | http_date][0] end // now) as $until
  # How long it is from one moment to another.
  | def real($from; $to): ($to - $from) / $speed | if . < 0 then 0 else floor end;
    ($phases | tojson),
    (range($phases | length) as $i | $phases[$i]
      | if $phases[$i + 1] then ["ended", .phase, real(.at; $phases[$i + 1].at)]
        elif $s.state == "ready" then ["ended", .phase, real(.at; $until)]
        else ["current", .phase, real(.at; $until), .usually] end
      | map(tostring) | join("\u001f")),
    (select($s.state == "ready") | $phases[0] // empty | "total\u001fready\u001f\(real(.at; $until))")'

# Shows the phases that have ended since the last call, and the current one. Fails if none is known.
show_phases() {
  local kind name seconds usual number=0 speed
  speed=$(response_speed)
  {
    read -r phases || phases='[]'
    while IFS=$'\037' read -r kind name seconds usual; do
      number=$((number + 1))
      if [[ $kind == current ]]; then
        can_redraw 2 || name="$record_name: $name"
        progress_since_then "$name" "$seconds"
        progress "$name" "$usual"
      elif ((number > phases_ended)); then
        phases_ended=$number
        print_ended "$name" "$seconds" "$kind"
      fi
    done
  } < <(jq -r --arg date "$(response_header Date)" --argjson speed "$speed" --argjson phases "$phases" \
    "$jq_text$jq_moments$jq_phases" <<<"$response_body" 2>/dev/null)
  [[ $phases != '[]' ]]
}

# print_ended PHASE SECONDS KIND
print_ended() {
  local mark='*' green='' reset='' name=$1 time
  time=$(duration "$2")
  if ! can_redraw 2; then
    info "$record_name: $name, $time"
    return
  fi
  ! is_utf8 || mark=✓
  ! has_colour 2 || green=$'\033[32m' reset=$'\033[0m'
  if [[ $3 == total ]]; then
    info "$green$mark$reset ready after $time"
  else
    measure_terminal 2
    name=$(shorten "$name" 14)
    info "$green$mark$reset $(printf '%-14s %11s' "$name" "$time")"
  fi
}

# Prints when the cluster in the response expires, by the caller's clock, in seconds since 1970.
expiry_seconds() {
  local speed
  speed=$(response_speed)
  jq -r --arg date "$(response_header Date)" --argjson speed "$speed" \
    "$jq_moments"'now as $now | (.status.expires | moment) - ([$date | http_date][0] // $now) | $now + . / $speed | floor' \
    <<<"$response_body" 2>/dev/null
}
