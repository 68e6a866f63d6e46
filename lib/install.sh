# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # jq's variables; names are shared among the files in lib/
# Installing the control plane in AWS, and updating it: first everything is looked at, and all that is
# in the way is said at once; then it is done, step by step, each of which changes only what is not
# as it should be.

code_jar=$here/svc/target/eksphemeral-lambda.jar
template=$here/template.yaml
problems=()
warnings=()
installed='{}'
versions_answer=

# problem WHAT [LINE …]: what is in the way, and what helps.
problem() {
  local line
  problems+=("  - $1")
  shift
  for line in "$@"; do
    problems+=("  $line")
  done
}

# warn WHAT [LINE …]: what is not in the way, and should be known at the end.
warn() {
  warnings+=("but $1" "${@:2}")
}

# --- what is looked at first ---

# look_around: ends the command with all the problems there are, if any.
look_around() {
  progress "looking at what there is"
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
  ((${#problems[@]} == 0)) || die "EKSphemeral cannot be installed like this; nothing was changed" "${problems[@]}"
}

check_tools() {
  local version
  if ! command -v aws >/dev/null; then
    problem "aws is missing, which talks to AWS: install version 2 of the aws CLI" \
      "  https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html" "$(local_advice)"
  elif ! is_aws_new_enough; then
    problem "$aws_version is too old" "$(aws_version_advice)"
  fi
  if ! command -v curl >/dev/null; then
    problem "curl is missing, which asks the control plane: install curl"
  elif ! version=$(curl_version); then
    problem "curl does not run; what it says: curl --version"
  elif ! at_least 7.75 "$version"; then
    problem "curl $version is too old, which signs the requests: install curl 7.75 or newer"
  fi
  command -v jq >/dev/null || problem "jq is missing, which reads the answers: install jq (1.6 or newer)"
  has_jdk || problem "a JDK of version 25 or newer is missing, which builds EKSphemeral" \
    "  install one (https://adoptium.net/temurin/releases/?version=25) or let JAVA_HOME name one"
}

check_options() {
  local word value
  for word in max_clusters max_clusters_per_asker max_minutes max_workers; do
    value=option_$word
    value=${!value-1}
    [[ $value =~ ^[1-9][0-9]{0,5}$ ]] || problem "--${word//_/-} takes a whole number from 1 on, not '$value'"
  done
  value=${option_notify-}
  [[ -z $value || $value =~ ^[^@,[:space:]]+@[^@,[:space:]]+\.[^@,[:space:]]+$ ]] \
    || problem "--notify takes a mail address, not '$value'"
  [[ ! $value =~ [@.](example\.(com|net|org)|example|test|invalid|localhost)$ ]] \
    || problem "--notify $value: addresses there are nobody's, so no mail can come from it"
  value=${option_instance_types-t3.medium}
  is_instance_types "$value" \
    || problem "--instance-types takes types of EC2 with commas between them, at most 20, like t3.medium,t3a.medium, not '$value'"
  value=${option_owner_domains-}
  [[ ${#value} -le 512 && $value =~ ^([A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+(,[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+)*)?$ ]] \
    || problem "--owner-domains takes mail domains with commas between them, like your-company.io, not '$value'"
  value=${option_permissions_boundary-}
  [[ -z $value || $value =~ ^arn:[a-z-]+:iam::([0-9]{12}|aws):policy/[A-Za-z0-9+=,.@/_-]+$ ]] \
    || problem "--permissions-boundary takes the ARN of a policy, like arn:aws:iam::123456789012:policy/boundary, not '$value'"
  check_tags "${option_tags-}"
  value=${option_subnets-subnet-0}
  is_subnets "$value" \
    || problem "--subnets takes ids of subnets with commas between them, at most 16, not '$value'"
  value=${option_security_group-sg-0}
  is_group "$value" || problem "--security-group takes the id of one, like sg-0123456789abcdef0, not '$value'"
}

# Keys of tags that say what is ours, or that a controller, eksctl or AWS sets: whoever could choose
# them could have things deleted, or kept.
reserved_keys='^(aws|eks|eksphemeral):|(^|[.])(eksctl[.]io|k8s[.](io|aws)|kubernetes[.]io|amazonaws[.]com|karpenter[.]sh)/|^ebs[.]csi|^GuardDutyManaged$'

# AWS takes 50 tags. Three are ours, and as many as these are left to eksctl, EKS and controllers.
most_tags=35

# check_tags KEY=VALUE,…: by AWS's rules.
check_tags() {
  local line
  [[ -n $1 ]] && command -v jq >/dev/null || return 0
  while IFS= read -r line; do
    problem "--tags: $line"
  done < <(jq -nr --arg tags "$1" --arg reserved "$reserved_keys" --argjson most "$most_tags" '
    ($tags | split(",")) as $pairs
    | ($pairs | map({key: split("=")[0], value: (split("=")[1:] | join("=")), whole: .})) as $all
    | ($all[] | select(.whole | contains("=") | not)
        | "\(.whole | @json) is no KEY=VALUE"),
      ($all[] | select(.key | test("^[\\p{L}\\p{Z}\\p{N}_.:/+@-]{1,128}$") | not)
        | "the key \(.key | @json) must have 1 to 128 letters, digits, spaces and _ . : / + @ -"),
      ($all[] | select(.value | test("^[\\p{L}\\p{Z}\\p{N}_.:/=+@-]{0,256}$") | not)
        | "the value of \(.key | @json) must have at most 256 letters, digits, spaces and _ . : / = + @ -"),
      ($all[] | select(.key | test($reserved; "i"))
        | "the key \(.key | @json) is reserved for AWS, Kubernetes or EKSphemeral"),
      ($all | group_by(.key | ascii_downcase)[] | select(length > 1)
        | "the key \(.[0].key | @json) is there \(length) times"),
      (select($all | length > $most) | "at most \($most) tags, not \($all | length): AWS allows 50, and clusters have others"),
      (select($tags | length > 2048) | "at most 2048 characters in all, not \($tags | length)")')
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

# Whether it is known who asks, and where.
check_account() {
  local known=0
  if ! find_region; then
    advise_on_why
    problem "the configuration of the aws CLI cannot be read: $aws_why" ${advice[@]+"${advice[@]}"}
    return 1
  elif [[ -z $region ]]; then
    problem "no region is set" "$(region_advice)"
    known=1
  elif ! is_region; then
    problem "'$region' is no name of a region" "$(region_advice)"
    return 1
  elif [[ " ${eksctl_regions//[[:space:]]/ } " != *" $region "* ]]; then
    problem "eksctl $eksctl_version, which creates the clusters, does not know region $region" "$(region_advice)"
    return 1
  fi
  # Who one is can be asked in any region.
  if ! AWS_REGION=${region:-us-east-1} AWS_DEFAULT_REGION=${region:-us-east-1} identify; then
    advise_on_why
    problem "AWS does not say who is asking: $aws_why" ${advice[@]+"${advice[@]}"}
    known=1
  fi
  return "$known"
}

check_eks() {
  if ask_aws eks describe-cluster-versions; then
    versions_answer=$aws_answer
  elif [[ $aws_why == *'nvalid choice'* ]]; then
    warn "this aws CLI cannot ask which versions EKS offers; the first cluster's task will" \
      "  a newer one can"
  elif [[ $aws_why == *'ould not connect'* ]]; then
    problem "there is no EKS in region $region, or no network to it: $aws_why" "$(region_advice)"
  else
    warn "EKS does not say which versions it offers, so that no version of a spec is refused: $aws_why"
  fi
}

check_stack() {
  if ! read_stack "$stack"; then
    problem "CloudFormation does not say whether EKSphemeral is installed: $aws_why"
    return
  fi
  read_installed
  case $stack_status in
    DELETE_FAILED)
      problem "EKSphemeral is half removed: its stack is in DELETE_FAILED" \
        "  remove the rest, and come back: $(command_for eksp-down.sh)"
      ;;
    UPDATE_ROLLBACK_FAILED)
      problem "its stack is in UPDATE_ROLLBACK_FAILED, which CloudFormation wants to be helped out of" \
        "  $(stack_command continue-update-rollback)" \
        "  what happened: $(stack_command describe-stack-events)"
      ;;
  esac
}

# Sets installed to the parameters of the stack, as JSON: none if there is no stack, or one that only
# failed, in which nothing is.
read_installed() {
  installed='{}'
  case $stack_status in
    '' | REVIEW_IN_PROGRESS | ROLLBACK_* | CREATE_FAILED | DELETE_*) ;;
    *) installed=$(jq '.Parameters // [] | map({(.ParameterKey): .ParameterValue}) | add // {}' <<<"$stack_state") ;;
  esac
}

# parameter NAME: of the stack as it is; empty if there is none.
parameter() {
  jq -r --arg name "$1" '.[$name] // ""' <<<"$installed"
}

# Whether the permissions boundary is there. Who may not look is told by CloudFormation.
check_boundary() {
  local arn=${option_permissions_boundary-$(parameter PermissionsBoundary)}
  if [[ -n $arn ]] && ! ask_aws iam get-policy --policy-arn "$arn" && ! is_denied; then
    problem "the permissions boundary $arn cannot be used: $aws_why" \
      "  choose another one with --permissions-boundary ARN, or none: --permissions-boundary ''"
  fi
}

check_buckets() {
  local before
  service_bucket=${EKSPHEMERAL_SVC_BUCKET:-$(parameter ServiceBucket)}
  cluster_bucket=${EKSPHEMERAL_CLUSTERMETA_BUCKET:-$(parameter ClusterBucket)}
  before=$(parameter ClusterBucket)
  buckets_to_make=''
  check_bucket_names
  [[ -z $before || $before == "$cluster_bucket" ]] \
    || problem "EKSphemeral is installed with $before as EKSPHEMERAL_CLUSTERMETA_BUCKET; with another one it would forget its clusters" \
      "  keep it: export EKSPHEMERAL_CLUSTERMETA_BUCKET=$before" \
      "  or remove EKSphemeral first: $(command_for eksp-down.sh)"
  check_bucket EKSPHEMERAL_SVC_BUCKET "$service_bucket" task
  [[ $service_bucket == "$cluster_bucket" ]] \
    || check_bucket EKSPHEMERAL_CLUSTERMETA_BUCKET "$cluster_bucket" tasks
}

check_bucket_names() {
  check_bucket_name EKSPHEMERAL_SVC_BUCKET "${service_bucket-${EKSPHEMERAL_SVC_BUCKET-}}" \
    "the bucket for the functions' code" eks-svc
  check_bucket_name EKSPHEMERAL_CLUSTERMETA_BUCKET "${cluster_bucket-${EKSPHEMERAL_CLUSTERMETA_BUCKET-}}" \
    "the bucket for what is known of the clusters" eks-cluster-meta
  if [[ -n ${EKSPHEMERAL_SVC_BUCKET-} && ${EKSPHEMERAL_SVC_BUCKET-} == "${EKSPHEMERAL_CLUSTERMETA_BUCKET-}" ]]; then
    problem "EKSPHEMERAL_SVC_BUCKET and EKSPHEMERAL_CLUSTERMETA_BUCKET are both $EKSPHEMERAL_SVC_BUCKET: they have to be two buckets"
  fi
}

# check_bucket_name VARIABLE BUCKET WHAT PROPOSAL
check_bucket_name() {
  if [[ -z $2 ]]; then
    problem "$1 is not set, which names $3" \
      "  choose a name that nobody in all AWS has yet: export $1=$4-${account:-$RANDOM}"
  elif ! is_bucket_name "$2"; then
    problem "$1 is no legal name of a bucket: '$2'" \
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

# check_bucket VARIABLE BUCKET FOLDER: whether it is ours, here and writable, or can be made.
check_bucket() {
  local where
  is_bucket_name "$2" || return 0
  if ask_aws s3api head-bucket --bucket "$2" --expected-bucket-owner "$account"; then
    ask_aws s3api get-bucket-location --bucket "$2" || aws_answer='{}'
    where=$(jq -r '.LocationConstraint // "us-east-1" | if . == "EU" then "eu-west-1" else . end' <<<"$aws_answer")
    if [[ $aws_answer != '{}' && $where != "$region" ]]; then
      problem "the bucket $2 is in region $where, and EKSphemeral is to be in $region" \
        "  choose another bucket for $1, or go there: export AWS_REGION=$where"
    elif ! try_writing "$2" "$3"; then
      advise_on_writing "$2"
      problem "the bucket $2 denies $denied, which EKSphemeral needs: $aws_why" "${advice[@]}" \
        "  or choose another bucket for $1"
    fi
  elif [[ $aws_code == 404 || $aws_code == NoSuchBucket || $aws_code == NotFound ]]; then
    buckets_to_make+=" $2"
  elif [[ $aws_code == 301 || $aws_code == 400 || $aws_code == PermanentRedirect ]]; then
    problem "the bucket $2 is in another region than $region, or somebody else's" \
      "  choose another bucket for $1, or another region"
  elif [[ $aws_code == 403 ]] || is_denied; then
    problem "the bucket $2 is somebody else's, or you may not use it" \
      "  names of buckets are unique in all AWS; choose another one for $1"
  else
    problem "the bucket $2 cannot be looked at: $aws_why"
  fi
}

# advise_on_writing BUCKET: sets advice to what may deny writes that carry no special header.
advise_on_writing() {
  advice=("  EKSphemeral sends no header about encryption; S3 encrypts as the bucket's default says"
    "  allow that in the bucket's policy: aws s3api get-bucket-policy --bucket $1 --query Policy --output text"
    "  and in the organization's policies (SCP, RCP)")
}

# Which VPC is the default one, and whether there is room for those of the clusters.
check_vpcs() {
  local used quota most
  default_vpc=
  if ! ask_aws ec2 describe-vpcs; then
    problem "EC2 does not say which VPCs there are: $aws_why"
    return
  fi
  default_vpc=$(jq -r '[.Vpcs[] | select(.IsDefault) | .VpcId] | .[0] // ""' <<<"$aws_answer")
  used=$(jq '[.Vpcs[] | select([.Tags // [] | .[] | .Key] | index("eksphemeral:id") | not)] | length' <<<"$aws_answer")
  most=${option_max_clusters:-$(parameter MaxClusters)}
  most=${most:-10}
  if ask_aws service-quotas get-service-quota --service-code vpc --quota-code L-F678F1CE \
    && quota=$(jq -e '.Quota.Value | floor' <<<"$aws_answer") && [[ $most =~ ^[0-9]{1,6}$ ]] \
    && ((quota - used < most)); then
    warn "a cluster takes a VPC of its own, and of the $quota that region $region may have, $used are taken:" \
      "  there is room for $((quota > used ? quota - used : 0)) clusters at a time, and up to $most may be asked for; to have more room:" \
      "  aws service-quotas request-service-quota-increase --region $region --service-code vpc --quota-code L-F678F1CE --desired-value $((used + most))"
  fi
}

# Sets instance_types to what the nodes may be. A default that the region does not offer is left out;
# what somebody chose has to be offered as it is.
check_instance_types() {
  local default wanted status=0
  default=$(jq -r '.InstanceTypes' <<<"$(template_defaults)")
  wanted=${option_instance_types:-$(parameter InstanceTypes)}
  wanted=${wanted:-$default}
  is_instance_types "$wanted" || return 0
  if [[ -z ${option_instance_types-} && $wanted == "$default" ]]; then
    choose_instance_types "$wanted" any || status=$?
  else
    choose_instance_types "$wanted" || status=$?
  fi
  if ((status == 2)); then
    instance_types=$wanted
    warn "EC2 does not say which zones offer the instance types $wanted; where fewer than two offer all of them, no cluster can be created: $aws_why"
  elif ((status)); then
    problem "a cluster needs two availability zones that offer all of its instance types ($wanted), and region $region has fewer" \
      "${types_why[@]}" "  choose others: $(command_for eksp-up.sh --instance-types) A,B"
  elif [[ -n $types_left_out ]]; then
    warn "nodes will be $instance_types only: region $region does not offer $types_left_out in two of the same zones" \
      "  choose others: $(command_for eksp-up.sh --instance-types) A,B"
  fi
}

# Sets task_subnets and task_group to what was asked for, else to what is installed, else to what the
# default VPC has.
check_network() {
  local vpc='' ids
  task_subnets=${option_subnets:-$(parameter Subnets)} task_group=${option_security_group:-$(parameter SecurityGroup)}
  is_subnets "${task_subnets:-subnet-0}" && is_group "${task_group:-sg-0}" || return 0
  if [[ -n $task_group ]]; then
    read_group "$task_group" || {
      problem "the security group $task_group cannot be used: $aws_why" "  choose another one with --security-group"
      return 0
    }
    vpc=$group_vpc
    check_way_out "$task_group"
  fi
  if [[ -n $task_subnets ]]; then
    IFS=, read -r -a ids <<<"$task_subnets"
    read_subnets --subnet-ids "${ids[@]}" || {
      problem "the subnets $task_subnets cannot be used: $aws_why" "  choose others with --subnets"
      return 0
    }
    if [[ $subnet_vpcs == *' '* ]]; then
      problem "the subnets $task_subnets are of several VPCs: $subnet_vpcs"
      return 0
    elif [[ -n $vpc && $subnet_vpcs != "$vpc" ]]; then
      problem "the security group $task_group is of another VPC ($vpc) than the subnets $task_subnets ($subnet_vpcs)" \
        "  choose others with --security-group and --subnets"
      return 0
    fi
    vpc=$subnet_vpcs
    check_fargate
  fi
  vpc=${vpc:-$default_vpc}
  if [[ -z $vpc ]]; then
    problem "region $region has no default VPC, in which the tasks could run" \
      "  make it: aws ec2 create-default-vpc --region $region" \
      "  or choose with --subnets and --security-group"
    return 0
  fi
  if [[ -z $task_subnets ]]; then
    read_subnets --filters "Name=vpc-id,Values=$vpc" || subnets=
    [[ -n $subnets ]] || problem "the VPC $vpc has no subnets${subnets_left_out:+ in zones with Fargate, only $subnets_left_out}, in which the tasks could run" \
      "  choose some with --subnets"
    task_subnets=$subnets
  fi
  if [[ -z $task_group ]]; then
    first_group "$vpc" || group=
    task_group=$group
    if [[ -z $group ]]; then
      problem "the VPC $vpc has no security group for the tasks" "  choose one with --security-group"
    else
      check_way_out "$group"
    fi
  fi
}

# check_way_out SG: whether tasks in the group, which has been read, reach what they need.
check_way_out() {
  advise_on_way_out "$1"
  case $group_out in
    nowhere)
      problem "the security group $1 lets nothing out to port 443, where AWS and the tasks' images are" \
        "${advice[@]}" "  or choose another one with --security-group"
      ;;
    somewhere)
      warn "the security group $1 lets the tasks out to port 443 of some addresses only; they need AWS, public.ecr.aws and each cluster's API" \
        "${advice[@]}"
      ;;
  esac
}

# Leaves those of the installed subnets out that are in zones without Fargate; those that are asked
# for now are refused.
check_fargate() {
  [[ -n $subnets_left_out ]] || return 0
  if [[ -n ${option_subnets-} || -z $subnets ]]; then
    problem "there is no Fargate in the zones of $subnets_left_out, so no task can run there" \
      "  choose others with --subnets"
  else
    warn "the tasks do not run in $subnets_left_out any more: there is no Fargate in these zones"
    task_subnets=$subnets
  fi
}

# --- what is done then ---

# settle_stack: waits for what somebody else has CloudFormation do, and removes what a failed
# installation left, which cannot be updated.
settle_stack() {
  if [[ $stack_status == *_IN_PROGRESS && $stack_status != REVIEW_IN_PROGRESS ]]; then
    mark_events
    wait_for_stack "waiting for what is going on already, $stack_status" 180
  fi
  case $stack_status in
    ROLLBACK_COMPLETE | ROLLBACK_FAILED | CREATE_FAILED)
      say "removing what an installation that failed left of its stack, in which nothing is"
      delete_stack "removing it"
      if [[ -n $stack_status && $stack_status != DELETE_COMPLETE ]]; then
        die "the stack of a failed installation cannot be removed; it is in $stack_status:" "$(stack_complaints)"
      fi
      ;;
  esac
  [[ $stack_status != DELETE_COMPLETE && $stack_status != REVIEW_IN_PROGRESS ]] || stack_status=
  read_installed
}

prepare_buckets() {
  local bucket
  for bucket in $buckets_to_make; do
    make_bucket "$bucket"
    if ! try_writing "$bucket" tasks; then
      advise_on_writing "$bucket"
      die "the bucket $bucket denies $denied, which EKSphemeral needs: $aws_why" "${advice[@]}"
    fi
  done
  harden_bucket "$service_bucket"
  harden_bucket "$cluster_bucket" gone/ tasks/
}

# The roles that AWS's services make for themselves when they are first used by hand, but not when
# CloudFormation or eksctl is first.
make_service_roles() {
  local service there made=''
  progress "looking at the service-linked roles"
  if ! ask_aws iam list-roles --path-prefix /aws-service-role/; then
    warn "the service-linked roles could not be looked at: $aws_why"
    return
  fi
  there=$(jq -r '.Roles[].Path' <<<"$aws_answer")
  for service in ecs eks eks-nodegroup autoscaling elasticloadbalancing spot; do
    if [[ $there != */$service.amazonaws.com/* ]]; then
      if ask_aws iam create-service-linked-role --aws-service-name "$service.amazonaws.com"; then
        made+=", $service"
      elif [[ $aws_why != *'has been taken'* ]]; then
        aws_failed "the service-linked role of $service cannot be made"
      fi
    fi
  done
  [[ -z $made ]] || say "made the service-linked roles of ${made#, }"
}

# shown WHAT COMMAND …: runs a command behind the live line; its words are in $scratch/why.
shown() {
  local pid
  "${@:2}" >"$scratch/why" 2>&1 </dev/null &
  pid=$!
  while is_running "$pid"; do
    progress "$1"
    sleep 0.3
  done
  wait "$pid"
}

# sha256: of stdin, in hexadecimal digits.
sha256() {
  local sum
  if command -v sha256sum >/dev/null; then sum=$(sha256sum); else sum=$(shasum -a 256); fi
  printf %s "${sum%% *}"
}

# Sets task_scripts to where they are: a task runs those that have the hash in the name, and no others.
# What is there and has another hash was changed by somebody, or is half uploaded.
upload_task_scripts() {
  local file key there changed=''
  task_scripts=task/$(hash_of_scripts "$here/svc/task")
  ask_aws s3api list-objects-v2 --bucket "$service_bucket" --prefix "$task_scripts/" \
    || aws_failed "the bucket $service_bucket cannot be listed"
  there=$(jq -r '.Contents // [] | .[].Key' <<<"${aws_answer:-null}")
  if [[ -n $there ]]; then
    rm -rf -- "$scratch/scripts"
    mkdir -- "$scratch/scripts"
    aws s3 cp "s3://$service_bucket/$task_scripts/" "$scratch/scripts" --recursive --only-show-errors \
      >"$scratch/why" 2>&1 </dev/null || {
      read_why
      aws_failed "the task scripts in the bucket $service_bucket cannot be read"
    }
    [[ $task_scripts != "task/$(hash_of_scripts "$scratch/scripts")" ]] || return 0
    for file in "$scratch/scripts"/*; do
      key=$here/svc/task/${file##*/}
      [[ -f $key && $(sha256 <"$file") == "$(sha256 <"$key")" ]] || changed=1
    done
  fi
  for file in "$here"/svc/task/*; do
    progress "uploading the task scripts"
    ask_aws s3api put-object --bucket "$service_bucket" --key "$task_scripts/${file##*/}" --body "$file" \
      || aws_failed "the task scripts cannot be put into the bucket $service_bucket"
  done
  while IFS= read -r key; do
    [[ -n $key && ! -f $here/svc/task/${key#"$task_scripts/"} ]] || continue
    ask_aws s3api delete-object --bucket "$service_bucket" --key "$key" \
      || aws_failed "the foreign file $key cannot be removed from the bucket $service_bucket"
  done <<<"$there"
  if [[ -z $changed ]]; then
    say "uploaded the task scripts"
  else
    warn "somebody had changed the task scripts in the bucket $service_bucket; they are restored" \
      "  no task ran them, as tasks check their hash; who it was: CloudTrail, and the versions under $task_scripts/"
  fi
}

# hash_of_scripts FOLDER: as the tasks calculate it, see template.yaml.
hash_of_scripts() {
  local LC_ALL=C
  (cd -- "$1" && if command -v sha256sum >/dev/null; then sha256sum -- *; else shasum -a 256 -- *; fi) | sha256
}

# Sets parameters to all that the template wants, as JSON: what is asked for now, else what is
# installed, else the template's default. The images are always the template's, which pins them.
settle_parameters() {
  local given
  given=$(jq -n --arg ServiceBucket "$service_bucket" --arg ClusterBucket "$cluster_bucket" \
    --arg TaskScripts "$task_scripts" --arg Subnets "$task_subnets" --arg SecurityGroup "$task_group" \
    '$ARGS.named')
  give NotifyAddress ${option_notify+"$option_notify"}
  give MaxClusters ${option_max_clusters+"$option_max_clusters"}
  give MaxClustersPerAsker ${option_max_clusters_per_asker+"$option_max_clusters_per_asker"}
  give MaxMinutes ${option_max_minutes+"$option_max_minutes"}
  give MaxWorkers ${option_max_workers+"$option_max_workers"}
  give InstanceTypes "$instance_types"
  give Spot ${option_spot+true} ${option_on_demand+false}
  give OwnerDomains ${option_owner_domains+"$option_owner_domains"}
  give PermissionsBoundary ${option_permissions_boundary+"$option_permissions_boundary"}
  give Tags ${option_tags+"$option_tags"}
  parameters=$(jq -n --argjson defaults "$(template_defaults)" --argjson given "$given" \
    --argjson installed "$installed" '
    $defaults + ($installed | with_entries(select(.key as $key | $defaults | has($key))))
      + ($defaults | with_entries(select(.key | endswith("Image")))) + $given
    | del(.CodeVersion)')
  code_version=$({
    sha256 <"$code_jar"
    sha256 <"$template"
    jq -cS . <<<"$parameters"
  } | sha256)
}

# give PARAMETER [VALUE]
give() {
  (($# == 1)) || given=$(jq --arg name "$1" --arg value "$2" '.[$name] = $value' <<<"$given")
}

# The parameters of our template, with their defaults, as JSON. It is YAML, of which this reads what
# our template uses of it.
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

# Packages and deploys. Sets stack_state, and deployed if that changed anything.
deploy() {
  local usual=240 pid said pairs=() pair options=()
  [[ -z $stack_status ]] || usual=120
  shown "uploading the code" aws cloudformation package --template-file "$template" \
    --s3-bucket "$service_bucket" --s3-prefix code --output-template-file "$scratch/packaged.yaml" || {
    read_why
    aws_failed "the code cannot be packaged"
  }
  while IFS= read -r pair; do
    pairs+=("$pair")
  done < <(jq -r 'to_entries[] | select(.value != null) | "\(.key)=\(.value)"' <<<"$parameters")
  read_stack_tags
  # What is larger than this comes from the bucket.
  (($(wc -c <"$scratch/packaged.yaml") < 51200)) || options=(--s3-bucket "$service_bucket" --s3-prefix code)

  mark_events
  when_interrupted "$program: not waiting any more; what CloudFormation has begun goes on" \
    "  how it stands:   $(stack_command describe-stacks) --query 'Stacks[0].StackStatus'" \
    "  go on with this: $(command_for "$program" ${as_called[@]+"${as_called[@]}"})"
  aws cloudformation deploy --template-file "$scratch/packaged.yaml" --stack-name "$stack" \
    --capabilities CAPABILITY_IAM CAPABILITY_AUTO_EXPAND --no-fail-on-empty-changeset \
    ${options[@]+"${options[@]}"} ${stack_tags[@]+--tags "${stack_tags[@]}"} \
    --parameter-overrides "${pairs[@]}" "CodeVersion=$code_version" \
    >"$scratch/deploy" 2>&1 </dev/null &
  pid=$!
  while is_running "$pid"; do
    watch_stack "installing EKSphemeral" "$usual"
    sleep 2
  done
  wait "$pid" || deploy_failed
  said=$(<"$scratch/deploy")
  deployed=1
  [[ $said != *'No changes to deploy'* ]] || deployed=
  read_stack "$stack" || aws_failed "CloudFormation does not say what there is now"
}

# Sets stack_tags to the stack's, KEY=VALUE each: ours, and what somebody else gave it, as a deploy
# takes away those that it does not name.
read_stack_tags() {
  local tag
  stack_tags=()
  while IFS= read -r -d '' tag; do
    stack_tags+=("$tag")
  done < <(jq -nj --argjson stack "$stack_state" --argjson installed "$installed" --argjson parameters "$parameters" '
    def tags: split(",") | map(split("=") | {(.[0]): .[1:] | join("=")}) | add // {};
    ($installed.Tags // "" | tags | keys) as $before
    | ($stack // {} | .Tags // [] | map(select(.Key | startswith("aws:") | not)) | map({(.Key): .Value}) | add // {})
    | with_entries(select(.key | IN($before[]) | not)) + ($parameters.Tags // "" | tags)
    | to_entries[] | "\(.key)=\(.value)\u0000"')
}

deploy_failed() {
  local complaints said
  complaints=$(stack_complaints)
  read_stack "$stack" || stack_status=unknown
  mv -- "$scratch/deploy" "$scratch/why"
  read_why
  aws_why=${aws_why##*Reason: }
  case $stack_status in
    *_IN_PROGRESS) said="  CloudFormation is still at it: $(command_for "$program") waits for it" ;;
    ROLLBACK_COMPLETE) said="  all of it was rolled back, and nothing is left running" ;;
    UPDATE_ROLLBACK_COMPLETE) said="  all of it was rolled back, and is as it was before" ;;
    *) said="  its stack is now ${stack_status:-not there}" ;;
  esac
  if [[ -z $complaints ]]; then
    advise_on_why
    die "EKSphemeral could not be installed: $aws_why" ${advice[@]+"${advice[@]}"} "$said"
  fi
  die "EKSphemeral could not be installed:" "$complaints" "$said" \
    "  all that happened: $(stack_command describe-stack-events)"
}

# The versions that EKS offers, for the service to judge specs by.
refresh_versions() {
  [[ -n $versions_answer ]] || return 0
  if ! jq -c -f "$here/svc/task/versions.jq" <<<"$versions_answer" >"$scratch/versions.json" 2>"$scratch/why"; then
    read_why
    warn "the versions that EKS offers could not be read: $aws_why"
  elif ! ask_aws s3api get-object --bucket "$cluster_bucket" --key config/versions.json "$scratch/versions.before" \
    || [[ $(jq -cS . "$scratch/versions.before") != "$(jq -cS . "$scratch/versions.json")" ]]; then
    ask_aws s3api put-object --bucket "$cluster_bucket" --key config/versions.json \
      --content-type application/json --body "$scratch/versions.json" \
      || aws_failed "the versions that EKS offers cannot be put into the bucket $cluster_bucket"
  fi
}

# Whether mails can go out, and to whom.
check_mail() {
  local address status
  address=$(jq -r '.NotifyAddress // ""' <<<"$parameters")
  if [[ -z $address ]]; then
    warn "nobody is mailed: no address is set that mails could come from" \
      "  set one: $(command_for eksp-up.sh --notify you@your-company.io)"
    return
  fi
  if ! ask_aws ses get-identity-verification-attributes --identities "$address" "${address##*@}"; then
    warn "SES does not say whether it may send mails from $address: $aws_why"
    return
  fi
  status=$(jq -r --arg address "$address" --arg domain "${address##*@}" '
    .VerificationAttributes | [.[$address], .[$domain] | .VerificationStatus // empty]
    | if index("Success") then "Success" else .[0] // "" end' <<<"$aws_answer")
  case $status in
    Success) ;;
    Pending) warn "no mails go out until you click the link in the one that AWS has sent to $address" ;;
    *)
      if ask_aws ses verify-email-identity --email-address "$address"; then
        warn "no mails go out until you click the link in the one that AWS is sending to $address"
      else
        warn "no mails go out, and the verification of $address cannot be started: $aws_why"
      fi
      ;;
  esac
  if ask_aws sesv2 get-account && [[ $(jq '.ProductionAccessEnabled' <<<"$aws_answer") == false ]]; then
    warn "SES is in its sandbox in region $region, so that mails reach only addresses that are verified too:" \
      "  aws ses verify-email-identity --region $region --email-address OWNER" \
      "  or ask for production access: https://docs.aws.amazon.com/ses/latest/dg/request-production-access.html"
  fi
}

# Proves by a signed request that the API answers, and remembers where it is. One that is new needs
# a moment.
prove_api() {
  local pause
  endpoint=$(stack_output EKSphemeralAPIEndpoint)
  endpoint=${endpoint%/} endpoint_recalled='' endpoint_file=$local_home/endpoints/$account-$region
  [[ -n $endpoint ]] || die "the stack $stack does not say where its API is"
  last_words=()
  for pause in 1 2 4 8 ''; do
    ask GET /status
    if [[ -z $pause || $answer_status == 2* ]]; then
      break
    fi
    progress "waiting for the API to answer"
    sleep "$pause"
  done
  expect_success
  remember_endpoint
}
