# shellcheck shell=bash
# Cluster records: reading, waiting, listing.

# read_record FAILED-STATE: sets record_… from the response. record_reason is why the cluster last came to
# FAILED-STATE, else why it is in its state. Name and id become parts of commands and paths, so they must
# be valid.
read_record() {
  local fields
  # shellcheck disable=SC2016 # jq's variables
  fields=$(jq -e -r --arg failed "$1" "$jq_text"'
    .status as $s
    | select((.name | test("\\A[A-Za-z0-9][A-Za-z0-9-]*\\z")) and ($s.id | test("\\A[0-9a-f-]{36}\\z")))
    | [$s.history // [] | .[] | select(.state == $failed)] as $failures
    | [.name, $s.id, $s.state, $s.ready, $s.expires, ($s.minutesleft, $s.lifetime, $s.usually | whole),
       $s.provider, ($failures | length),
       ($s.cost | if . then dollars else . end),
       (($failures | last | .why) // $s.error // ($s.history // [] | last | .why))]
    | map(. // "" | safe_text) | join("\u001f")' <<<"$response_body" 2>/dev/null) \
    || fail "the control plane's response is not a cluster record: $(response_excerpt)"
  # The separator is no white space, so that empty fields are kept.
  # shellcheck disable=SC2034 # no command uses all of them
  IFS=$'\037' read -r record_name record_id record_state record_ready record_expires \
    record_minutes_left record_lifetime record_usual_seconds record_provider record_failures \
    record_cost record_reason <<<"$fields"
}

# Ends the command unless the response is a record; it may be one from 2019, without an id.
expect_record() {
  jq -e 'type == "object" and (.status | . == null or type == "object")' <<<"$response_body" >/dev/null 2>&1 \
    || fail "the control plane's response is not a cluster record: $(response_excerpt)"
}

# poll_record FAILED-STATE: shows the cluster's phase or state, and reads its record again after a while.
poll_record() {
  if [[ $record_state != creating ]] || ! show_phases; then
    progress "$record_name: $record_state" "$record_usual_seconds"
  fi
  poll_delay
  call idempotent GET "/status/$record_id"
  read_record "$1"
}

# In AWS clusters take minutes, and each call costs a little.
poll_delay() {
  local count=1
  is_local && sleep 0.3 && return
  ! is_aws_endpoint || count=5
  [[ ${record_state-} != ready || ${record_minutes_left:-0} -lt 3 ]] || count=60
  while ((count--)); do
    [[ -z ${wait_seconds-} ]] || ((SECONDS - ${wait_since:-0} < wait_seconds)) || break
    sleep 1
    progress "$progress_activity" ${progress_details[@]+"${progress_details[@]}"}
  done
}

# Prints what the last attempt to destroy each cluster in the response still found, a line each.
list_leftovers() {
  # shellcheck disable=SC2016 # jq's variables
  jq -r "$jq_text"' (if type == "array" then .[] else . end) | .name as $name
    | .status | objects | select(.state == "destroy-failed" or .state == "destroying") | .leftovers // []
    | (.[:20][] | "  \($name) still has: \(safe_text)"),
      (select(length > 20) | "  and \(length - 20) more, under leftovers in its record")' <<<"$response_body"
}

# find_cluster once|idempotent ID|NAME: the response is the record of that cluster, else of the latest one of that
# name that is gone. Ends the command if there is none.
find_cluster() {
  local path not_found gone
  path=/status/$(path_segment "$2")
  list_kubeconfigs
  with_retries "$1" GET "$path"
  if [[ $response_status == 404 && $2 =~ ^[A-Za-z0-9][A-Za-z0-9-]*$ ]]; then
    not_found=$response_body
    with_retries "$1" GET /clusters/gone
    # shellcheck disable=SC2016 # jq's variables
    if [[ $response_status == 2* ]] && gone=$(jq -c -e --arg name "$2" \
      'map(select(.name == $name and .status.state == "gone")) | last // empty' <<<"$response_body" 2>/dev/null); then
      response_body=$gone
    elif [[ $response_status == 2* || $response_status == 404 ]]; then
      response_status=404 response_body=$not_found
    fi
  fi
  expect_success
  remove_kubeconfigs GET "$path"
}

# Prints the id in the response; nothing if it has none, as a record of 2019.
response_id() {
  jq -r '.status.id | strings' <<<"$response_body" 2>/dev/null || true
}

# Prints how a command to copy refers to the cluster. Its name belongs to another one once it is gone.
record_reference() {
  if [[ -n $front && $record_state != gone ]]; then
    printf %s "$record_name"
  else
    printf %s "$record_id"
  fi
}

# Prints the command that shows the cluster.
show_command() {
  if [[ -n $front ]]; then
    command_line eksp-status.sh "$(record_reference)"
  else
    command_line eksp-list.sh "$record_id"
  fi
}

prolong_command() {
  command_line eksp-prolong.sh "$(record_reference)" "$([[ -n $front ]] && echo 30m || echo 30)"
}

# Prints when the cluster expires.
describe_expiry() {
  local speed
  printf '%s %s UTC' "${record_expires%T*}" "${record_expires:11:5}"
  case $record_minutes_left in
    '') return ;;
    1) printf ', in 1 minute' ;;
    *) printf ', in %s minutes' "$record_minutes_left" ;;
  esac
  speed=$(response_speed)
  [[ $speed == 1 ]] || printf ' by its clock, which runs %s times as fast' "$speed"
}
