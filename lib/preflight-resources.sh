# shellcheck shell=bash
# Checks of the buckets and the network of an installation.

# Sets service_bucket, cluster_bucket and missing_buckets.
check_buckets() {
  local current
  service_bucket=${EKSPHEMERAL_SVC_BUCKET:-$(installed ServiceBucket)}
  cluster_bucket=${EKSPHEMERAL_CLUSTERMETA_BUCKET:-$(installed ClusterBucket)}
  current=$(installed ClusterBucket)
  missing_buckets=''
  check_bucket_names
  [[ -z $current || $current == "$cluster_bucket" ]] \
    || problem "EKSphemeral is installed with EKSPHEMERAL_CLUSTERMETA_BUCKET=$current; another bucket does not have its clusters" \
      "  keep it: export EKSPHEMERAL_CLUSTERMETA_BUCKET=$current" \
      "  or uninstall EKSphemeral first: $(command_line eksp-down.sh)"
  check_bucket EKSPHEMERAL_SVC_BUCKET "$service_bucket" "$(object_key task-scripts '')"
  [[ $service_bucket == "$cluster_bucket" ]] \
    || check_bucket EKSPHEMERAL_CLUSTERMETA_BUCKET "$cluster_bucket" "$(object_key tasks)"
}

check_bucket_names() {
  check_bucket_name EKSPHEMERAL_SVC_BUCKET "${service_bucket-${EKSPHEMERAL_SVC_BUCKET-}}" \
    "the functions' code" eks-svc
  check_bucket_name EKSPHEMERAL_CLUSTERMETA_BUCKET "${cluster_bucket-${EKSPHEMERAL_CLUSTERMETA_BUCKET-}}" \
    "the cluster records" eks-cluster-meta
  if [[ -n ${EKSPHEMERAL_SVC_BUCKET-} && ${EKSPHEMERAL_SVC_BUCKET-} == "${EKSPHEMERAL_CLUSTERMETA_BUCKET-}" ]]; then
    problem "EKSPHEMERAL_SVC_BUCKET and EKSPHEMERAL_CLUSTERMETA_BUCKET are both $EKSPHEMERAL_SVC_BUCKET; two buckets are needed"
  fi
}

# check_bucket_name VARIABLE BUCKET CONTENT PROPOSAL
check_bucket_name() {
  if [[ -z $2 ]]; then
    problem "$1 is not set: the bucket for $3" \
      "  choose a name that is unique in all of AWS: export $1=$4-${account:-$RANDOM}"
  elif ! is_bucket_name "$2"; then
    problem "$1 is not a valid bucket name: '$2'" \
      "  3 to 63 lower case letters, digits, dashes and dots, a letter or digit first and last"
  fi
}

is_bucket_name() {
  local shape='^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$' address='^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$'
  [[ $1 =~ $shape && ! $1 =~ $address && $1 != *..* ]] || return 1
  case $1 in
    xn--* | sthree-* | amzn-s3-demo-* | *-s3alias | *--ol-s3 | *.mrap | *--x-s3 | *--table-s3) return 1 ;;
  esac
}

# check_bucket VARIABLE BUCKET PREFIX: the account owns it, it is in the region and writable, or it is
# missing.
check_bucket() {
  local bucket_region
  is_bucket_name "$2" || return 0
  if run_aws s3api head-bucket --bucket "$2" --expected-bucket-owner "$account"; then
    run_aws s3api get-bucket-location --bucket "$2" || aws_output='{}'
    bucket_region=$(jq -r '.LocationConstraint // "us-east-1" | if . == "EU" then "eu-west-1" else . end' <<<"$aws_output")
    if [[ $aws_output != '{}' && $bucket_region != "$region" ]]; then
      problem "the bucket $2 is in region $bucket_region, not in $region" \
        "  choose another bucket for $1, or change the region: export AWS_REGION=$bucket_region"
    elif ! check_write_access "$2" "$3"; then
      write_access_advice "$2"
      problem "the bucket $2 denies $denied_action, which EKSphemeral needs: $aws_error" "${advice[@]}" \
        "  or choose another bucket for $1"
    fi
  elif [[ $aws_error_code == 404 || $aws_error_code == NoSuchBucket || $aws_error_code == NotFound ]]; then
    missing_buckets+=" $2"
  elif [[ $aws_error_code == 301 || $aws_error_code == 400 || $aws_error_code == PermanentRedirect ]]; then
    problem "the bucket $2 is in another region than $region, or belongs to another account" \
      "  choose another bucket for $1, or another region"
  elif [[ $aws_error_code == 403 ]] || is_access_denied; then
    problem "the bucket $2 belongs to another account, or you have no access to it" \
      "  bucket names are unique in all of AWS; choose another one for $1"
  else
    problem "the bucket $2 cannot be looked up: $aws_error"
  fi
}

