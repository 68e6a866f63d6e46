# shellcheck shell=bash disable=SC2016 # jq's variables
# The parameters and tags of the control plane's stack.

template=$here/template.yaml
installed_parameters='{}' # see read_installed

# Sets installed_parameters to those of the stack, as JSON: none if there is no stack, or only one that
# failed.
read_installed() {
  installed_parameters='{}'
  case $stack_status in
    '' | REVIEW_IN_PROGRESS | ROLLBACK_* | CREATE_FAILED | DELETE_*) ;;
    *) installed_parameters=$(jq '.Parameters // [] | map({(.ParameterKey): .ParameterValue}) | add // {}' <<<"$stack_state") ;;
  esac
}

# installed PARAMETER: prints its installed value; empty if there is none.
installed() {
  jq -r --arg name "$1" '.[$name] // ""' <<<"$installed_parameters"
}

# Sets parameters, as JSON: what is chosen now, else what is installed, else the template's default. The
# images always are the template's. Sets code_version to a hash of everything that is deployed.
resolve_parameters() {
  local chosen
  chosen=$(jq -n --arg ServiceBucket "$service_bucket" --arg ClusterBucket "$cluster_bucket" \
    --arg TaskScripts "$task_scripts" --arg Subnets "$task_subnets" --arg SecurityGroup "$task_group" \
    '$ARGS.named')
  set_parameter NotifyAddress ${option_notify+"$option_notify"}
  set_parameter MaxClusters ${option_max_clusters+"$option_max_clusters"}
  set_parameter MaxClustersPerAsker ${option_max_clusters_per_caller+"$option_max_clusters_per_caller"}
  set_parameter MaxMinutes ${option_max_minutes+"$option_max_minutes"}
  set_parameter MaxWorkers ${option_max_workers+"$option_max_workers"}
  set_parameter InstanceTypes "$instance_types"
  set_parameter Spot ${option_spot+true} ${option_on_demand+false}
  set_parameter AllowTypes ${option_allow_types+"$option_allow_types"}
  set_parameter MaxDisk ${option_max_disk+"$option_max_disk"}
  set_parameter OwnerDomains ${option_owner_domains+"$option_owner_domains"}
  set_parameter PermissionsBoundary ${option_permissions_boundary+"$option_permissions_boundary"}
  set_parameter Tags ${option_tags+"$option_tags"}
  parameters=$(jq -n --argjson defaults "$(template_defaults)" --argjson chosen "$chosen" \
    --argjson installed "$installed_parameters" '
    $defaults + ($installed | with_entries(select(.key as $key | $defaults | has($key))))
      + ($defaults | with_entries(select(.key | endswith("Image")))) + $chosen
    | del(.CodeVersion)')
  code_version=$({
    sha256 <"$code_jar"
    sha256 <"$template"
    jq -cS . <<<"$parameters"
  } | sha256)
}

# set_parameter NAME [VALUE]: in resolve_parameters; does nothing without a value.
set_parameter() {
  (($# == 1)) || chosen=$(jq --arg name "$1" --arg value "$2" '.[$name] = $value' <<<"$chosen")
}

# Prints the template's parameters and their defaults, as JSON. This reads as much YAML as the template
# uses there.
template_defaults() {
  jq -Rn 'reduce inputs as $line ({found: {}};
      if $line | test("^[A-Za-z]") then .section = $line
      elif .section != "Parameters:" then .
      elif $line | test("^  [A-Za-z0-9]+:") then .name = ($line | ltrimstr("  ") | sub(":.*"; "")) | .found[.name] = null
      elif $line | test("^    Default:") then
        .found[.name] = ($line | sub("^    Default: *"; "") | sub(" +#.*| +$"; "")
          | sub("^\u0027(?<text>.*)\u0027$"; .text) | sub("^\"(?<text>.*)\"$"; .text))
      else . end)
    | .found' <"$template"
}

# Sets stack_tags to EKSphemeral's and those that others gave the stack, KEY=VALUE each: a deployment
# removes tags that it does not name.
read_stack_tags() {
  local tag
  stack_tags=()
  while IFS= read -r -d '' tag; do
    stack_tags+=("$tag")
  done < <(jq -nj --argjson stack "$stack_state" --argjson installed "$installed_parameters" --argjson parameters "$parameters" '
    def tags: split(",") | map(split("=") | {(.[0]): .[1:] | join("=")}) | add // {};
    ($installed.Tags // "" | tags | keys) as $before
    | ($stack // {} | .Tags // [] | map(select(.Key | startswith("aws:") | not)) | map({(.Key): .Value}) | add // {})
    | with_entries(select(.key | IN($before[]) | not)) + ($parameters.Tags // "" | tags)
    | to_entries[] | "\(.key)=\(.value)\u0000"')
}

# sha256: prints the hash of stdin, in hexadecimal.
sha256() {
  local sum
  if command -v sha256sum >/dev/null; then sum=$(sha256sum); else sum=$(shasum -a 256); fi
  printf %s "${sum%% *}"
}
