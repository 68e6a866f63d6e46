# shellcheck shell=bash disable=SC2016 # jq's variables
# Checks of the options of an installation.

check_options() {
  local word value
  for word in max_clusters max_clusters_per_caller max_minutes max_workers; do
    value=option_$word
    value=${!value-1}
    [[ $value =~ ^[1-9][0-9]{0,5}$ ]] || problem "--${word//_/-} takes a whole number from 1 on, not '$value'"
  done
  value=${option_notify-}
  [[ -z $value || $value =~ ^[^@,[:space:]]+@[^@,[:space:]]+\.[^@,[:space:]]+$ ]] \
    || problem "--notify takes a mail address, not '$value'"
  [[ ! $value =~ [@.](example\.(com|net|org)|example|test|invalid|localhost)$ ]] \
    || problem "--notify $value: addresses under reserved domains cannot send mail"
  value=${option_instance_types-t3.medium}
  is_instance_types "$value" \
    || problem "--instance-types takes at most 20 EC2 instance types separated by commas, such as t3.medium,t3a.medium, not '$value'"
  value=${option_allow_types-}
  [[ $value =~ ^([a-z0-9.*-]{1,32}(,[a-z0-9.*-]{1,32}){0,49})?$ ]] \
    || problem "--allow-types takes at most 50 EC2 instance types separated by commas, such as 't3.*,t4g.*,m7g.large', not '$value'"
  value=${option_max_disk-20}
  { [[ $value =~ ^[1-9][0-9]{1,4}$ ]] && ((value >= 20 && value <= 16384)); } \
    || problem "--max-disk takes a number of GiB from 20 to 16384, not '$value'"
  value=${option_owner_domains-}
  [[ ${#value} -le 512 && $value =~ ^([A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+(,[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+)*)?$ ]] \
    || problem "--owner-domains takes mail domains separated by commas, such as your-company.io, not '$value'"
  value=${option_permissions_boundary-}
  [[ -z $value || $value =~ ^arn:[a-z-]+:iam::([0-9]{12}|aws):policy/[A-Za-z0-9+=,.@/_-]+$ ]] \
    || problem "--permissions-boundary takes the ARN of a policy, such as arn:aws:iam::123456789012:policy/boundary, not '$value'"
  check_tags "${option_tags-}"
  value=${option_subnets-subnet-0}
  is_subnets "$value" || problem "--subnets takes at most 16 subnet ids separated by commas, not '$value'"
  value=${option_security_group-sg-0}
  is_group "$value" || problem "--security-group takes the id of one, such as sg-0123456789abcdef0, not '$value'"
}

is_instance_types() {
  [[ $1 =~ ^[a-z0-9-]+\.[a-z0-9-]+(,[a-z0-9-]+\.[a-z0-9-]+){0,19}$ ]]
}

is_subnets() {
  [[ $1 =~ ^subnet-[0-9a-f]+(,subnet-[0-9a-f]+){0,15}$ ]]
}

is_group() {
  [[ $1 =~ ^sg-[0-9a-f]+$ ]]
}

# Tag keys by which EKSphemeral, a controller, eksctl or AWS recognises resources: setting them could have
# resources deleted, or kept.
reserved_keys='^(aws|eks|eksphemeral):|(^|[.])(eksctl[.]io|k8s[.](io|aws)|kubernetes[.]io|amazonaws[.]com|karpenter[.]sh)/|^ebs[.]csi|^GuardDutyManaged$'

# AWS allows 50 tags. EKSphemeral uses three; the rest is left to eksctl, EKS and controllers.
max_tags=35

# check_tags KEY=VALUE,…: by AWS's rules.
check_tags() {
  local line
  [[ -n $1 ]] && command -v jq >/dev/null || return 0
  while IFS= read -r line; do
    problem "--tags: $line"
  done < <(jq -nr --arg tags "$1" --arg reserved "$reserved_keys" --argjson max "$max_tags" '
    ($tags | split(",")) as $pairs
    | ($pairs | map({key: split("=")[0], value: (split("=")[1:] | join("=")), whole: .})) as $all
    | ($all[] | select(.whole | contains("=") | not)
        | "\(.whole | @json) is not KEY=VALUE"),
      ($all[] | select(.key | test("^[\\p{L}\\p{Z}\\p{N}_.:/+@-]{1,128}$") | not)
        | "the key \(.key | @json) must have 1 to 128 letters, digits, spaces and _ . : / + @ -"),
      ($all[] | select(.value | test("^[\\p{L}\\p{Z}\\p{N}_.:/=+@-]{0,256}$") | not)
        | "the value of \(.key | @json) must have at most 256 letters, digits, spaces and _ . : / = + @ -"),
      ($all[] | select(.key | test($reserved; "i"))
        | "the key \(.key | @json) is reserved for AWS, Kubernetes or EKSphemeral"),
      ($all | group_by(.key | ascii_downcase)[] | select(length > 1)
        | "the key \(.[0].key | @json) is there \(length) times"),
      (select($all | length > $max) | "at most \($max) tags, not \($all | length): AWS allows 50, and clusters have others"),
      (select($tags | length > 2048) | "at most 2048 characters in all, not \($tags | length)")')
}
