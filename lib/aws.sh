# shellcheck shell=bash
# The aws CLI: calls, errors, and what helps.

advice=() # lines that say what helps, see advise_on_aws_error and advise_on_response

# All settings of the aws CLI with a variable that would change its output, its encoding, or make it
# prompt. (Others, such as cli_timestamp_format, change nothing that is read.) svc/task/common.sh sets
# the tasks' own.
export AWS_PAGER='' AWS_CLI_AUTO_PROMPT=off AWS_CLI_ERROR_FORMAT=legacy AWS_DEFAULT_OUTPUT=json \
  AWS_CLI_FILE_ENCODING=UTF-8 AWS_CLI_OUTPUT_ENCODING=UTF-8

# run_aws COMMAND …: sets aws_output to the JSON that the aws CLI prints. If it fails, aws_error is its
# message on one line, and aws_error_code AWS's code, if there is one.
run_aws() {
  local exit_code=0
  make_scratch
  aws_output=$(aws "$@" --output json 2>"$scratch/stderr" </dev/null) || exit_code=$?
  ((exit_code == 0)) || read_aws_error
  return "$exit_code"
}

# Sets aws_error and aws_error_code from $scratch/stderr.
read_aws_error() {
  local pattern='An error occurred \(([^)]*)\) when calling the [^ ]+ operation[^:]*: *(.*)'
  aws_error=$(tr -s '[:space:][:cntrl:]' ' ' <"$scratch/stderr" | jq -Rrs "$jq_text"' safe_text')
  aws_error=${aws_error# } aws_error_code=
  aws_error=${aws_error% }
  # Newer versions print a prefix, details and the usage as well.
  aws_error=${aws_error##*'aws: [ERROR]: '}
  aws_error=${aws_error%%' Additional error details: '*}
  # Version 1 prints the error after the usage.
  [[ $aws_error == *'aws: error: '* ]] || aws_error=${aws_error%%' usage: aws '*}
  if [[ $aws_error =~ $pattern ]]; then
    aws_error_code=${BASH_REMATCH[1]} aws_error=${BASH_REMATCH[2]}
  elif [[ $aws_error == *'aws: error: '* ]]; then # after pages of usage
    aws_error=${aws_error##*aws: error: }
    aws_error=${aws_error%%, valid choices*}
  fi
  aws_error=${aws_error:0:600}
}

# fail_aws MESSAGE: ends the command with AWS's reason and what helps.
fail_aws() {
  advise_on_aws_error
  fail "$1: $aws_error" ${advice[@]+"${advice[@]}"} ${interrupt_message[@]+"${interrupt_message[@]}"}
}

is_access_denied() {
  [[ $aws_error_code == AccessDenied* || $aws_error_code == Unauthorized* || $aws_error == *'not authorized'* ]]
}

# Sets advice to what helps against aws_error.
advise_on_aws_error() {
  local profile=${AWS_PROFILE:+ --profile $AWS_PROFILE}
  advice=()
  case "$aws_error_code: $aws_error" in
    *'SSL validation failed'* | *CERTIFICATE_VERIFY_FAILED*) advice=("$certificate_advice") ;;
    *'locate credentials'* | *'no credentials found'* | *NoAuthHandlerFound* | MissingAuthenticationToken*)
      advice=("  provide credentials: aws configure, or aws sso login, or AWS_PROFILE=NAME")
      ;;
    *'config profile'*) advice=("  list profiles: aws configure list-profiles; choose one with AWS_PROFILE") ;;
    *'SSO'* | *'sso'*) advice=("  sign in again: aws sso login$profile") ;;
    ExpiredToken* | *'expired'* | RequestExpired*)
      advice=("  renew them: aws sso login$profile, or the way you got them")
      ;;
    InvalidClientTokenId* | UnrecognizedClient* | SignatureDoesNotMatch* | AuthFailure* | InvalidSignature*)
      if are_keys_valid_elsewhere; then
        advice=("  the keys are valid in $always_enabled: region $region is not enabled for this account"
          "  enable it, which takes some minutes: aws account enable-region --region-name $region$profile"
          "  or choose an enabled region: aws account list-regions --region-opt-status-contains ENABLED ENABLED_BY_DEFAULT$profile")
      else
        advice=("  the keys are invalid, or this machine's clock is wrong; set others: aws configure$profile")
      fi
      ;;
    *'ould not connect'* | *'onnect timeout'* | *'Failed to establish'* | *'resolve'*)
      advice=("  is there a network connection, and is '$region' a region?")
      ;;
    *)
      ! is_access_denied || advice=("  you are ${caller:-unknown}; docs/installing.md lists the permissions that are needed")
      ;;
  esac
}

always_enabled=us-east-1 # a region that no account has to enable

# Whether the keys are valid in a region that is always enabled. In one that is not, AWS rejects all keys.
are_keys_valid_elsewhere() {
  [[ -n $region && $region != "$always_enabled" ]] \
    && AWS_REGION=$always_enabled AWS_DEFAULT_REGION=$always_enabled aws sts get-caller-identity >/dev/null 2>&1 </dev/null
}

require_aws_cli() {
  local endpoints
  command -v aws >/dev/null || fail "$aws_missing" "$aws_install_advice" "$(local_advice)"
  # A version that is too old ignores these, and would call the real AWS instead.
  endpoints=${!AWS_ENDPOINT_URL*}
  [[ -z $endpoints ]] || is_aws_new_enough \
    || fail "${endpoints%% *} is set, but $aws_version does not support it" "$aws_version_advice"
}

aws_missing="aws is missing: install version 2 of the aws CLI"
aws_install_advice="  https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html"
aws_version_advice="  install version 2 of the aws CLI, 2.13 or newer (or 1.29, which supports keys but no roles or SSO)"

# Whether the aws CLI supports AWS_ENDPOINT_URL; sets aws_version.
is_aws_new_enough() {
  aws_version='an aws CLI of unknown version'
  [[ ! $(aws --version 2>&1 </dev/null) =~ aws-cli/[0-9.]+ ]] || aws_version=${BASH_REMATCH[0]}
  case $aws_version in
    aws-cli/1.*) at_least 1.29 "${aws_version#*/}" ;;
    *) at_least 2.13 "${aws_version#*/}" ;;
  esac
}

local_advice() {
  option_local=1
  printf '  without an AWS account, on this machine: %s' "$(repeat_command)"
}
