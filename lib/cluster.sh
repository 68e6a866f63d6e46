# shellcheck shell=bash disable=SC2034,SC2154 # names are shared among the files in lib/
# One cluster: its record, and watching it.

# read_record FAILED-STATE: sets record_… from the answer; the reason is that of the last time it
# came to FAILED-STATE, which outlives the state. Name and id become parts of commands and paths, so
# that they have to be ones.
read_record() {
  local fields
  # The separator is no white space, so that an empty field stays one.
  fields=$(jq -e -r --arg failed "$1" "$record_fields" <<<"$answer_body" 2>/dev/null) \
    || die "the control plane's answer is no record of a cluster: $(plain_answer)"
  IFS=$'\037' read -r record_name record_id record_state record_ready record_expires \
    record_minutesleft record_lifetime record_usually record_provider record_failures \
    record_cost record_reason <<<"$fields"
}

# shellcheck disable=SC2016 # the variables are jq's
record_fields="$plain"'
  .status as $s
  | select((.name | test("\\A[A-Za-z0-9][A-Za-z0-9-]*\\z")) and ($s.id | test("\\A[0-9a-f-]{36}\\z")))
  | [$s.history // [] | .[] | select(.state == $failed)] as $failures
  | [.name, $s.id, $s.state, $s.ready, $s.expires, $s.minutesleft, $s.lifetime, ($s.usually | if . then ceil else . end),
     $s.provider, ($failures | length),
     ($s.cost | if . then dollars else . end),
     (($failures | last | .why) // $s.error // ($s.history // [] | last | .why))]
  | map(. // "" | plain) | join("\u001f")'

# list_leftovers: what the last attempt to destroy the cluster, or each of the clusters, of the answer
# still found, a line each.
list_leftovers() {
  jq -r "$plain"' (if type == "array" then .[] else . end) | .name as $name
    | .status | objects | select(.state == "destroy-failed" or .state == "destroying") | .leftovers // []
    | (.[:20][] | "  \($name) still has: \(plain)"),
      (select(length > 20) | "  and \(length - 20) more, under leftovers in its record")' <<<"$answer_body"
}

# watch FAILED-STATE: shows the state of the cluster of the record, and reads it again after a while.
watch() {
  progress "$record_name: $record_state" "$record_usually"
  pause
  call_again_if_lost GET "/status/$record_id"
  read_record "$1"
}

# In AWS minutes go by, and every question costs something, if little.
pause() {
  local second
  if is_local; then
    sleep 0.3
  elif is_aws; then
    for second in 1 2 3 4 5; do
      sleep 1
      progress_again
    done
  else
    sleep 1
  fi
}

# Reads all records.
read_clusters() {
  call_again_if_lost GET /clusters
  take_clusters "$answer_body"
}

# take_clusters RECORDS: sets cluster_ids to those of the clusters that are not gone, clusters_left to
# how many these are, and clusters_shown to a line for each; and records_kept to a line for each
# record that is left alone, behind which there may be a cluster too.
take_clusters() {
  local id line
  cluster_ids=() clusters_shown=''
  while IFS=' ' read -r id line; do
    cluster_ids+=("$id")
    clusters_shown+=${clusters_shown:+$'\n'}"  $id $line"
  done < <(jq -r "$plain"'.[] | select(.status.state | . != null and . != "gone" and . != "unreadable")
    | "\(.status.id) \(.name) \(.status.state)" | plain' <<<"$1")
  records_kept=$(jq -r "$plain"'.[] | if .status == null then "  \(.name), of EKSphemeral of 2019"
      elif .status.state == "unreadable" then "  \(.status.id), which cannot be read" else empty end
    | plain' <<<"$1")
  clusters_left=${#cluster_ids[@]}
}

last_words=() # what people have to know when the waiting ends too early

# when_interrupted LINE …: from here on Ctrl-C only ends the waiting, and says this.
when_interrupted() {
  last_words=("$@")
  trap 'say "" "${last_words[@]}"; exit 130' INT TERM
}

# ends_at: when the cluster of the record ends, in words.
ends_at() {
  local speed
  printf '%s %s UTC' "${record_expires%T*}" "${record_expires:11:5}"
  case $record_minutesleft in
    '') return ;;
    1) printf ', in 1 minute' ;;
    *) printf ', in %s minutes' "$record_minutesleft" ;;
  esac
  speed=$(answer_header Eksphemeral-Speed)
  [[ ${speed:-1} == 1 ]] || printf ' of its clock, which runs %s times as fast' "$speed"
}