# write_access_advice BUCKET: sets advice to what may deny writes that carry no special header.
write_access_advice() {
  advice=("  EKSphemeral sends no header about encryption; S3 encrypts by the bucket's default"
    "  allow that in the bucket's policy: aws s3api get-bucket-policy --bucket $1 --query Policy --output text"
    "  and in the organization's policies (SCP, RCP)")
}

# Sets task_subnets and task_group: from the options, else the installation, else the default VPC.
check_network() {
  local vpc='' vpcs ids
  task_subnets=${option_subnets:-$(installed Subnets)} task_group=${option_security_group:-$(installed SecurityGroup)}
  is_subnets "${task_subnets:-subnet-0}" && is_group "${task_group:-sg-0}" || return 0
  if [[ -n $task_group ]]; then
    read_group "$task_group" || {
      problem "the security group $task_group cannot be used: $aws_error" "  choose another one with --security-group"
      return 0
    }
    vpc=$group_vpc
    check_egress
  fi
  if [[ -n $task_subnets ]]; then
    IFS=, read -r -a ids <<<"$task_subnets"
    read_subnets --subnet-ids "${ids[@]}" || {
      problem "the subnets $task_subnets cannot be used: $aws_error" "  choose others with --subnets"
      return 0
    }
    vpcs=$(jq -r '[.Subnets[].VpcId] | unique | join(" ")' <<<"$aws_output")
    if [[ $vpcs == *' '* ]]; then
      problem "the subnets $task_subnets belong to several VPCs: $vpcs"
      return 0
    elif [[ -n $vpc && $vpcs != "$vpc" ]]; then
      problem "the security group $task_group belongs to another VPC ($vpc) than the subnets $task_subnets ($vpcs)" \
        "  choose others with --security-group and --subnets"
      return 0
    fi
    vpc=$vpcs
    check_fargate
  fi
  vpc=${vpc:-$default_vpc}
  if [[ -z $vpc ]]; then
    problem "region $region has no default VPC for the tasks" \
      "  create it: aws ec2 create-default-vpc --region $region" \
      "  or choose with --subnets and --security-group"
    return 0
  fi
  if [[ -z $task_subnets ]]; then
    read_subnets --filters "Name=vpc-id,Values=$vpc" || subnets=
    [[ -n $subnets ]] || problem "the VPC $vpc has no subnets${excluded_subnets:+ in zones with Fargate, only $excluded_subnets}, in which the tasks could run" \
      "  choose some with --subnets"
    task_subnets=$subnets
  fi
  if [[ -z $task_group ]]; then
    find_group "$vpc" || task_group=
    if [[ -z $task_group ]]; then
      problem "the VPC $vpc has no security group for the tasks" "  choose one with --security-group"
    else
      check_egress
    fi
  fi
}

# find_group VPC: sets task_group to the first of the VPC's groups that let the most out, and
# group_egress; empty if there is none.
find_group() {
  run_aws ec2 describe-security-groups --filters "Name=vpc-id,Values=$1" || return
  # shellcheck disable=SC2016 # jq's variables
  IFS=$'\t' read -r task_group group_egress < <(jq -r "$jq_egress"'.SecurityGroups
    | min_by(egress as $out | ["open", "restricted", "closed"] | index($out))
    | [.GroupId // "", egress] | @tsv' <<<"$aws_output")
}

# Whether tasks with task_group, which was read, reach what they need.
check_egress() {
  case $group_egress in
    closed)
      problem "the security group $task_group allows no egress to port 443, where AWS and the tasks' images are" \
        "$(egress_advice "$task_group")" "  or choose another one with --security-group"
      ;;
    restricted)
      warn "the security group $task_group allows egress to port 443 of some addresses only; the tasks need AWS, public.ecr.aws and each cluster's API" \
        "$(egress_advice "$task_group")"
      ;;
  esac
}

# Drops installed subnets in zones without Fargate, and rejects those that are chosen now.
check_fargate() {
  [[ -n $excluded_subnets ]] || return 0
  if [[ -n ${option_subnets-} || -z $subnets ]]; then
    problem "the zones of $excluded_subnets have no Fargate, so no task can run there" \
      "  choose others with --subnets"
  else
    warn "the tasks no longer run in $excluded_subnets: these zones have no Fargate"
    task_subnets=$subnets
  fi
}
