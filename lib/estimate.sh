# shellcheck shell=bash disable=SC2016 # jq's variables
# What a cluster will be and cost, before it is created.

# Prints what the cluster will cost.
print_estimate() {
  local cost
  if is_caller_without_access && ! jq -e '.access | length > 0' "$scratch/spec" >/dev/null 2>&1; then
    info "EKS cannot grant access to $caller (root or federated user): you will have no access to this cluster" \
      "  name a role or a user under access in the spec, or call as one"
  fi
  with_retries idempotent POST /estimate -H 'Content-Type: application/json' --data-binary "@$scratch/spec"
  [[ $response_status != 404 ]] || return 0 # an installation from before there were estimates
  expect_success
  cost=$(jq -r "$jq_text"'
    select(.cost) | "\(.name) will cost about \(.cost.usual | dollars) for its \(.timeout) minute\(if .timeout == 1 then "" else "s" end), and at most \(.cost.most | dollars)",
      "  an hour more is \(.cost.hourly | dollars); \(.cost.assumes // "at list prices")"
    | safe_text' <<<"$response_body")
  [[ -z $cost ]] || info "$cost"
}

# dry_run ID: shows what the spec would become, and ends the command.
dry_run() {
  with_retries idempotent POST /estimate -H 'Content-Type: application/json' -H "Idempotency-Key: $1" \
    --data-binary "@$scratch/spec"
  [[ $response_status != 404 ]] \
    || fail "this control plane is too old for --dry-run" "  update it: $(command_line eksp-up.sh)"
  expect_success
  warn_owner
  if [[ $output == json ]]; then
    print_response
  else
    measure_terminal
    jq -r --argjson columns "$terminal_columns" "$jq_text$jq_fields"'
      (.name | field("name")),
      (if .until then "\(.until[:10]) \(.until[11:16]) UTC, in \(.timeout) minutes" else "\(.timeout) minutes after it is ready" end
        | field("expires")),
      owner_field, version_fields, (.access // [] | .[] | field("access")), (.without // [] | .[] | field("without")),
      (.task // empty | tojson | field("task")), (.ignored // empty | "here: " + join(", ") | field("no effect")),
      (.cost // empty | ("about \(.usual | dollars), at most \(.most | dollars); an hour more is \(.hourly | dollars)" | field("cost")),
        (.assumes // "at list prices" | safe_text | indented(15))),
      (.refused // [] | select(length > 0) | "", "it would be rejected:", (.[] | "  - " + safe_text))' <<<"$response_body" \
      2>/dev/null || fail "the control plane's response is not a spec: $(response_excerpt)"
  fi
  if ! jq -e '.refused // [] | length == 0' <<<"$response_body" >/dev/null 2>&1; then
    info "nothing was created"
    exit 2
  fi
  info "nothing was created; create it with the same command, without --dry-run"
  exit 0
}

# Names fields of the spec that have no effect with this provider.
warn_ignored() {
  local fields
  fields=$(jq -r "$jq_text"'.status.ignored // [] | join(", ") | safe_text' <<<"$response_body" 2>/dev/null) || return 0
  [[ -z $fields ]] || info "$record_provider ignores of the spec: $fields"
}

# Reserved addresses receive no mail. An owner in a spec that the caller named wins over EKSPHEMERAL_OWNER.
warn_owner() {
  local remedy="--owner you@your-company.io"
  jq -e '.owner | strings | ascii_downcase | test("[@.](example|example\\.(com|net|org)|test|invalid)$")' \
    <<<"$response_body" >/dev/null 2>&1 || return 0
  if [[ -z ${arguments[0]+named} ]] || ! has_field owner; then
    remedy+=", or export EKSPHEMERAL_OWNER=you@your-company.io"
  fi
  info "the owner $(jq -r "$jq_text"'.owner | safe_text' <<<"$response_body") receives no mail, so no one is notified before the cluster expires" \
    "  set one:    $remedy"
}
