# shellcheck shell=bash disable=SC2016 # jq's variables
# Uninstalling the control plane from AWS. An earlier attempt may have done any of the steps.

# shellcheck source=svc/task/keys.sh
. "$here/svc/task/keys.sh"

# In jq: whether a key is that of one of EKSphemeral's objects.
is_data_key="test(\"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}[.]json$|^($(object_key claims)|$(object_key tasks)|$(object_key archive))|^$(object_key versions)\$\")"
is_code_key="test(\"^($(object_key code)/|$(object_key task-scripts ''))\")"
abandoned='[]'     # the clusters that were abandoned, as JSON
abandoned_records= # the lines of ignored_records that were abandoned
leftovers=()       # what remains, as commands that delete it

# Sets cluster_bucket and service_bucket; ends the command if nothing is installed and no buckets are named.
find_installed_stack() {
  progress "looking for the installation"
  read_stack "$stack" || fail_aws "the stack of EKSphemeral cannot be looked up"
  wait_for_running_operation
  cluster_bucket=$(stack_parameter ClusterBucket)
  cluster_bucket=${cluster_bucket:-${EKSPHEMERAL_CLUSTERMETA_BUCKET-}}
  service_bucket=$(stack_parameter ServiceBucket)
  service_bucket=${service_bucket:-${EKSPHEMERAL_SVC_BUCKET-}}
  notify_address=$(stack_parameter NotifyAddress)
  [[ -n $stack_status ]] || info "EKSphemeral is not installed in $(location)"
  if [[ -z $cluster_bucket ]]; then
    clear_cached_endpoint
    info "  to delete its data in the buckets: export EKSPHEMERAL_SVC_BUCKET=… EKSPHEMERAL_CLUSTERMETA_BUCKET=…" \
      "  installed in another region? AWS_REGION=… $(repeat_command)"
    exit
  fi
}

