# shellcheck shell=bash
# The control plane's API: calls, and what their errors mean.

# Finds the control plane. Nothing else decides where it is.
find_endpoint() {
  if is_local; then
    find_local
  elif [[ -n ${EKSPHEMERAL_URL-} ]]; then
    endpoint=${EKSPHEMERAL_URL%/}
    ! is_aws_endpoint || connect_to_aws
  else
    connect_to_aws
    find_installation
  fi
}

# call once|idempotent METHOD PATH [CURL-OPTION …]: as with_retries; returns only after a success.
call() {
  list_kubeconfigs
  with_retries "$@"
  expect_success
  remove_kubeconfigs "$2" "$3"
}

# Ends the command unless the last response is a success.
expect_success() {
  local messages=() line
  [[ -z $local_pid || $response_status == 000 ]] || expect_local_response
  [[ $response_status != 2* ]] || return 0
  # shellcheck disable=SC2016 # jq's variables
  while IFS= read -r line; do
    messages+=("$line")
  done < <(jq -r "$jq_text"'
    (.error // .message) as $error
    | ($error // empty | safe_text), (.problems // [] | .[] | select(. != $error) | "  - " + safe_text)' \
    <<<"$response_body" 2>/dev/null)
  ((${#messages[@]})) || messages=("$endpoint returned status $response_status")
  advice=()
  ! is_aws_endpoint || advise_on_response
  case $response_status in
    000) fail_no_response ;;
    404 | 409 | 422)
      set_advice "$(jq -r '.code | strings' <<<"$response_body" 2>/dev/null || true)"
      fail_usage "${messages[@]}" ${advice[@]+"${advice[@]}"}
      ;;
    400 | 413) fail_usage "${messages[@]}" ;;
    403) fail "not allowed: ${messages[0]}" "${messages[@]:1}" ${advice[@]+"${advice[@]}"} ;;
    429) fail "too many requests: ${messages[0]}" "  wait a minute and try again" ${advice[@]+"${advice[@]}"} ;;
    *) fail "the control plane failed with status $response_status: ${messages[0]}" "${messages[@]:1}" \
      ${advice[@]+"${advice[@]}"} ;;
  esac
}

# set_advice CODE: sets advice to what to do about an error that the caller can mend.
set_advice() {
  advice=("  list clusters: $(command_line eksp-list.sh)")
  case $response_status/$1 in
    404/*) advice+=("  gone ones too: $(command_line eksp-list.sh --all)") ;;
    */name-taken) advice+=("  other name:    $(command_line "$program" --name NAME)") ;;
    */limit-exceeded)
      [[ $program != eksp-prolong.sh ]] \
        || advice=("  show it: $(command_line eksp-status.sh "${arguments[0]}")")
      ;;
  esac
}

fail_no_response() {
  local url=${EKSPHEMERAL_URL:+"; is EKSPHEMERAL_URL correct?"}
  if is_curl_error; then
    fail "curl cannot send the request: $response_error" \
      "  the cause is on this machine, not in the network${url:-"; does curl work?"} curl --version" \
      ${interrupt_message[@]+"${interrupt_message[@]}"}
  fi
  [[ -z $local_pid ]] || fail_local_down "$response_error"
  if is_certificate_error; then
    advice=("$certificate_advice")
  elif ((curl_exit == 35)); then
    advice=("  the TLS handshake failed; is there a proxy or a firewall in between?${url#;}")
  else
    advice=("  is there a network connection?${url#;}")
  fi
  fail "no response from $endpoint: $response_error" "${advice[@]}" ${interrupt_message[@]+"${interrupt_message[@]}"}
}

# Prints the response on one line, in ASCII.
print_response() {
  local response
  response=$(jq -c -a . <<<"$response_body" 2>/dev/null) \
    || fail "the control plane's response is not JSON: $(response_excerpt)"
  printf '%s\n' "${response//$'\177'/\\u007f}"
}

response_excerpt() {
  jq -Rrs "$jq_text"' .[:300] | safe_text' <<<"$response_body"
}

# path_segment TEXT: prints it percent-encoded, so that any text stays one segment of a path.
path_segment() {
  local LC_ALL=C text=$1 encoded='' character code i
  [[ -n $text ]] || fail_with_usage "an argument is empty; is a variable not set?"
  ((${#text} <= 256)) || fail_usage "an argument is longer than any name or id: ${text:0:40}..."
  for ((i = 0; i < ${#text}; i++)); do
    character=${text:i:1}
    case $character in
      [a-zA-Z0-9_-]) ;;
      *)
        printf -v code %d "'$character"
        printf -v character '%%%02X' $((code & 255)) # bash 3.2 gives negative codes
        ;;
    esac
    encoded+=$character
  done
  printf %s "$encoded"
}

# Prints a UUID of version 7. bash 5 knows the time more precisely than date.
new_id() {
  local now=${EPOCHREALTIME-$(date +%s).000000} random milliseconds
  now=${now/[.,]/}
  milliseconds=$((now / 1000))
  random=$(od -An -N10 -tx1 /dev/urandom)
  random=${random//[[:space:]]/}
  printf '%08x-%04x-7%s-%x%s-%s' $((milliseconds >> 16)) $((milliseconds & 0xffff)) \
    "${random:0:3}" $((0x${random:3:1} & 3 | 8)) "${random:4:3}" "${random:8:12}"
}
