# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # jq's variables; names are shared among the files in lib/
# The two buckets: made or hardened when EKSphemeral is installed, and emptied when it is removed.

# make_bucket BUCKET
make_bucket() {
  local where=()
  [[ $region == us-east-1 ]] || where=(--create-bucket-configuration "LocationConstraint=$region")
  ask_aws s3api create-bucket --bucket "$1" ${where[@]+"${where[@]}"} \
    || aws_failed "the bucket $1 cannot be made"
  say "made the bucket $1"
}

# try_writing BUCKET FOLDER: whether objects can be written into the folder and removed as the
# functions do it, above all without a header about encryption. The object and its versions are
# removed. If it fails, aws_why says why, and denied which action was refused.
try_writing() {
  local key=$2/preflight-$RANDOM$RANDOM version versions=()
  printf '{}\n' >"$scratch/preflight"
  denied=s3:PutObject
  ask_aws s3api put-object --bucket "$1" --key "$key" --body "$scratch/preflight" \
    --content-type application/json --expected-bucket-owner "$account" || return
  versions=("$(jq -r '.VersionId // ""' <<<"$aws_answer")")
  denied=s3:DeleteObject
  ask_aws s3api delete-object --bucket "$1" --key "$key" --expected-bucket-owner "$account" || return
  versions+=("$(jq -r '.VersionId // ""' <<<"$aws_answer")")
  for version in "${versions[@]}"; do
    if [[ -n $version ]] && ! ask_aws s3api delete-object --bucket "$1" --key "$key" \
      --version-id "$version" --expected-bucket-owner "$account"; then
      warn "a version of the test object $key stays in the bucket $1: $aws_why"
    fi
  done
}

# harden_bucket BUCKET [PREFIX …]: makes it private, encrypted, versioned, reached by TLS only, and
# lets what is under the prefixes go after 30 days. Changes only what is not so already; whatever else
# is in a document that S3 takes as a whole is written back as it was read.
harden_bucket() {
  local bucket=$1 mended='' size
  shift
  progress "looking at the bucket $bucket"
  read_setting public-access-block
  if ! jq -e '.PublicAccessBlockConfiguration
      | .BlockPublicAcls and .IgnorePublicAcls and .BlockPublicPolicy and .RestrictPublicBuckets' \
    <<<"$aws_answer" >/dev/null; then
    merge_setting '.PublicAccessBlockConfiguration // {} | . + {BlockPublicAcls: true, IgnorePublicAcls: true,
      BlockPublicPolicy: true, RestrictPublicBuckets: true}'
    set_bucket put-public-access-block --public-access-block-configuration "file://$scratch/setting"
    mended+=', private'
  fi
  read_setting encryption
  if ! jq -e '.ServerSideEncryptionConfiguration.Rules | length > 0' <<<"$aws_answer" >/dev/null; then
    merge_setting '.ServerSideEncryptionConfiguration // {}
      | .Rules = [{ApplyServerSideEncryptionByDefault: {SSEAlgorithm: "AES256"}}]'
    set_bucket put-bucket-encryption --server-side-encryption-configuration "file://$scratch/setting"
    mended+=', encrypted'
  elif [[ $aws_answer == *'"aws:kms'* ]]; then
    warn "the bucket $bucket is encrypted with a key of KMS: the roles of EKSphemeral must be allowed to use it"
  fi
  read_setting versioning
  if ! jq -e '.Status == "Enabled"' <<<"$aws_answer" >/dev/null; then
    merge_setting '.Status = "Enabled"'
    set_bucket put-bucket-versioning --versioning-configuration "file://$scratch/setting"
    mended+=', versioned'
  fi
  read_setting lifecycle-configuration
  if ! merge_lifecycle "$@"; then
    # It stands beside the rules, and would fall back to S3's default. A CLI that does not know the
    # option does not show it, either.
    size=$(jq -r '.TransitionDefaultMinimumObjectSize // ""' <<<"$aws_answer")
    set_bucket put-bucket-lifecycle-configuration --lifecycle-configuration "file://$scratch/setting" \
      ${size:+--transition-default-minimum-object-size "$size"}
    mended+=', old things expiring'
  fi
  read_setting policy
  if ! merge_policy "$bucket"; then
    set_bucket put-bucket-policy --policy "file://$scratch/setting"
    mended+=', TLS only'
  fi
  [[ -z $mended ]] || say "the bucket $bucket is now ${mended#, }"
}

