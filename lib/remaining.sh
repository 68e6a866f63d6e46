# shellcheck shell=bash disable=SC2016 # jq's variables
# The clusters that remain when the control plane is to go.

api_error= # why the API cannot be used

# Sets records to the clusters' records: from the API, or without one from the bucket. Calls
# parse_clusters.
find_remaining_clusters() {
  read_endpoint
  endpoint_cached=
  if ! is_aws_endpoint; then
    api_error="there is no API"
  else
    with_retries idempotent GET /clusters
    [[ $response_status == 2* ]] || api_error="$endpoint does not respond (${response_error:-$response_status})"
  fi
  if [[ -z $api_error ]]; then
    records=$response_body
  else
    [[ -z $stack_status ]] || info "$api_error, so the records are read from the bucket $cluster_bucket"
    read_records
  fi
  parse_clusters "$records"
}

# Sets records to those in the bucket, as JSON.
read_records() {
  local file id
  records='[]'
  rm -rf -- "$scratch/records"
  mkdir -- "$scratch/records"
  if ! aws s3 cp "s3://$cluster_bucket/" "$scratch/records" --recursive --only-show-errors \
    --exclude '*' --include '????????-????-????-????-????????????.json' >"$scratch/stderr" 2>&1 </dev/null; then
    read_aws_error
    [[ $aws_error_code == NoSuchBucket ]] || fail_aws "the records in the bucket $cluster_bucket cannot be read"
    return
  fi
  for file in "$scratch/records"/*.json; do
    [[ -f $file ]] || continue
    id=${file##*/}
    id=${id%.json}
    records=$(jq -c --arg id "$id" --rawfile record "$file" \
      '. + [$record | (fromjson? | objects) // {status: {id: $id, state: "unreadable"}}]' <<<"$records")
  done
}

# parse_clusters RECORDS: sets cluster_ids to the clusters that are not gone, cluster_lines to a line for
# each, and ignored_records to a line for each record that this version does not manage, behind which
# there may be a cluster.
parse_clusters() {
  local id line
  cluster_ids=() cluster_lines=''
  while IFS=' ' read -r id line; do
    cluster_ids+=("$id")
    cluster_lines+=${cluster_lines:+$'\n'}"  $id $line"
  done < <(jq -r "$jq_text"'.[] | select(.status.state | . != null and . != "gone" and . != "unreadable")
    | "\(.status.id) \(.name) \(.status.state)" | safe_text' <<<"$1")
  ignored_records=$(jq -r "$jq_text"'.[] | if .status == null then "  \(.name), a record from 2019"
      elif .status.state == "unreadable" then "  \(.status.id), which is unreadable" else empty end
    | safe_text' <<<"$1")
}

# Prints a line for each cluster and each ignored record.
remaining() {
  printf '%s' "$cluster_lines${cluster_lines:+${ignored_records:+$'\n'}}$ignored_records"
}

# Only the control plane destroys clusters.
require_api() {
  advice=()
  [[ -z $api_error || ${response_status-} != 403 ]] || advise_on_response
  [[ -z $api_error ]] \
    || fail "$api_error, so the remaining clusters cannot be destroyed:" "$(remaining)" \
      ${advice[@]+"${advice[@]}"} "$(remaining_advice)"
}

remaining_advice() {
  printf '  destroy them by installing it again: %s\n' "$(command_line eksp-up.sh)"
  printf '  abandon them:                        %s' "$(command_line eksp-down.sh --abandon-clusters)"
}
