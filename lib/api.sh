# shellcheck shell=bash disable=SC2034,SC2154 # names are shared among the files in lib/
# The control plane's HTTP API: where it is, how it is asked, and what its refusals mean here.

endpoint=

# In jq: a text of others without what could play tricks on a terminal, or on who reads it: controls,
# ends of lines, and what turns the direction of a text.
plain='
  def dollars: . * 100 | round | "\(. / 100 | floor).\(. % 100 | tostring | if length < 2 then "0" + . else . end) USD";
  def plain: tostring | gsub("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]"; " ");'

# Where the control plane is. This is the one place that knows.
find_endpoint() {
  if is_local; then
    find_local
  elif [[ -n ${EKSPHEMERAL_URL-} ]]; then
    endpoint=${EKSPHEMERAL_URL%/}
    ! is_aws || enter_aws
  else
    enter_aws
    find_installed
  fi
}

# ask METHOD PATH [CURL-OPTION …]
# Sets answer_status, answer_headers and answer_body; a status of 000 says that no answer came,
# answer_missing why, and answer_code what curl calls that.
ask() {
  local options=(--path-as-is -H 'Expect:')
  if is_aws; then
    ask_signed "$@"
  else
    ! is_loopback || options+=(--noproxy '*')
    ask_once '' "$@" "${options[@]}"
  fi
}

# Whether the endpoint is on this machine, where no proxy leads.
is_loopback() {
  [[ $endpoint =~ ^https?://(127\.0\.0\.1|localhost|\[::1\])(:|/|$) ]]
}

# ask_once CURL-CONFIG METHOD PATH [CURL-OPTION …]: the config is for what nobody else may see. What
# only some requests take is not here: curl 8.14 and newer refuse to sign with --path-as-is.
ask_once() {
  local answer
  answer_headers='' answer_body='' answer_missing='' answer_code=0
  if answer=$(printf %s "$1" 2>/dev/null | curl -q -sS -g --connect-timeout 5 --max-time 30 \
    ${ca_bundle:+--cacert "$ca_bundle"} -D - --suppress-connect-headers \
    -w '%{http_code}' -X "$2" "${@:4}" "$endpoint$3" 2>&1); then
    answer_status=${answer:${#answer}-3}
    answer=${answer%???}
    answer_headers=${answer%%$'\r\n\r\n'*}
    answer_body=${answer#*$'\r\n\r\n'}
  else
    answer_code=$? answer_status=000
    answer_missing=${answer#*curl: (*) }
    answer_missing=${answer_missing%%$'\n'*}
  fi
}

# answer_header NAME
answer_header() {
  local LC_ALL=C line
  shopt -s nocasematch
  while IFS= read -r line; do
    line=${line%$'\r'}
    if [[ $line == "$1: "* ]]; then
      line=${line#*: }
      printf %s "${line//[^ -~]/ }"
      break
    fi
  done <<<"$answer_headers"
  shopt -u nocasematch
}

# call METHOD PATH [CURL-OPTION …]: asks, and comes back only with an answer of success.
call() {
  ask_until '' "$@"
  expect_success
}

# The same for what does no harm when it is asked twice.
call_again_if_lost() {
  ask_again_if_lost "$@"
  expect_success
}

# Asks again, a few times, when the answer is lost or says that the server failed.
ask_again_if_lost() {
  ask_until '[05]' "$@"
}

# ask_until AGAIN METHOD PATH [CURL-OPTION …]: asks again when the first digit of the status matches
# AGAIN, and when there were too many requests, of which nothing comes.
ask_until() {
  local pause
  for pause in 0.5 1 2 4 ''; do
    ask "${@:2}"
    # shellcheck disable=SC2053 # a pattern
    if [[ -z $pause || ($answer_status != 429 && ${answer_status:0:1} != $1) ]] || is_no_network_fault; then
      break
    fi
    say "$program: no good answer (${answer_missing:-$answer_status}), asking again in $pause s"
    sleep "$pause"
  done
}

expect_success() {
  local said=() line
  [[ -z $local_pid || $answer_status == 000 ]] || expect_local_answer
  [[ $answer_status != 2* ]] || return 0
  while IFS= read -r line; do
    said+=("$line")
  done < <(jq -r "$complaint" <<<"$answer_body" 2>/dev/null)
  ((${#said[@]})) || said=("$endpoint answered $answer_status")
  advice=()
  ! is_aws || advise_on_answer
  case $answer_status in
    000) not_answering ;;
    404 | 409 | 422) refuse "${said[@]}" "  what there is: $(command_for eksp-list.sh)" ;;
    400 | 413) refuse "${said[@]}" ;;
    403) die "not allowed: ${said[0]}" "${said[@]:1}" ${advice[@]+"${advice[@]}"} ;;
    429) die "too many requests at a time: ${said[0]}" "  wait a minute, and ask again" \
      ${advice[@]+"${advice[@]}"} ;;
    *) die "the control plane failed with $answer_status: ${said[0]}" "${said[@]:1}" \
      ${advice[@]+"${advice[@]}"} ;;
  esac
}

# Whether no answer came because curl could not ask at all (its exit codes for an option, a URL or a
# file that it cannot use, or the shell's for a curl that does not run).
is_curl_fault() {
  case $answer_code in
    [1-4] | 26 | 27 | 37 | 41 | 43 | 48 | 126 | 127) ;;
    *) return 1 ;;
  esac
}

# Whether no answer came because the certificate of the other side is not trusted.
is_trust_fault() {
  case $answer_code in
    51 | 60 | 77 | 82 | 83 | 90 | 91) ;;
    *) return 1 ;;
  esac
}

