# shellcheck shell=bash disable=SC2034,SC2154 # names are shared among the files in lib/
# The edition on AWS: whose account and which region it is, where the API is, and the signature that
# it wants.

stack=eksp # what it is called in CloudFormation
region=
account=
caller=    # the ARN of who asks
partition= # aws, or what AWS is called in China and for governments
signature= # what curl has to know to sign, as a config for it
signature_ends=
endpoint_file=              # where the endpoint is remembered
endpoint_recalled=          # whether it was found there, so that it may be out of date
ca_bundle=${AWS_CA_BUNDLE-} # the file of CA certificates to trust, if not those of the machine
advice=()

# The settings of the aws CLI, in the environment or in its config file, that would change what it
# prints and reads, or have it ask: all that have a variable are fixed here (the others, such as
# cli_timestamp_format, change nothing that is read). The tasks have theirs in svc/task/common.sh.
export AWS_PAGER='' AWS_CLI_AUTO_PROMPT=off AWS_CLI_ERROR_FORMAT=legacy AWS_DEFAULT_OUTPUT=json \
  AWS_CLI_FILE_ENCODING=UTF-8 AWS_CLI_OUTPUT_ENCODING=UTF-8

# --- asking AWS ---

# ask_aws COMMAND …: sets aws_answer to what AWS says, as JSON. When it says no, aws_why has its words,
# on one line, and aws_code what it calls that, if anything.
ask_aws() {
  local code=0
  make_scratch
  aws_answer=$(aws "$@" --output json 2>"$scratch/why" </dev/null) || code=$?
  ((code == 0)) || read_why
  return "$code"
}

read_why() {
  local said='An error occurred \(([^)]*)\) when calling the [^ ]+ operation[^:]*: *(.*)'
  aws_why=$(tr -s '[:space:][:cntrl:]' ' ' <"$scratch/why" | jq -Rrs "$plain"' plain')
  aws_why=${aws_why# } aws_code=
  aws_why=${aws_why% }
  # What newer versions say besides: a prefix, more about the error, and then how it is used.
  aws_why=${aws_why##*'aws: [ERROR]: '}
  aws_why=${aws_why%%' Additional error details: '*}
  aws_why=${aws_why%%' usage: aws '*}
  if [[ $aws_why =~ $said ]]; then
    aws_code=${BASH_REMATCH[1]} aws_why=${BASH_REMATCH[2]}
  elif [[ $aws_why == *'aws: error: '* ]]; then # after pages on how it is used
    aws_why=${aws_why##*aws: error: }
    aws_why=${aws_why%%, valid choices*}
  fi
  aws_why=${aws_why:0:600}
}

# aws_failed WHAT: what AWS did not do, why, and what helps.
aws_failed() {
  advise_on_why
  die "$1: $aws_why" ${advice[@]+"${advice[@]}"} ${last_words[@]+"${last_words[@]}"}
}

is_denied() {
  [[ $aws_code == AccessDenied* || $aws_code == Unauthorized* || $aws_why == *'not authorized'* ]]
}

# Sets advice to what helps when AWS said no.
advise_on_why() {
  local profile=${AWS_PROFILE:+ --profile $AWS_PROFILE}
  advice=()
  case "$aws_code: $aws_why" in
    *'SSL validation failed'* | *CERTIFICATE_VERIFY_FAILED*) advice=("$(trust_advice)") ;;
    *'locate credentials'* | *'no credentials found'* | *NoAuthHandlerFound* | MissingAuthenticationToken*)
      advice=("  have some: aws configure, or aws sso login, or AWS_PROFILE=the name of a profile that has some")
      ;;
    *'config profile'*) advice=("  which there are: aws configure list-profiles; choose one with AWS_PROFILE") ;;
    *'SSO'* | *'sso'*) advice=("  sign in again: aws sso login$profile") ;;
    ExpiredToken* | *'expired'* | RequestExpired*)
      advice=("  get new ones: aws sso login$profile, or however you got those of before")
      ;;
    InvalidClientTokenId* | UnrecognizedClient* | SignatureDoesNotMatch* | AuthFailure* | InvalidSignature*)
      if is_known_elsewhere; then
        advice=("  AWS knows these keys in $always_enabled: region $region is not enabled for this account"
          "  enable it, which takes some minutes: aws account enable-region --region-name $region$profile"
          "  or choose one of these: aws account list-regions --region-opt-status-contains ENABLED ENABLED_BY_DEFAULT$profile")
      else
        advice=("  AWS does not know these keys, or this machine's clock is wrong; set others: aws configure$profile")
      fi
      ;;
    *'ould not connect'* | *'onnect timeout'* | *'Failed to establish'* | *'resolve'*)
      advice=("  is there a network, and is '$region' the name of a region?")
      ;;
    *)
      ! is_denied || advice=("  you are ${caller:-not known}; the README lists which permissions it takes")
      ;;
  esac
}

