# shellcheck shell=bash
# HTTP: one request by curl, and its repetition.

endpoint=                   # the URL of the API, without a slash at the end
ca_bundle=${AWS_CA_BUNDLE-} # a file with the CA certificates to trust, if not the machine's

# http_request CURL-CONFIG METHOD PATH [CURL-OPTION …]
# Sets response_status, response_headers and response_body. Without a response the status is 000,
# response_error says why, and curl_exit is curl's exit code. CURL-CONFIG goes to curl by stdin, where
# no other user sees it. curl 8.14 and newer refuse to sign with --path-as-is, so it is not here.
http_request() {
  local response
  response_headers='' response_body='' response_error='' curl_exit=0
  if response=$(printf %s "$1" 2>/dev/null | curl -q -sS -g --connect-timeout 5 --max-time 30 \
    ${ca_bundle:+--cacert "$ca_bundle"} -D - --suppress-connect-headers \
    -w '%{http_code}' -X "$2" "${@:4}" "$endpoint$3" 2>&1); then
    split_response "$response"
  else
    curl_exit=$? response_status=000
    response_error=${response#*curl: (*) }
    response_error=${response_error%%$'\n'*}
  fi
}

# split_response TEXT: sets response_… to the parts of what curl printed. In bytes, as bash takes long to count
# the characters of a long body.
split_response() {
  local LC_ALL=C
  response_status=${1:${#1}-3}
  response_body=${1#*$'\r\n\r\n'}
  # Not by a pattern: bash would try it at each character of a long body.
  response_headers=${1:0:${#1}-${#response_body}}
  response_body=${response_body:0:${#response_body}-3}
}

# send METHOD PATH [CURL-OPTION …]: one request, signed where the API is on AWS; sets response_….
send() {
  local options=(--path-as-is -H 'Expect:')
  if is_aws_endpoint; then
    sign_and_send "$@"
  else
    # No proxy leads to this machine.
    [[ ! $endpoint =~ ^https?://(127\.0\.0\.1|localhost|\[::1\])(:|/|$) ]] || options+=(--noproxy '*')
    http_request '' "$@" "${options[@]}"
  fi
}

# with_retries once|idempotent METHOD PATH [CURL-OPTION …]: as send. A request that is throttled is
# repeated; one that is idempotent also when the response is lost or reports a failure of the server.
with_retries() {
  local delay repeated=none
  [[ $1 != idempotent ]] || repeated='[05]'
  for delay in 0.5 1 2 4 ''; do
    send "${@:2}"
    # shellcheck disable=SC2053 # a pattern
    if [[ -z $delay || ($response_status != 429 && ${response_status:0:1} != $repeated) ]] \
      || is_curl_error || is_certificate_error; then
      break
    fi
    info "$(called_as): no usable response (${response_error:-$response_status}), retrying in $delay s"
    sleep "$delay"
  done
}

# read_header NAME: sets header to its value in the response; empty if it has none.
read_header() {
  local LC_ALL=C line
  header=
  shopt -s nocasematch
  while IFS= read -r line; do
    line=${line%$'\r'}
    if [[ $line == "$1: "* ]]; then
      line=${line#*: }
      header=${line//[^ -~]/ }
      break
    fi
  done <<<"$response_headers"
  shopt -u nocasematch
}

# response_header NAME: prints it.
response_header() {
  local header
  read_header "$1"
  printf %s "$header"
}

# Sets speed to how many times as fast as real time the control plane's clock runs.
read_speed() {
  local header
  read_header Eksphemeral-Speed
  speed=1
  [[ ! $header =~ ^[1-9][0-9]{0,5}$ ]] || speed=$header
}

# Prints it.
response_speed() {
  local speed
  read_speed
  printf %s "$speed"
}

# Whether curl could not send the request: an option, a URL or a file that it cannot use, or a curl that
# does not run.
is_curl_error() {
  case $curl_exit in
    [1-4] | 26 | 27 | 37 | 41 | 43 | 48 | 126 | 127) ;;
    *) return 1 ;;
  esac
}

# Whether this machine does not trust the server's certificate.
is_certificate_error() {
  case $curl_exit in
    51 | 60 | 77 | 82 | 83 | 90 | 91) ;;
    *) return 1 ;;
  esac
}

certificate_advice='  this machine does not trust the certificate; if a proxy or your company issued it, name the file of its CA: export AWS_CA_BUNDLE=ca.pem'

# Prints curl's version; fails if curl does not run.
curl_version() {
  local version
  version=$(curl -q --version 2>/dev/null) || return
  version=${version#curl }
  printf %s "${version%% *}"
}

# at_least MIN VERSION: compares the first two numbers.
at_least() {
  local min_major=${1%%.*} min_minor=${1#*.} major=${2%%.*} minor=${2#*.}
  minor=${minor%%[!0-9]*}
  [[ $major =~ ^[0-9]+$ ]] \
    && ((major > min_major || (major == min_major && ${minor:-0} >= min_minor)))
}
