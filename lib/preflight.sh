# shellcheck shell=bash disable=SC2016 # jq's variables
# The checks before an installation: nothing is changed, and all problems are reported at once.

problems=()    # lines, see problem
warnings=()    # lines, see warn
versions_json= # what EKS says about its versions, if it does

# problem MESSAGE [LINE …]: what prevents the installation, and what helps.
problem() {
  local line
  problems+=("  - $1")
  shift
  for line in "$@"; do
    problems+=("  $line")
  done
}

# warn MESSAGE [LINE …]: what to report at the end.
warn() {
  warnings+=("warning: $1" "${@:2}")
}

# Ends the command if there is any problem. Sets what the installation needs: see each check.
preflight() {
  progress "checking tools, options and the account"
  check_tools
  check_options
  if command -v aws >/dev/null && is_aws_new_enough && command -v jq >/dev/null && check_account; then
    check_eks
    check_stack
    check_boundary
    check_buckets
    check_vpcs
    check_network
    check_instance_types
  else
    check_bucket_names
  fi
  ((${#problems[@]} == 0)) || fail "preflight checks failed; nothing was changed" "${problems[@]}"
}

check_tools() {
  local version
  if ! command -v aws >/dev/null; then
    problem "$aws_missing" "$aws_install_advice" "$(local_advice)"
  elif ! is_aws_new_enough; then
    problem "$aws_version is too old" "$aws_version_advice"
  fi
  if ! command -v curl >/dev/null; then
    problem "curl is missing: install curl"
  elif ! version=$(curl_version); then
    problem "curl does not run: curl --version"
  elif ! at_least 7.75 "$version"; then
    problem "curl $version cannot sign requests: install curl 7.75 or newer"
  fi
  command -v jq >/dev/null || problem "jq is missing: install jq (1.6 or newer)"
  is_release || has_jdk || problem "$jdk_missing" "$jdk_advice"
}

# Whether the region and the caller are known.
check_account() {
  local status=0
  if ! find_region; then
    advise_on_aws_error
    problem "the configuration of the aws CLI cannot be read: $aws_error" ${advice[@]+"${advice[@]}"}
    return 1
  elif [[ -z $region ]]; then
    problem "no AWS region is set" "$region_advice"
    status=1
  elif ! is_region; then
    problem "'$region' is not a region" "$region_advice"
    return 1
  elif [[ " ${eksctl_regions//[[:space:]]/ } " != *" $region "* ]]; then
    problem "eksctl $eksctl_version, which creates the clusters, does not support region $region" "$region_advice"
    return 1
  fi
  # Any region knows the caller.
  if ! AWS_REGION=${region:-us-east-1} AWS_DEFAULT_REGION=${region:-us-east-1} read_identity; then
    advise_on_aws_error
    problem "the caller's identity cannot be looked up: $aws_error" ${advice[@]+"${advice[@]}"}
    status=1
  fi
  return "$status"
}

# Sets versions_json.
check_eks() {
  if run_aws eks describe-cluster-versions; then
    versions_json=$aws_output
  elif [[ $aws_error == *'nvalid choice'* ]]; then
    warn "this aws CLI cannot list the versions of EKS; the task of the first cluster will" \
      "  a newer one can"
  elif [[ $aws_error == *'ould not connect'* ]]; then
    problem "region $region has no EKS, or cannot be reached: $aws_error" "$region_advice"
  else
    warn "the versions of EKS cannot be listed, so no version in a spec is rejected: $aws_error"
  fi
}

# Sets stack_state, stack_status and installed.
check_stack() {
  if ! read_stack "$stack"; then
    problem "the stack of EKSphemeral cannot be looked up: $aws_error"
    return
  fi
  read_installed
  case $stack_status in
    DELETE_FAILED)
      problem "EKSphemeral is partly uninstalled: its stack is in DELETE_FAILED" \
        "  uninstall the rest first: $(command_line eksp-down.sh)"
      ;;
    UPDATE_ROLLBACK_FAILED)
      problem "the stack is in UPDATE_ROLLBACK_FAILED, and CloudFormation needs help" \
        "  $(stack_command continue-update-rollback)" \
        "  what happened: $(stack_command describe-stack-events)"
      ;;
  esac
}

# Whether the permissions boundary exists. CloudFormation tells a caller who may not look.
check_boundary() {
  local arn=${option_permissions_boundary-$(installed PermissionsBoundary)}
  if [[ -n $arn ]] && ! run_aws iam get-policy --policy-arn "$arn" && ! is_access_denied; then
    problem "the permissions boundary $arn cannot be used: $aws_error" \
      "  choose another one with --permissions-boundary ARN, or none: --permissions-boundary ''"
  fi
}

# Sets default_vpc. Warns if there is no room for the clusters' VPCs.
check_vpcs() {
  local used quota needed
  default_vpc=
  if ! run_aws ec2 describe-vpcs; then
    problem "the VPCs cannot be listed: $aws_error"
    return
  fi
  default_vpc=$(jq -r '[.Vpcs[] | select(.IsDefault) | .VpcId] | .[0] // ""' <<<"$aws_output")
  used=$(jq '[.Vpcs[] | select([.Tags // [] | .[] | .Key] | index("eksphemeral:id") | not)] | length' <<<"$aws_output")
  needed=${option_max_clusters:-$(installed MaxClusters)}
  needed=${needed:-10}
  if run_aws service-quotas get-service-quota --service-code vpc --quota-code L-F678F1CE \
    && quota=$(jq -e '.Quota.Value | floor' <<<"$aws_output") && [[ $needed =~ ^[0-9]{1,6}$ ]] \
    && ((quota - used < needed)); then
    warn "each cluster needs a VPC, and of the $quota that region $region may have, $used are in use:" \
      "  there is room for $((quota > used ? quota - used : 0)) clusters at a time, and the limit is $needed; to raise the quota:" \
      "  aws service-quotas request-service-quota-increase --region $region --service-code vpc --quota-code L-F678F1CE --desired-value $((used + needed))"
  fi
}

# Sets instance_types. A default that the region does not offer is left out; a choice must be offered as it is.
check_instance_types() {
  local default wanted any='' status=0
  default=$(template_defaults | jq -r '.InstanceTypes')
  wanted=${option_instance_types:-$(installed InstanceTypes)}
  wanted=${wanted:-$default}
  is_instance_types "$wanted" || return 0
  [[ -n ${option_instance_types-} || $wanted != "$default" ]] || any=any
  choose_instance_types "$wanted" "$any" || status=$?
  if ((status == 2)); then
    instance_types=$wanted
    warn "the zones that offer $wanted cannot be listed; no cluster can be created unless two zones offer all of them: $aws_error"
  elif ((status)); then
    problem "a cluster needs two availability zones that offer all of its instance types ($wanted), and region $region has fewer" \
      "${type_zones[@]}" "  choose others: $(command_line eksp-up.sh --instance-types) A,B"
  elif [[ -n $excluded_types ]]; then
    warn "nodes will be $instance_types only: region $region does not offer $excluded_types in two of the same zones" \
      "  choose others: $(command_line eksp-up.sh --instance-types) A,B"
  fi
}
