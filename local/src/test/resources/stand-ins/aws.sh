#!/usr/bin/env bash
# Stands in for the aws CLI: a small account, which it keeps in the folder ACCOUNT. Writes down how it
# was called, a line each, in aws.calls. What a test wants otherwise it puts into rules/, of which the
# first counts that fits: a comment with a pattern of calls, then what is to be done instead.
#
# What nobody has thought of fails, and is written down in aws.unexpected.
#
# Does what a CLI of 2026 does with the settings that change what it prints: those of the environment,
# else those in the file config, a line NAME=VALUE each.

set -u
printf '%s\n' "${*//$'\n'/ }" >>"$ACCOUNT/aws.calls"

# setting NAME VALUE-IN-THE-ENVIRONMENT DEFAULT
setting() {
  local kept=''
  [[ ! -e $ACCOUNT/config ]] || kept=$(sed -n "s/^$1=//p" "$ACCOUNT/config")
  kept=${2:-$kept}
  printf %s "${kept:-$3}"
}

# error CODE MESSAGE
error() {
  case $(setting cli_error_format "${AWS_CLI_ERROR_FORMAT-}" enhanced) in
    json) printf '{"Code": "%s", "Message": "%s"}\n' "$1" "$2" ;;
    yaml) printf 'Code: %s\nMessage: %s\n' "$1" "$2" ;;
    text) printf '%s\t%s\n' "$1" "$2" ;;
    table) printf -- '---\n|  Code   |  %s  |\n|  Message|  %s  |\n---\n' "$1" "$2" ;;
    legacy) printf '\naws: [ERROR]: An error occurred (%s) when calling the %s operation: %s\n' "$1" "${what:-Some}" "$2" ;;
    *)
      printf '\naws: [ERROR]: An error occurred (%s) when calling the %s operation: %s\n\n' "$1" "${what:-Some}" "$2"
      printf 'Additional error details:\nType: Sender\n'
      ;;
  esac >&2
  exit 254
}

if [[ $(setting cli_auto_prompt "${AWS_CLI_AUTO_PROMPT-}" off) != off ]]; then
  printf '\033[?1049h> aws %s' "$*"
  echo "aws: [ERROR]: Could not open a terminal to prompt in" >&2
  exit 255
fi

# option NAME: its value
option() {
  local word found=''
  for word in "${all[@]}"; do
    if [[ -n $found ]]; then
      printf %s "$word"
      return
    fi
    [[ $word != "$1" ]] || found=1
  done
}

# kept FILE CODE: what is in a file of the account, or an error.
kept() {
  if [[ -e $ACCOUNT/$1 ]]; then cat -- "$ACCOUNT/$1"; else error "$2" "there is none"; fi
}

