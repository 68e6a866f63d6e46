# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # jq's variables; names are shared among the files in lib/
# Removing the control plane from AWS. Each step may find its work done already, by an earlier try.

# The keys of ours, in jq.
our_records='test("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}[.]json$|^(names|tasks|gone)/|^config/versions[.]json$")'
our_code='test("^(code|task)/")'
abandoned='[]' # the clusters of which that is said
abandoned_records=
stays=()     # what is left, as commands that remove it
api_missing= # why the API does not answer

# Sets cluster_bucket and service_bucket, which are empty if they are not known.
find_what_there_is() {
  progress "looking at what there is"
  read_stack "$stack" || aws_failed "CloudFormation does not say whether EKSphemeral is installed"
  if [[ $stack_status == *_IN_PROGRESS && $stack_status != REVIEW_IN_PROGRESS ]]; then
    stack_id=$(jq -r '.StackId' <<<"$stack_state")
    mark_events
    wait_for_stack "waiting for what is going on already, $stack_status" 180
    stack_id=
  fi
  [[ $stack_status != DELETE_COMPLETE ]] || stack_status=
  cluster_bucket=$(stack_parameter ClusterBucket)
  cluster_bucket=${cluster_bucket:-${EKSPHEMERAL_CLUSTERMETA_BUCKET-}}
  service_bucket=$(stack_parameter ServiceBucket)
  service_bucket=${service_bucket:-${EKSPHEMERAL_SVC_BUCKET-}}
  notify_address=$(stack_parameter NotifyAddress)
  [[ -n $stack_status ]] || say "EKSphemeral is not installed in $(whereabouts)"
  if [[ -z $cluster_bucket ]]; then
    forget_endpoint
    say "  to remove what it left in its buckets, if it did: export EKSPHEMERAL_SVC_BUCKET=… EKSPHEMERAL_CLUSTERMETA_BUCKET=…" \
      "  installed elsewhere? AWS_REGION=… $(command_for "$program" ${as_called[@]+"${as_called[@]}"})"
    exit
  fi
}

stack_parameter() {
  jq -r --arg name "$1" '.Parameters // [] | .[] | select(.ParameterKey == $name) | .ParameterValue' <<<"$stack_state"
}

# Reads which clusters are left, from the API, or where there is none, from the bucket.
read_what_is_left() {
  endpoint=$(stack_output EKSphemeralAPIEndpoint)
  endpoint=${endpoint%/} endpoint_recalled=''
  if ! is_aws; then
    api_missing="there is no API"
  else
    ask_again_if_lost GET /clusters
    [[ $answer_status == 2* ]] || api_missing="$endpoint does not answer (${answer_missing:-$answer_status})"
  fi
  if [[ -z $api_missing ]]; then
    records=$answer_body
  else
    [[ -z $stack_status ]] || say "$api_missing, so the bucket $cluster_bucket is asked"
    read_records
  fi
  take_clusters "$records"
}