# read_setting WHAT: sets aws_answer to what $bucket has, {} if nothing.
read_setting() {
  local operation=get-bucket-$1
  [[ $1 != public-access-block ]] || operation=get-$1
  if ! ask_aws s3api "$operation" --bucket "$bucket"; then
    [[ $aws_code == NoSuch*Configuration || $aws_code == NoSuchBucketPolicy || $aws_code == *NotFoundError ]] \
      || aws_failed "the $1 of the bucket $bucket cannot be read"
    aws_answer=
  fi
  [[ -n $aws_answer ]] || aws_answer='{}'
}

# merge_setting FILTER: sets $scratch/setting to aws_answer as the filter, in jq, changes it.
merge_setting() {
  jq "$1" <<<"$aws_answer" >"$scratch/setting"
}

# set_bucket OPERATION [OPTION …]
set_bucket() {
  ask_aws s3api "$1" --bucket "$bucket" "${@:2}" || aws_failed "the bucket $bucket refuses $1"
}

# merge_lifecycle [PREFIX …]: whether the rules of aws_answer have ours; if not, $scratch/setting has
# them as they should be. A rule in the manner of before 2016 cannot stand beside one of today.
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
      }]) as $ours
    | ($ours | map(select(.ID as $id | $rules | map(.ID) | index($id) | not))) as $missing
    | {Rules: ($rules + $missing)}, ($missing == [])' --args "$@" \
    <<<"$aws_answer" >"$scratch/merged" && return
  jq -s '.[0]' "$scratch/merged" >"$scratch/setting"
  false
}

# merge_policy BUCKET: the same for the policy.
merge_policy() {
  jq -e --arg arn "arn:$partition:s3:::$1" '
    {
      Sid: "EKSphemeralTlsOnly", Effect: "Deny", Principal: "*", Action: "s3:*",
      Resource: [$arn, "\($arn)/*"], Condition: {Bool: {"aws:SecureTransport": "false"}}
    } as $ours
    | (.Policy // "{\"Version\": \"2012-10-17\", \"Statement\": []}" | fromjson)
    | .Statement |= (if type == "array" then . else [.] end)
    | (any(.Statement[]; .Sid == $ours.Sid)) as $there
    | if $there then . else .Statement += [$ours] end
    | ., $there' <<<"$aws_answer" >"$scratch/merged" && return
  jq -s '.[0]' "$scratch/merged" >"$scratch/setting"
  false
}

# empty_bucket BUCKET CONDITION: removes every version of what meets the condition, in jq, on its
# key. Sets others to how many things it left. Fails if there is no such bucket.
empty_bucket() {
  local batch
  others=0
  if ! ask_aws s3api list-object-versions --bucket "$1"; then
    [[ $aws_code == NoSuchBucket ]] || aws_failed "what is in the bucket $1 cannot be listed"
    return 1
  fi
  [[ -n $aws_answer ]] || aws_answer='{}'
  jq -c "def ours: .Key | $2;"'
    [(.Versions // []) + (.DeleteMarkers // []) | .[] | {ours: ours, Key, VersionId}]
    | (map(select(.ours)) | map({Key, VersionId})) as $ours
    | length - ($ours | length),
      (range(0; $ours | length; 1000) | {Quiet: true, Objects: $ours[.:. + 1000]})' \
    <<<"$aws_answer" >"$scratch/to-remove"
  {
    read -r others
    while IFS= read -r batch; do
      progress "removing what is in the bucket $1"
      printf '%s\n' "$batch" >"$scratch/batch"
      ask_aws s3api delete-objects --bucket "$1" --delete "file://$scratch/batch" \
        || aws_failed "what is in the bucket $1 cannot be removed"
      aws_code='' aws_why=$(jq -r '.Errors // [] | .[0] // empty | "\(.Key): \(.Message)"' <<<"$aws_answer")
      [[ -z $aws_why ]] || aws_failed "not all that is in the bucket $1 can be removed"
    done
  } <"$scratch/to-remove"
}