always_enabled=us-east-1 # a region that no account has to enable

# Whether AWS knows the keys in a region that is always enabled: where one is not, it knows none.
is_known_elsewhere() {
  [[ -n $region && $region != "$always_enabled" ]] \
    && AWS_REGION=$always_enabled AWS_DEFAULT_REGION=$always_enabled aws sts get-caller-identity >/dev/null 2>&1 </dev/null
}

# --- whose account, which region ---

# enter_aws: finds out who asks, and in which region; does not come back without.
enter_aws() {
  need_aws
  find_region || aws_failed "the configuration of the aws CLI cannot be read"
  [[ -n $region ]] || die "no region is set, so AWS cannot be asked" "$(region_advice)" "$(local_advice)"
  is_region || die "'$region' is no name of a region" "$(region_advice)"
  find_ca_bundle
  identify || aws_failed "AWS does not say who is asking"
}

local_advice() {
  option_local=1
  printf '  on this machine, with no AWS account: %s' \
    "$(command_for "$program" ${as_called[@]+"${as_called[@]}"})"
}

region_advice() {
  printf '  choose one: export AWS_REGION=us-east-2, or aws configure'
}

need_aws() {
  local endpoints
  command -v aws >/dev/null || die "aws is missing, which talks to AWS: install version 2 of the aws CLI" \
    "  https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html" "$(local_advice)"
  # One that is too old takes no notice of these, and would talk to the real AWS instead.
  endpoints=${!AWS_ENDPOINT_URL*}
  [[ -z $endpoints ]] || is_aws_new_enough \
    || die "${endpoints%% *} is set, and $aws_version is too old to know it" "$(aws_version_advice)"
}

# Whether the CLI honours AWS_ENDPOINT_URL; sets aws_version.
is_aws_new_enough() {
  aws_version='an aws CLI that does not say its version'
  [[ ! $(aws --version 2>&1 </dev/null) =~ aws-cli/[0-9.]+ ]] || aws_version=${BASH_REMATCH[0]}
  case $aws_version in
    aws-cli/1.*) at_least 1.29 "${aws_version#*/}" ;;
    *) at_least 2.13 "${aws_version#*/}" ;;
  esac
}

aws_version_advice() {
  printf '  install version 2 of the aws CLI, 2.13 or newer (or 1.29, which knows keys and no roles or SSO)'
}