# put FILE VALUE: the value may be of the form file://…
put() {
  mkdir -p -- "$ACCOUNT/${1%/*}"
  if [[ $2 == file://* ]]; then cat -- "${2#file://}"; else printf '%s\n' "$2"; fi >"$ACCOUNT/$1"
}

# document NAME OPTION: the file that an option names, as a later answer has it. As with S3, it takes the
# place of all that was there.
document() {
  local file
  file=$(option "$2")
  jq --arg name "$1" 'if $name == "." then . else {($name): .} end' "${file#file://}"
}

# The objects of a bucket with a prefix, a key a line.
objects() {
  [[ ! -d $ACCOUNT/$bucket/objects ]] || (cd "$ACCOUNT/$bucket/objects" && find . -type f) | sed 's/^..//' | grep "^$1" || true
}

all=("$@")
call="$*"
for rule in "$ACCOUNT/rules"/*; do
  [[ -f $rule ]] || break # there is none
  IFS= read -r pattern <"$rule"
  # shellcheck disable=SC2053 # a pattern
  if [[ $call == ${pattern#'# '} ]]; then
    # shellcheck disable=SC1090 # what a test says
    . "$rule"
    exit
  fi
done

what=${2-}
bucket=buckets/$(option --bucket)
if [[ ${1-} == s3api && $2 != create-bucket && ! -d $ACCOUNT/$bucket ]]; then
  if [[ $2 == head-bucket ]]; then error 404 'Not Found'; fi
  error NoSuchBucket 'The specified bucket does not exist'
fi

case "${1-} ${2-}" in
  '--version ') echo 'aws-cli/2.30.1 Python/3.13.7 Linux/6 exe/x86_64' ;;
  'configure get') exit 1 ;;
  'configure export-credentials') cat -- "$ACCOUNT/credentials.json" ;;
  'sts get-caller-identity') echo '{"UserId": "X", "Account": "123456789012", "Arn": "arn:aws:iam::123456789012:user/alice"}' ;;

  'cloudformation describe-stacks')
    if [[ ! -e $ACCOUNT/stack.json ]]; then
      [[ -n $(option --stack-name) ]] || { echo '{"Stacks": []}' && exit; }
      error ValidationError 'Stack with id eksp does not exist'
    fi
    cat -- "$ACCOUNT/stack.json"
    ;;
  'cloudformation describe-stack-events')
    [[ -e $ACCOUNT/stack.json ]] || error ValidationError 'Stack [eksp] does not exist'
    if [[ -e $ACCOUNT/events.json ]]; then cat -- "$ACCOUNT/events.json"; else echo '{"StackEvents": []}'; fi
    ;;
  'cloudformation package')
    cp -- "$(option --template-file)" "$(option --output-template-file)"
    ;;
  'cloudformation deploy')
    parameters='[]' given='' tags='[]'
    for word in "$@"; do
      if [[ $word == --* ]]; then
        given=$word
      elif [[ $given == --tags ]]; then
        tags=$(jq -c --arg name "${word%%=*}" --arg value "${word#*=}" '. + [{Key: $name, Value: $value}]' <<<"$tags")
      elif [[ $given == --parameter-overrides ]]; then
        parameters=$(jq -c --arg name "${word%%=*}" --arg value "${word#*=}" \
          '. + [{ParameterKey: $name, ParameterValue: $value}]' <<<"$parameters")
      fi
    done
    if [[ -e $ACCOUNT/stack.json && $(jq -c '.Stacks[0] | .Parameters, .Tags' "$ACCOUNT/stack.json") == "$parameters"$'\n'"$tags" ]]; then
      echo 'No changes to deploy. Stack eksp is up to date'
      exit
    fi
    jq -n --argjson parameters "$parameters" --argjson tags "$tags" --arg api "$(<"$ACCOUNT/api")" '{Stacks: [{Tags: $tags,
      StackId: "arn:aws:cloudformation:us-east-2:123456789012:stack/eksp/1", StackName: "eksp",
      StackStatus: "CREATE_COMPLETE", Parameters: $parameters,
      Outputs: [{OutputKey: "EKSphemeralAPIEndpoint", OutputValue: $api}]}]}' >"$ACCOUNT/stack.new"
    mv -- "$ACCOUNT/stack.new" "$ACCOUNT/stack.json"
    echo 'Successfully created/updated stack - eksp'
    ;;
  'cloudformation delete-stack') rm -f -- "$ACCOUNT/stack.json" ;;

  's3api head-bucket') ;;
  's3api create-bucket') mkdir -p -- "$ACCOUNT/$bucket/objects" ;;
  's3api get-bucket-location') echo '{"LocationConstraint": "us-east-2"}' ;;
  's3api get-public-access-block') kept "$bucket/$2" NoSuchPublicAccessBlockConfiguration ;;
  's3api put-public-access-block')
    document PublicAccessBlockConfiguration --public-access-block-configuration >"$ACCOUNT/$bucket/get-public-access-block"
    ;;
  's3api get-bucket-encryption') kept "$bucket/$2" ServerSideEncryptionConfigurationNotFoundError ;;
  's3api put-bucket-encryption')
    document ServerSideEncryptionConfiguration --server-side-encryption-configuration >"$ACCOUNT/$bucket/get-bucket-encryption"
    ;;
  's3api get-bucket-versioning') if [[ -e $ACCOUNT/$bucket/$2 ]]; then cat -- "$ACCOUNT/$bucket/$2"; fi ;;
  's3api put-bucket-versioning') document . --versioning-configuration >"$ACCOUNT/$bucket/get-bucket-versioning" ;;
  's3api get-bucket-lifecycle-configuration') kept "$bucket/$2" NoSuchLifecycleConfiguration ;;
  's3api put-bucket-lifecycle-configuration')
    document . --lifecycle-configuration | jq --arg size "$(option --transition-default-minimum-object-size)" \
      '.TransitionDefaultMinimumObjectSize = if $size == "" then "all_storage_classes_128K" else $size end' \
      >"$ACCOUNT/$bucket/get-bucket-lifecycle-configuration"
    ;;
  's3api get-bucket-policy') kept "$bucket/$2" NoSuchBucketPolicy ;;
  's3api put-bucket-policy')
    policy=$(option --policy)
    jq -n --rawfile policy "${policy#file://}" '{Policy: $policy}' >"$ACCOUNT/$bucket/get-bucket-policy"
    ;;
  's3api list-objects-v2') objects "$(option --prefix)" | jq -Rn '{Contents: [inputs | {Key: .}]}' ;;
  's3api put-object')
    put "$bucket/objects/$(option --key)" "file://$(option --body)"
    echo "$(option --key) v1" >>"$ACCOUNT/$bucket/versions"
    echo '{"VersionId": "v1"}'
    ;;
  's3api delete-object')
    key=$(option --key)
    if [[ -n $(option --version-id) ]]; then
      sed "\\|^$key $(option --version-id)\$|d" "$ACCOUNT/$bucket/versions" >"$ACCOUNT/$bucket/versions.new"
      mv -- "$ACCOUNT/$bucket/versions.new" "$ACCOUNT/$bucket/versions"
    else
      rm -f -- "$ACCOUNT/$bucket/objects/$key"
      echo "$key marker" >>"$ACCOUNT/$bucket/versions"
      echo '{"DeleteMarker": true, "VersionId": "marker"}'
    fi
    ;;
  's3api get-object')
    key=$(option --key)
    [[ -e $ACCOUNT/$bucket/objects/$key ]] || error NoSuchKey 'The specified key does not exist.'
    before=
    for word in "$@"; do # the file is the word after the last option but one
      [[ $before != "$key" ]] || cp -- "$ACCOUNT/$bucket/objects/$key" "$word"
      before=$word
    done
    echo '{}'
    ;;
  's3api list-object-versions')
    objects '' | jq -Rn '[inputs] | {Versions: map({Key: ., VersionId: "v2"}, {Key: ., VersionId: "v1"}),
      DeleteMarkers: map(select(startswith("names/")) | {Key: "\(.)-of-before", VersionId: "d1"})}'
    ;;
  's3api delete-objects')
    batch=$(option --delete)
    cat -- "${batch#file://}" >>"$ACCOUNT/deleted"
    jq -r '.Objects[].Key' "${batch#file://}" | (cd "$ACCOUNT/$bucket/objects" && xargs rm -f --)
    ;;
  's3 cp')
    [[ $call == *' --recursive '* ]] || exit 99
    bucket=${3#s3://}
    folder=${bucket#*/}
    bucket=buckets/${bucket%%/*}
    [[ -d $ACCOUNT/$bucket ]] || error NoSuchBucket 'The specified bucket does not exist'
    [[ -z $folder ]] || exec cp -- "$ACCOUNT/$bucket/objects/$folder"* "$4"
    for file in "$ACCOUNT/$bucket/objects"/????????-????-????-????-????????????.json; do
      [[ ! -f $file ]] || cp -- "$file" "$4"
    done
    ;;

  'iam list-roles') jq -Rn '{Roles: [inputs | {Path: "/aws-service-role/\(.)/"}]}' "$ACCOUNT/roles" ;;
  'iam get-policy')
    [[ $(option --policy-arn) == */boundary* ]] || error NoSuchEntity "Policy $(option --policy-arn) does not exist"
    ;;
  'iam create-service-linked-role') option --aws-service-name >>"$ACCOUNT/roles" && echo >>"$ACCOUNT/roles" ;;
  'ec2 describe-vpcs') kept vpcs.json Never ;;
  'ec2 describe-subnets')
    jq -e --arg ids " ${call#* --subnet-ids } " --arg call "$call" '
      .Subnets | map(select(.SubnetId as $id | .VpcId as $vpc
        | ($call | contains(" --subnet-ids ")) and ($ids | contains(" \($id) "))
          or ($call | endswith("Values=\($vpc) --output json"))))
      | select(length > 0 or ($call | contains("--filters"))) | {Subnets: .}' "$ACCOUNT/subnets.json" \
      || error InvalidSubnetID.NotFound 'The subnet ID does not exist'
    ;;
  'ec2 describe-security-groups')
    jq -e --arg call "$call" '
      .SecurityGroups | map(select(.GroupId as $id | .VpcId as $vpc
        | ($call | contains(" --group-ids \($id) ")) or ($call | endswith("Values=\($vpc) --output json"))))
      | select(length > 0 or ($call | contains("--filters"))) | {SecurityGroups: .}' "$ACCOUNT/groups.json" \
      || error InvalidGroup.NotFound 'The security group does not exist'
    ;;
  'ec2 describe-instance-type-offerings')
    # A line each of offerings: a type, and the zones that have it; all have what is not there.
    types=$(option --filters)
    tr , '\n' <<<"${types#*,Values=}" | while IFS= read -r type; do
      zones='use2-az1 use2-az2 use2-az3 use2-lax1-az1'
      if [[ -e $ACCOUNT/offerings ]] && line=$(grep "^$type\b" "$ACCOUNT/offerings"); then
        zones=${line#"$type"}
      fi
      for zone in $zones; do printf '%s %s\n' "$type" "$zone"; done
    done | jq -Rn '{InstanceTypeOfferings: [inputs | split(" ")
      | {InstanceType: .[0], LocationType: "availability-zone-id", Location: .[1]}]}'
    ;;
  'service-quotas get-service-quota') echo '{"Quota": {"Value": 100.0}}' ;;

  'eks describe-cluster-versions')
    echo '{"clusterVersions": [{"clusterVersion": "1.35", "defaultVersion": true, "versionStatus": "STANDARD_SUPPORT"}]}'
    ;;
  'eks describe-cluster') error ResourceNotFoundException "No cluster found for name: $(option --name)." ;;
  'eks update-kubeconfig')
    file=$(option --kubeconfig)
    file=${file:-$ACCOUNT/kubeconfig}
    printf 'kind: Config\ncurrent-context: %s\n' "$(option --alias)" >"$file"
    echo "Added new context $(option --alias) to $file"
    ;;
  'ecs list-tasks') echo '{"taskArns": []}' ;;
  'ses get-identity-verification-attributes') kept identities.json Never ;;
  'ses verify-email-identity') ;;
  'sesv2 get-account') echo '{"ProductionAccessEnabled": true}' ;;
  'logs describe-log-groups') echo '{"logGroups": []}' ;;
  *)
    printf '%s\n' "$call" >>"$ACCOUNT/aws.unexpected"
    exit 99
    ;;
esac