# Deletes the records of the abandoned clusters, so that the control plane starts no task for them while
# their tasks are being stopped.
delete_abandoned_records() {
  [[ -n ${option_abandon_clusters-} && -n $(remaining) ]] || return 0
  abandoned_records=$ignored_records
  abandoned=$(jq -c --arg known " ${cluster_ids[*]-} " '
    map(select(.status.id as $id | $id != null and ($known | contains(" \($id) "))) | {name, id: .status.id, state: .status.state})' <<<"$records")
  delete_objects "$cluster_bucket" "rtrimstr(\".json\") as \$key | $(jq -c 'map(.id)' <<<"$abandoned") | index(\$key)" || true
}

# An ECS cluster with tasks cannot be deleted. Destroy tasks are about to end; tasks of abandoned clusters
# are stopped.
stop_tasks() {
  local tries=60 task
  while ((tries--)); do
    if ! run_aws ecs list-tasks --cluster eksp; then
      return 0 # it is deleted already, or the stack's deletion will report the error
    fi
    [[ -n $aws_output && $(jq '.taskArns | length' <<<"$aws_output") != 0 ]] || return 0
    if [[ -n ${option_abandon_clusters-} ]]; then
      while IFS= read -r task; do
        run_aws ecs stop-task --cluster eksp --task "$task" --reason "eksp-down.sh --abandon-clusters" || true
      done < <(jq -r '.taskArns[]' <<<"$aws_output")
    fi
    progress "waiting for the last tasks to end" 60
    sleep 3
  done
}

# Deletes the stack, twice if need be: what blocked it may have been on its way out.
remove_stack() {
  delete_stack "removing the control plane"
  if [[ $stack_status == DELETE_FAILED ]]; then
    info "the deletion failed and is retried:" "$(stack_failures)"
    delete_stack "removing the control plane"
  fi
  [[ -z $stack_status ]] \
    || fail "the control plane could not be removed; its stack is in $stack_status:" "$(stack_failures)" \
      "  fix that and run this again; or keep what cannot be deleted, and then run this again:" \
      "  $(stack_command delete-stack) --deletion-mode FORCE_DELETE_STACK"
}

# Deletes the records and the code. A cluster may have been requested at the last moment, and its record is
# all that is known of it.
delete_data() {
  read_records
  parse_clusters "$records"
  if ((${#cluster_ids[@]})) || [[ -n $ignored_records && -z ${option_abandon_clusters-} ]]; then
    fail "the control plane is removed, but these clusters were requested meanwhile:" "$(remaining)" \
      "$(remaining_advice)"
  fi
  if delete_objects "$cluster_bucket" "$is_data_key"; then
    note_bucket "$cluster_bucket"
  fi
  if [[ -n $service_bucket ]] && delete_objects "$service_bucket" "$is_code_key"; then
    note_bucket "$service_bucket"
  fi
}

# delete_objects BUCKET CONDITION: deletes every version of the objects whose keys meet the jq condition.
# Sets remaining_objects to the number of other versions. Fails if there is no such bucket.
delete_objects() {
  local batch
  remaining_objects=0
  if ! run_aws s3api list-object-versions --bucket "$1"; then
    [[ $aws_error_code == NoSuchBucket ]] || fail_aws "the bucket $1 cannot be listed"
    return 1
  fi
  [[ -n $aws_output ]] || aws_output='{}'
  jq -c "def matches: .Key | $2;"'
    [(.Versions // []) + (.DeleteMarkers // []) | .[] | {matches: matches, Key, VersionId}]
    | (map(select(.matches)) | map({Key, VersionId})) as $objects
    | length - ($objects | length),
      (range(0; $objects | length; 1000) | {Quiet: true, Objects: $objects[.:. + 1000]})' \
    <<<"$aws_output" >"$scratch/batches"
  {
    read -r remaining_objects
    while IFS= read -r batch; do
      progress "deleting objects in the bucket $1"
      printf '%s\n' "$batch" >"$scratch/batch"
      run_aws s3api delete-objects --bucket "$1" --delete "file://$scratch/batch" \
        || fail_aws "objects in the bucket $1 cannot be deleted"
      aws_error_code='' aws_error=$(jq -r '.Errors // [] | .[0] // empty | "\(.Key): \(.Message)"' <<<"$aws_output")
      [[ -z $aws_error ]] || fail_aws "some objects in the bucket $1 cannot be deleted"
    done
  } <"$scratch/batches"
}

# note_bucket BUCKET
note_bucket() {
  if ((remaining_objects)); then
    leftovers+=("  # the bucket $1 has $remaining_objects other objects, old versions included")
  else
    leftovers+=("  aws s3api delete-bucket --region $region --bucket $1")
  fi
}

# Prints what keeps costing money.
print_abandoned_clusters() {
  local name id state stacks
  [[ $abandoned != '[]' || -n $abandoned_records ]] || return 0
  run_aws cloudformation describe-stacks || aws_output='{}'
  stacks=$aws_output
  info "these clusters were abandoned; they cost money until you delete them:"
  while IFS=$'\t' read -r name id state; do
    info "  the cluster $name, which was $state, and everything with the tag eksphemeral:id=$id"
    jq -r --arg id "$id" '.Stacks // [] | .[] | select(.Tags // [] | any(.Key == "eksphemeral:id" and .Value == $id))
      | "    the stack \(.StackName)"' <<<"$stacks" >&2 || true
    info "    eksctl delete cluster --region $region --name $(printf %q "$name") --disable-nodegroup-eviction --wait"
  done < <(jq -r "$jq_text"'.[] | [.name, .id, .state | safe_text] | join("\t")' <<<"$abandoned")
  [[ -z $abandoned_records ]] || info "  and what may exist for these records:" "$abandoned_records"
}

# Prints what remains, with the commands that delete it.
print_leftovers() {
  local prefix group
  for prefix in /eksphemeral/ /aws/vendedlogs/eksphemeral/; do
    if run_aws logs describe-log-groups --log-group-name-prefix "$prefix"; then
      while IFS= read -r group; do
        leftovers+=("  aws logs delete-log-group --region $region --log-group-name $group")
      done < <(jq -r '.logGroups // [] | .[].logGroupName' <<<"${aws_output:-null}")
    fi
  done
  [[ -z $notify_address ]] || leftovers+=("  aws ses delete-identity --region $region --identity $notify_address")
  ((${#leftovers[@]} == 0)) || info "these resources remain; to delete them:" "${leftovers[@]}"
}