# Sets records to those in the bucket, as JSON.
read_records() {
  local file id
  records='[]'
  rm -rf -- "$scratch/records"
  mkdir -- "$scratch/records"
  if ! aws s3 cp "s3://$cluster_bucket/" "$scratch/records" --recursive --only-show-errors \
    --exclude '*' --include '????????-????-????-????-????????????.json' >"$scratch/why" 2>&1 </dev/null; then
    read_why
    [[ $aws_code == NoSuchBucket ]] || aws_failed "the records in the bucket $cluster_bucket cannot be read"
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

# Only the control plane destroys.
expect_api() {
  advice=()
  [[ -z $api_missing || ${answer_status-} != 403 ]] || advise_on_answer
  [[ -z $api_missing ]] \
    || die "$api_missing, so nothing can destroy the clusters that are left:" "$(list_left)" \
      ${advice[@]+"${advice[@]}"} \
      "  install it again, which destroys them: $(command_for eksp-up.sh)" \
      "  forget them:                           $(command_for eksp-down.sh --abandon-clusters)"
}

# Forgets the records of the clusters that are abandoned, so that nothing is started for them any more
# when their tasks are stopped.
note_abandoned() {
  [[ -n ${option_abandon_clusters-} && -n $clusters_shown$records_kept ]] || return 0
  abandoned_records=$records_kept
  abandoned=$(jq -c --arg known " ${cluster_ids[*]-} " '
    map(select(.status.id as $id | $id != null and ($known | contains(" \($id) "))) | {name, id: .status.id, state: .status.state})' <<<"$records")
  empty_bucket "$cluster_bucket" "rtrimstr(\".json\") as \$key | $(jq -c 'map(.id)' <<<"$abandoned") | index(\$key)" || true
}

# An ECS cluster with tasks in it cannot be deleted. Those that tore down are just ending; those of
# abandoned clusters are stopped.
stop_tasks() {
  local tries=60 task
  while ((tries--)); do
    if ! ask_aws ecs list-tasks --cluster eksp; then
      return 0 # it is gone already, or the deletion will say what is wrong
    fi
    [[ -n $aws_answer && $(jq '.taskArns | length' <<<"$aws_answer") != 0 ]] || return 0
    if [[ -n ${option_abandon_clusters-} ]]; then
      while IFS= read -r task; do
        ask_aws ecs stop-task --cluster eksp --task "$task" --reason "eksp-down.sh --abandon-clusters" || true
      done < <(jq -r '.taskArns[]' <<<"$aws_answer")
    fi
    progress "waiting for the last tasks to end" 60
    sleep 3
  done
}

# What was in the way at first may just have been going.
remove_stack() {
  delete_stack "removing the control plane"
  if [[ $stack_status == DELETE_FAILED ]]; then
    say "it did not go, which is tried again:" "$(stack_complaints)"
    delete_stack "removing the control plane"
  fi
  if [[ -n $stack_status && $stack_status != DELETE_COMPLETE ]]; then
    die "the control plane could not be removed, it is in $stack_status:" "$(stack_complaints)" \
      "  mend that, and run this again; or leave behind what cannot be deleted, and run this again then:" \
      "  $(stack_command delete-stack) --deletion-mode FORCE_DELETE_STACK"
  fi
}

# Somebody may have asked for a cluster in the last moment, and its record is all that is known of it.
remove_specs() {
  read_records
  take_clusters "$records"
  if ((clusters_left)) || [[ -n $records_kept && -z ${option_abandon_clusters-} ]]; then
    die "the control plane is down, but not all of the clusters are: these were asked for meanwhile" "$(list_left)" \
      "  install it again, which destroys them: $(command_for eksp-up.sh)" \
      "  forget them:                           $(command_for eksp-down.sh --abandon-clusters)"
  fi
  if empty_bucket "$cluster_bucket" "$our_records"; then
    note_bucket "$cluster_bucket"
  fi
  if [[ -n $service_bucket ]] && empty_bucket "$service_bucket" "$our_code"; then
    note_bucket "$service_bucket"
  fi
}

note_bucket() {
  if ((others)); then
    stays+=("  # the bucket $1 has $others other things in it, old versions counted")
  else
    stays+=("  aws s3api delete-bucket --region $region --bucket $1")
  fi
}

# What goes on costing money, each by its name.
tell_what_is_abandoned() {
  local name id state stacks
  [[ $abandoned != '[]' || -n $abandoned_records ]] || return 0
  ask_aws cloudformation describe-stacks || aws_answer='{}'
  stacks=$aws_answer
  say "nobody will tear these down, and they cost money until somebody does:"
  while IFS=$'\t' read -r name id state; do
    say "  the cluster $name, which was $state, and all that has the tag eksphemeral:id=$id"
    jq -r --arg id "$id" '.Stacks // [] | .[] | select(.Tags // [] | any(.Key == "eksphemeral:id" and .Value == $id))
      | "    the stack \(.StackName)"' <<<"$stacks" >&2 || true
    say "    eksctl delete cluster --region $region --name $(printf %q "$name") --disable-nodegroup-eviction --wait"
  done < <(jq -r "$plain"'.[] | [.name, .id, .state | plain] | join("\t")' <<<"$abandoned")
  [[ -z $abandoned_records ]] || say "  and whatever there is of these:" "$abandoned_records"
}

# What is left, with the commands that remove it.
tell_what_stays() {
  local prefix group
  for prefix in /eksphemeral/ /aws/vendedlogs/eksphemeral/; do
    if ask_aws logs describe-log-groups --log-group-name-prefix "$prefix"; then
      while IFS= read -r group; do
        stays+=("  aws logs delete-log-group --region $region --log-group-name $group")
      done < <(jq -r '.logGroups // [] | .[].logGroupName' <<<"${aws_answer:-null}")
    fi
  done
  [[ -z $notify_address ]] || stays+=("  aws ses delete-identity --region $region --identity $notify_address")
  ((${#stays[@]} == 0)) || say "what is left, and how to remove it:" "${stays[@]}"
}
