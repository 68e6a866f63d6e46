# shellcheck shell=bash
# The region, the account and the caller.

region=
account=
caller=    # the ARN of the caller
partition= # aws, or its counterpart in China and GovCloud

# Sets region, account, caller and partition; ends the command if that is impossible.
connect_to_aws() {
  require_aws_cli
  find_region || fail_aws "the configuration of the aws CLI cannot be read"
  [[ -n $region ]] || fail "no AWS region is set" "$region_advice" "$(local_advice)"
  is_region || fail "'$region' is not a region" "$region_advice"
  find_ca_bundle
  read_identity || fail_aws "the caller's identity cannot be looked up"
}

region_advice='  choose one: export AWS_REGION=us-east-2, or aws configure'

# Sets region, which may stay empty, and exports it. The region of an API that is named directly is where
# its clusters are. Only version 2 of the CLI reads AWS_REGION.
find_region() {
  make_scratch
  region=$(endpoint_region)
  region=${region:-${AWS_REGION:-${AWS_DEFAULT_REGION-}}}
  if [[ -z $region ]] && ! region=$(aws configure get region 2>"$scratch/stderr" </dev/null) \
    && [[ -s $scratch/stderr ]]; then
    read_aws_error
    return 1
  fi
  [[ -z $region ]] || export AWS_REGION="$region" AWS_DEFAULT_REGION="$region"
}

is_region() {
  [[ $region =~ ^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$ ]]
}

# The aws CLI also takes CA certificates from its configuration. Reading that takes time, so only a
# configuration that has some is read.
find_ca_bundle() {
  local config=${AWS_CONFIG_FILE:-${HOME-}/.aws/config}
  if [[ -z $ca_bundle && -r $config && $(<"$config") == *ca_bundle* ]]; then
    ca_bundle=$(aws configure get ca_bundle 2>/dev/null </dev/null) || ca_bundle=
  fi
}

# Sets account, caller and partition.
read_identity() {
  run_aws sts get-caller-identity || return
  account=$(jq -r '.Account' <<<"$aws_output")
  caller=$(jq -r '.Arn' <<<"$aws_output")
  partition=${caller#arn:}
  partition=${partition%%:*}
}

# Whether EKS cannot grant access to the caller: it takes users and roles only.
is_caller_without_access() {
  [[ $caller == *:root || $caller == *:federated-user/* ]]
}

# Prints a pattern for the caller's ARN. On one machine that has the name of the user.
caller_pattern() {
  local arn=${caller-}
  [[ -n $arn ]] || arn=":user/$(id -un)"
  # Brackets, so that no character has a meaning.
  printf %s "$arn" | sed -e 's/[^A-Za-z0-9:/]/[&]/g' -e 's/$/$/'
}

location() {
  printf 'region %s of account %s' "$region" "$account"
}
