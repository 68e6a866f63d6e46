# shellcheck shell=bash disable=SC2016 # jq's variables
# Creating and securing the two buckets.

# shellcheck source=svc/task/keys.sh
. "$here/svc/task/keys.sh"

# create_bucket BUCKET
create_bucket() {
  local constraint=()
  [[ $region == us-east-1 ]] || constraint=(--create-bucket-configuration "LocationConstraint=$region")
  run_aws s3api create-bucket --bucket "$1" ${constraint[@]+"${constraint[@]}"} \
    || fail_aws "the bucket $1 cannot be created"
  info "created the bucket $1"
}

# check_write_access BUCKET PREFIX: writes and deletes an object as the functions do, above all without a
# header about encryption, and deletes its versions. On failure denied_action is the action that was denied.
check_write_access() {
  local key=$2preflight-$RANDOM$RANDOM version versions=()
  printf '{}\n' >"$scratch/preflight"
  denied_action=s3:PutObject
  run_aws s3api put-object --bucket "$1" --key "$key" --body "$scratch/preflight" \
    --content-type application/json --expected-bucket-owner "$account" || return
  versions=("$(jq -r '.VersionId // ""' <<<"$aws_output")")
  denied_action=s3:DeleteObject
  run_aws s3api delete-object --bucket "$1" --key "$key" --expected-bucket-owner "$account" || return
  versions+=("$(jq -r '.VersionId // ""' <<<"$aws_output")")
  for version in "${versions[@]}"; do
    if [[ -n $version ]] && ! run_aws s3api delete-object --bucket "$1" --key "$key" \
      --version-id "$version" --expected-bucket-owner "$account"; then
      warn "a version of the test object $key remains in the bucket $1: $aws_error"
    fi
  done
}

# secure_bucket BUCKET [PREFIX …]: makes it private, encrypted, versioned and TLS-only, and expires what is
# under the prefixes after 30 days. Changes only what differs; everything else in a document that S3 takes
# as a whole is written back as it was read.
secure_bucket() {
  local bucket=$1 changes='' size
  shift
  progress "checking the bucket $bucket"
  ensure_setting public-access-block '.PublicAccessBlockConfiguration
      | .BlockPublicAcls and .IgnorePublicAcls and .BlockPublicPolicy and .RestrictPublicBuckets' \
    '.PublicAccessBlockConfiguration // {} | . + {BlockPublicAcls: true, IgnorePublicAcls: true,
      BlockPublicPolicy: true, RestrictPublicBuckets: true}' \
    put-public-access-block --public-access-block-configuration private
  ensure_setting encryption '.ServerSideEncryptionConfiguration.Rules | length > 0' \
    '.ServerSideEncryptionConfiguration // {}
      | .Rules = [{ApplyServerSideEncryptionByDefault: {SSEAlgorithm: "AES256"}}]' \
    put-bucket-encryption --server-side-encryption-configuration encrypted
  [[ $aws_output != *'"aws:kms'* ]] \
    || warn "the bucket $bucket is encrypted with a KMS key: EKSphemeral's roles need permission to use it"
  ensure_setting versioning '.Status == "Enabled"' '.Status = "Enabled"' \
    put-bucket-versioning --versioning-configuration versioned
  read_setting lifecycle-configuration
  if ! merge_lifecycle "$@"; then
    # It is beside the rules, and would be reset to S3's default. A CLI that does not know the option does
    # not show it either.
    size=$(jq -r '.TransitionDefaultMinimumObjectSize // ""' <<<"$aws_output")
    write_setting put-bucket-lifecycle-configuration --lifecycle-configuration "file://$scratch/setting" \
      ${size:+--transition-default-minimum-object-size "$size"}
    changes+=', with expiry rules'
  fi
  read_setting policy
  if ! merge_policy "$bucket"; then
    write_setting put-bucket-policy --policy "file://$scratch/setting"
    changes+=', TLS-only'
  fi
  [[ -z $changes ]] || info "the bucket $bucket is now ${changes#, }"
}

# read_setting NAME: sets aws_output to that setting of $bucket; {} if it has none.
read_setting() {
  local operation=get-bucket-$1
  [[ $1 != public-access-block ]] || operation=get-$1
  if ! run_aws s3api "$operation" --bucket "$bucket"; then
    [[ $aws_error_code == NoSuch*Configuration || $aws_error_code == NoSuchBucketPolicy || $aws_error_code == *NotFoundError ]] \
      || fail_aws "the $1 of the bucket $bucket cannot be read"
    aws_output=
  fi
  [[ -n $aws_output ]] || aws_output='{}'
}

# ensure_setting NAME CONDITION CHANGE OPERATION OPTION WORD: changes a setting by a jq filter, unless it
# meets a condition, in jq.
ensure_setting() {
  read_setting "$1"
  if ! jq -e "$2" <<<"$aws_output" >/dev/null; then
    jq "$3" <<<"$aws_output" >"$scratch/setting"
    write_setting "$4" "$5" "file://$scratch/setting"
    changes+=", $6"
  fi
}

# write_setting OPERATION [OPTION …]
write_setting() {
  run_aws s3api "$1" --bucket "$bucket" "${@:2}" || fail_aws "$1 of the bucket $bucket failed"
}

# merge_lifecycle [PREFIX …]: succeeds if aws_output has EKSphemeral's rules; else fails, with all rules in
# $scratch/setting. A rule in the format of before 2016 cannot be combined with one of today.
merge_lifecycle() {
  jq -e '
    [.Rules // [] | .[] | if has("Prefix") then .Filter = {Prefix} | del(.Prefix) else . end] as $rules
    | ([{
        ID: "eksphemeral-old-versions", Status: "Enabled", Filter: {Prefix: ""},
        NoncurrentVersionExpiration: {NoncurrentDays: 30},
        Expiration: {ExpiredObjectDeleteMarker: true},
        AbortIncompleteMultipartUpload: {DaysAfterInitiation: 7}
      }] + [$ARGS.positional[] | {
        ID: "eksphemeral-\(rtrimstr("/"))", Status: "Enabled", Filter: {Prefix: .}, Expiration: {Days: 30}
      }]) as $needed
    | ($needed | map(select(.ID as $id | $rules | map(.ID) | index($id) | not))) as $missing
    | {Rules: ($rules + $missing)}, ($missing == [])' --args "$@" \
    <<<"$aws_output" >"$scratch/merged" && return
  jq -s '.[0]' "$scratch/merged" >"$scratch/setting"
  false
}

# merge_policy BUCKET: the same for the policy.
merge_policy() {
  jq -e --arg arn "arn:$partition:s3:::$1" '
    {
      Sid: "EKSphemeralTlsOnly", Effect: "Deny", Principal: "*", Action: "s3:*",
      Resource: [$arn, "\($arn)/*"], Condition: {Bool: {"aws:SecureTransport": "false"}}
    } as $needed
    | (.Policy // "{\"Version\": \"2012-10-17\", \"Statement\": []}" | fromjson)
    | .Statement |= (if type == "array" then . else [.] end)
    | (any(.Statement[]; .Sid == $needed.Sid)) as $present
    | if $present then . else .Statement += [$needed] end
    | ., $present' <<<"$aws_output" >"$scratch/merged" && return
  jq -s '.[0]' "$scratch/merged" >"$scratch/setting"
  false
}