# Whether asking again is of no use.
is_no_network_fault() {
  is_curl_fault || is_trust_fault
}

not_answering() {
  local url=${EKSPHEMERAL_URL:+" is EKSPHEMERAL_URL right?"}
  if is_curl_fault; then
    die "curl cannot send the request: $answer_missing" \
      "  the cause is on this machine and not in the network:${url:-" does curl work?"} curl --version" \
      ${last_words[@]+"${last_words[@]}"}
  fi
  [[ -z $local_pid ]] || local_not_up "$answer_missing"
  if is_trust_fault; then
    advice=("$(trust_advice)")
  elif [[ $answer_code == 35 ]]; then
    advice=("  the TLS handshake failed: is there a proxy or a firewall in between?$url")
  else
    advice=("  is there a network?$url")
  fi
  die "no answer from $endpoint: $answer_missing" "${advice[@]}" ${last_words[@]+"${last_words[@]}"}
}

trust_advice() {
  printf '  this machine does not trust the certificate; if a proxy or your company issued it, name the file of its CA: export AWS_CA_BUNDLE=ca.pem'
}

# print_answer: on one line, in ASCII, which is the same to who reads it as JSON.
print_answer() {
  local answer
  answer=$(jq -c -a . <<<"$answer_body" 2>/dev/null) \
    || die "the control plane's answer is no JSON: $(plain_answer)"
  printf '%s\n' "${answer//$'\177'/\\u007f}"
}

# What came that is not what was asked for, as far as anybody reads it.
plain_answer() {
  jq -Rrs "$plain"' .[:300] | plain' <<<"$answer_body"
}

# The error, then each problem that says more.
# shellcheck disable=SC2016 # the variables are jq's
complaint="$plain"'
  (.error // .message) as $error
  | ($error // empty | plain), (.problems // [] | .[] | select(. != $error) | "  - " + plain)'

# path_segment TEXT: percent-encoded, so that whatever people type stays one segment of a path.
path_segment() {
  local LC_ALL=C text=$1 encoded='' character code i
  [[ -n $text ]] || wrong_use "an argument is empty; is a variable not set?"
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

# A UUID of version 7: the time, then chance. bash 5 knows the time better than date does.
new_id() {
  local now=${EPOCHREALTIME-$(date +%s).000000} chance milliseconds
  now=${now/[.,]/}
  milliseconds=$((now / 1000))
  chance=$(od -An -N10 -tx1 /dev/urandom)
  chance=${chance//[[:space:]]/}
  printf '%08x-%04x-7%s-%x%s-%s' $((milliseconds >> 16)) $((milliseconds & 0xffff)) \
    "${chance:0:3}" $((0x${chance:3:1} & 3 | 8)) "${chance:4:3}" "${chance:8:12}"
}
