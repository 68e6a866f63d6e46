# shellcheck shell=bash
# Requests that are signed with the caller's credentials.

# The credentials: the id of the key, the key, and the session's token, if there is one.
signing_key='' signing_secret='' signing_token=''
signing_config=  # the same as a config for curl
signing_expires= # when they expire, in seconds since 1970, if that is known

# sign_and_send METHOD PATH [CURL-OPTION …]: as send. When API Gateway rejects the request, it is sent
# again if there are other credentials or another endpoint.
sign_and_send() {
  # curl before version 8 signs percent-encoded paths wrongly, and no id or name is encoded.
  [[ $2 != *%* ]] || fail_usage "no such cluster: ids and names consist of letters, digits and dashes"
  if [[ -z $signing_config ]]; then
    require_signing_curl
    read_credentials || fail_aws "there are no credentials to sign with"
  elif [[ -n $signing_expires && $(date +%s) -gt $((signing_expires - 60)) ]]; then
    renew_credentials || true # the response shows whether that matters
  fi
  http_request_signed "$@"
  if is_gateway_response 403; then
    if renew_credentials; then
      http_request_signed "$@"
    else
      read_identity || fail_aws "the credentials are no longer valid"
    fi
  fi
  # 6 and 7 are curl's exit codes for an unknown host and a failed connection.
  if [[ -n $endpoint_cached ]] && { is_gateway_response 40[34] || [[ $curl_exit == [67] ]]; } && refresh_endpoint; then
    http_request_signed "$@"
  fi
}

http_request_signed() {
  http_request "$signing_config" "$@" --aws-sigv4 "aws:amz:$region:execute-api" -K -
}

# is_gateway_response STATUS: the functions report an "error", API Gateway a "message".
is_gateway_response() {
  # shellcheck disable=SC2053 # a pattern
  [[ $response_status == $1 ]] && ! jq -e 'has("error")' <<<"$response_body" >/dev/null 2>&1
}

require_signing_curl() {
  local version
  version=$(curl_version) || fail "curl does not run: curl --version"
  at_least 7.75 "$version" || fail "curl $version cannot sign requests" "  install curl 7.75 or newer"
}

# Sets signing_… from the credentials that the aws CLI uses now. Only version 2
# of the CLI exports those of roles and SSO.
read_credentials() {
  local key secret token='' expires='' credentials
  make_scratch
  if [[ -n ${AWS_ACCESS_KEY_ID-} && -n ${AWS_SECRET_ACCESS_KEY-} ]]; then
    key=$AWS_ACCESS_KEY_ID secret=$AWS_SECRET_ACCESS_KEY token=${AWS_SESSION_TOKEN-}
  elif credentials=$(aws configure export-credentials --format process 2>"$scratch/stderr" </dev/null); then
    {
      read -r key
      read -r secret
      read -r token
      read -r expires
    } < <(printf %s "$credentials" | jq -r '.AccessKeyId, .SecretAccessKey, .SessionToken // "",
      (.Expiration // "" | (sub("\\.[0-9]+"; "") | sub("[+]00:?00$"; "Z") | fromdateiso8601)? // "")')
  else
    read_aws_error
    [[ $aws_error == *'nvalid choice'* ]] || return 1
    if ! key=$(aws configure get aws_access_key_id 2>/dev/null </dev/null) \
      || ! secret=$(aws configure get aws_secret_access_key 2>/dev/null </dev/null); then
      aws_error="version 1 of the aws CLI does not export the credentials of roles and SSO; install version 2"
      return 1
    fi
    token=$(aws configure get aws_session_token 2>/dev/null </dev/null) || token=
  fi
  # shellcheck disable=SC2034 # lib/export-credentials.sh prints them
  signing_key=$key signing_secret=$secret signing_token=$token
  signing_config="user = \"$key:$secret\""$'\n'
  [[ -z $token ]] || signing_config+="header = \"x-amz-security-token: $token\""$'\n'
  signing_expires=$expires
}

# Fails if the credentials are unchanged.
renew_credentials() {
  local before=$signing_config
  read_credentials && [[ $signing_config != "$before" ]]
}

# Sets advice to what helps against a failed response of an API on AWS.
advise_on_response() {
  local api=${endpoint#*://}
  api=${api%%.*}
  advice=()
  case $response_status in
    000) return ;; # see fail_no_response
    403)
      ! is_gateway_response 403 || advice=("  you are $caller and need the permission execute-api:Invoke"
        "  on arn:$partition:execute-api:$region:$account:$api/*")
      ;;
    5*)
      advice=("  its log: aws logs tail /eksphemeral/status --since 15m --region $region"
        "  the other functions' logs: /eksphemeral/create and /eksphemeral/sweep")
      ;;
  esac
  advice+=(${interrupt_message[@]+"${interrupt_message[@]}"})
}
