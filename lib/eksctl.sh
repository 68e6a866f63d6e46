# shellcheck shell=bash disable=SC2016 # jq's variables
# Facts of the eksctl version in template.yaml, checked before a task would find out. A test fails if
# template.yaml has another version: then copy them again from its source.

eksctl_version=0.230.0

# SupportedRegions in pkg/apis/eksctl.io/v1alpha5/types.go.
eksctl_regions='
  us-east-1 us-east-2 us-west-1 us-west-2 ca-central-1 ca-west-1 mx-central-1 sa-east-1
  eu-central-1 eu-central-2 eu-north-1 eu-south-1 eu-south-2 eu-west-1 eu-west-2 eu-west-3
  af-south-1 il-central-1 me-central-1 me-south-1
  ap-east-1 ap-east-2 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-south-2
  ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-6 ap-southeast-7
  cn-north-1 cn-northwest-1 us-gov-east-1 us-gov-west-1
  us-iso-east-1 us-iso-west-1 us-isob-east-1 us-isob-west-1 us-isof-east-1 us-isof-south-1 eu-isoe-west-1'

# zoneIDsToAvoid in pkg/az/az.go: zones without EKS control planes.
eksctl_excluded_zones='["use1-az3", "usw1-az2", "cac1-az3"]'

# choose_instance_types LIST [ANY]: sets instance_types to the list. eksctl takes only zones that offer all
# types, and needs two; with ANY, types for which there are none are left out, and are in
# excluded_types. Fails if no two zones are left, with the zones of each type in type_zones, a line each;
# fails with 2 if they cannot be looked up.
choose_instance_types() {
  local choice line
  run_aws ec2 describe-instance-type-offerings --location-type availability-zone-id \
    --filters "Name=instance-type,Values=$1" || return 2
  choice=$(jq -c --arg list "$1" --arg any "${2-}" --argjson excluded "$eksctl_excluded_zones" '
    # Local and Wavelength Zones have longer ids.
    (.InstanceTypeOfferings // []
      | map(select(.Location | test("^[a-z0-9]+-az[0-9]+$")) | select(.Location | IN($excluded[]) | not))
      | group_by(.InstanceType) | map({(.[0].InstanceType): map(.Location) | unique}) | add // {}) as $zones
    | def common: map($zones[.] // []) | .[0] as $first | reduce .[1:][] as $more ($first; . - (. - $more));
      ($list | split(",")) as $types
    | if $any == "" then $types
      else reduce $types[] as $type ([]; if . + [$type] | common | length >= 2 then . + [$type] else . end)
      end
    | {types: ., excluded: ($types - .), fits: (length > 0 and (common | length >= 2)),
       zones: ($types | map("  \(.): " + ($zones[.] // [] | if length == 0 then "not offered" else join(", ") end)))}' \
    <<<"${aws_output:-null}") || return 2
  instance_types=$(jq -r '.types | join(",")' <<<"$choice")
  excluded_types=$(jq -r '.excluded | join(", ")' <<<"$choice")
  type_zones=()
  while IFS= read -r line; do
    type_zones+=("$line")
  done < <(jq -r '.zones[]' <<<"$choice")
  jq -e '.fits' <<<"$choice" >/dev/null
}