# at_least LEAST VERSION: by their first two numbers.
at_least() {
  local least_major=${1%%.*} least_minor=${1#*.} major=${2%%.*} minor=${2#*.}
  minor=${minor%%[!0-9]*}
  [[ $major =~ ^[0-9]+$ ]] \
    && ((major > least_major || (major == least_major && ${minor:-0} >= least_minor)))
}

# Sets region, which may stay empty; all that is asked afterwards is asked there. That of an API which
# is named directly is where its clusters are. Only version 2 of the CLI knows the first of the two names.
find_region() {
  make_scratch
  region=$(api_region)
  region=${region:-${AWS_REGION:-${AWS_DEFAULT_REGION-}}}
  if [[ -z $region ]] && ! region=$(aws configure get region 2>"$scratch/why" </dev/null) \
    && [[ -s $scratch/why ]]; then
    read_why
    return 1
  fi
  [[ -z $region ]] || export AWS_REGION="$region" AWS_DEFAULT_REGION="$region"
}

# The aws CLI takes the CA certificates that it trusts from its config file, too. Asking it takes time,
# so only those who have some there do.
find_ca_bundle() {
  local config=${AWS_CONFIG_FILE:-${HOME-}/.aws/config}
  if [[ -z $ca_bundle && -r $config && $(<"$config") == *ca_bundle* ]]; then
    ca_bundle=$(aws configure get ca_bundle 2>/dev/null </dev/null) || ca_bundle=
  fi
}

is_region() {
  [[ $region =~ ^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$ ]]
}

# identify: asks AWS who we are.
identify() {
  ask_aws sts get-caller-identity || return
  account=$(jq -r '.Account' <<<"$aws_answer")
  caller=$(jq -r '.Arn' <<<"$aws_answer")
  partition=${caller#arn:}
  partition=${partition%%:*}
}

# Whether EKS lets nobody in by the name of who asks: it knows users and roles.
is_nobody_to_eks() {
  [[ $caller == *:root || $caller == *:federated-user/* ]]
}

# --- where the API is ---

# Whether the endpoint is an API on AWS, which wants signed requests.
is_aws() {
  local host=${endpoint#*://}
  [[ ${host%%/*} == *.execute-api.* ]]
}

# Sets endpoint to that of the installation in this account and region.
find_installed() {
  expect_home_of_ones_own
  endpoint_file=$local_home/endpoints/$account-$region
  recall_endpoint || look_up_endpoint || not_installed
}

recall_endpoint() {
  endpoint=
  { read -r endpoint <"$endpoint_file"; } 2>/dev/null || true
  is_aws && endpoint_recalled=1
}

look_up_endpoint() {
  endpoint='' endpoint_recalled=''
  read_stack "$stack" || aws_failed "CloudFormation does not say where EKSphemeral is"
  endpoint=$(stack_output EKSphemeralAPIEndpoint)
  endpoint=${endpoint%/}
  [[ -n $endpoint ]] && remember_endpoint
}

# It is a convenience, so a folder that may not be written is no failure.
remember_endpoint() {
  { mkdir -p -- "${endpoint_file%/*}" && printf '%s\n' "$endpoint" >"$endpoint_file"; } 2>/dev/null || true
}

forget_endpoint() {
  rm -f -- "$local_home/endpoints/$account-$region" 2>/dev/null || true
}

not_installed() {
  local elsewhere file
  elsewhere=()
  for file in "$local_home/endpoints/$account-"*; do
    [[ ! -f $file ]] || elsewhere+=("  it is in ${file#"$local_home/endpoints/$account-"}: AWS_REGION=${file#"$local_home/endpoints/$account-"} $(command_for "$program" ${as_called[@]+"${as_called[@]}"})")
  done
  [[ -z $stack_status ]] \
    || refuse "EKSphemeral has no API in $(whereabouts): its stack is in $stack_status" \
      "  install it: $(command_for eksp-up.sh)"
  refuse "EKSphemeral is not installed in $(whereabouts)" ${elsewhere[@]+"${elsewhere[@]}"} \
    "  install it: $(command_for eksp-up.sh)" "$(local_advice)"
}

whereabouts() {
  printf 'region %s of account %s' "$region" "$account"
}

# read_stack NAME: sets stack_state to what CloudFormation knows of it, and stack_status, which is
# empty if there is none.
read_stack() {
  if ask_aws cloudformation describe-stacks --stack-name "$1"; then
    stack_state=$(jq -c '.Stacks[0]' <<<"$aws_answer")
    stack_status=$(jq -r '.StackStatus' <<<"$stack_state")
  elif [[ $aws_why == *'does not exist'* ]]; then
    stack_state=null stack_status=
  else
    return 1
  fi
}

# stack_output NAME
stack_output() {
  jq -r --arg name "$1" '.Outputs // [] | .[] | select(.OutputKey == $name) | .OutputValue' <<<"$stack_state"
}

# --- signed requests ---

# ask_signed METHOD PATH [CURL-OPTION …]: as ask. What AWS's gateway refuses, before anything of ours
# sees it, is asked again if it may be answered now: by somebody else, or somewhere else.
ask_signed() {
  # What is encoded is signed wrongly by curl before version 8; and no cluster is called so.
  [[ $2 != *%* ]] || refuse "there is no such cluster: ids and names are letters, digits and dashes"
  if [[ -z $signature ]]; then
    need_signing_curl
    read_credentials || aws_failed "there are no credentials to sign with"
  elif [[ -n $signature_ends && $(date +%s) -gt $((signature_ends - 60)) ]]; then
    renew_credentials || true # the answer tells whether that was bad
  fi
  ask_here "$@"
  if is_refused_by_gateway 403; then
    if renew_credentials; then
      ask_here "$@"
    else
      identify || aws_failed "the credentials do not count any more"
    fi
  fi
  if [[ -n $endpoint_recalled ]] && { is_refused_by_gateway 40[34] || is_unreachable; } && look_elsewhere; then
    ask_here "$@"
  fi
}

ask_here() {
  ask_once "$signature" "$@" --aws-sigv4 "aws:amz:$region:execute-api" -K -
}

# The region in the address of the API, if there is one.
api_region() {
  local host=${endpoint#*://}
  [[ ! ${host%%/*} =~ \.execute-api\.([a-z]+(-[a-z]+)+-[0-9]+)\. ]] || printf %s "${BASH_REMATCH[1]}"
}

# is_refused_by_gateway STATUS: the functions say "error" where the gateway says "message".
is_refused_by_gateway() {
  # shellcheck disable=SC2053 # a pattern
  [[ $answer_status == $1 ]] && ! jq -e 'has("error")' <<<"$answer_body" >/dev/null 2>&1
}

# Whether nobody was there to hear it: no such name, or no connection.
is_unreachable() {
  ((answer_code == 6 || answer_code == 7))
}

# Looks where the API is now. Fails if it is where it was, or if that cannot be found out.
look_elsewhere() {
  local before=$endpoint
  endpoint_recalled='' # once is enough
  if ! read_stack "$stack"; then
    return 1
  elif [[ -z $stack_status ]]; then
    forget_endpoint
    not_installed
  fi
  endpoint=$(stack_output EKSphemeralAPIEndpoint)
  endpoint=${endpoint%/}
  if [[ -z $endpoint || $endpoint == "$before" ]]; then
    endpoint=$before
    return 1
  fi
  remember_endpoint
}

# Fails if curl does not run.
curl_version() {
  local version
  version=$(curl -q --version 2>/dev/null) || return
  version=${version#curl }
  printf %s "${version%% *}"
}

need_signing_curl() {
  local version
  version=$(curl_version) || die "curl does not run; what it says: curl --version"
  at_least 7.75 "$version" || die "curl $version is too old, which signs the requests" \
    "  install curl 7.75 or newer"
}

# Sets signature from the credentials that the aws CLI would use at this moment, and signature_ends
# to when they expire, in seconds since 1970, if that is known. Only version 2 of the CLI hands out
# those of roles and of SSO.
read_credentials() {
  local key secret token='' expires='' answer
  make_scratch
  if [[ -n ${AWS_ACCESS_KEY_ID-} && -n ${AWS_SECRET_ACCESS_KEY-} ]]; then
    key=$AWS_ACCESS_KEY_ID secret=$AWS_SECRET_ACCESS_KEY token=${AWS_SESSION_TOKEN-}
  elif answer=$(aws configure export-credentials --format process 2>"$scratch/why" </dev/null); then
    {
      read -r key
      read -r secret
      read -r token
      read -r expires
    } < <(printf %s "$answer" | jq -r '.AccessKeyId, .SecretAccessKey, .SessionToken // "",
      (.Expiration // "" | (sub("\\.[0-9]+"; "") | sub("[+]00:?00$"; "Z") | fromdateiso8601)? // "")')
  else
    read_why
    [[ $aws_why == *'nvalid choice'* ]] || return 1
    if ! key=$(aws configure get aws_access_key_id 2>/dev/null </dev/null) \
      || ! secret=$(aws configure get aws_secret_access_key 2>/dev/null </dev/null); then
      aws_why="version 1 of the aws CLI does not hand out credentials of roles and SSO; install version 2"
      return 1
    fi
    token=$(aws configure get aws_session_token 2>/dev/null </dev/null) || token=
  fi
  signature="user = \"$key:$secret\""$'\n'
  [[ -z $token ]] || signature+="header = \"x-amz-security-token: $token\""$'\n'
  signature_ends=$expires
}

# Fails if they are the same as before.
renew_credentials() {
  local before=$signature
  read_credentials && [[ $signature != "$before" ]]
}

# Sets advice to what to do about an answer that is none of success.
advise_on_answer() {
  local api=${endpoint#*://}
  api=${api%%.*}
  advice=()
  case $answer_status in
    000) return ;; # not_answering knows
    403)
      ! is_refused_by_gateway 403 || advice=("  you are $caller, and this takes the permission execute-api:Invoke"
        "  on arn:$partition:execute-api:$region:$account:$api/*")
      ;;
    5*)
      advice=("  its log: aws logs tail /eksphemeral/status --since 15m --region $region"
        "  and those of the other functions, /eksphemeral/create and /eksphemeral/sweep")
      ;;
  esac
  advice+=(${last_words[@]+"${last_words[@]}"})
}
