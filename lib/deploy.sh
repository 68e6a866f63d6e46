# shellcheck shell=bash disable=SC2016 # jq's variables
# The installation, step by step; each changes only what is not yet as it should be.

code_jar=$here/svc/target/eksphemeral-lambda.jar

# Waits for an operation that is under way, and removes the stack of a failed installation, which cannot
# be updated.
recover_stack() {
  wait_for_running_operation
  case $stack_status in
    ROLLBACK_COMPLETE | ROLLBACK_FAILED | CREATE_FAILED)
      info "removing the stack of a failed installation, which has no resources"
      delete_stack "removing it"
      [[ -z $stack_status ]] \
        || fail "the stack of a failed installation cannot be removed; it is in $stack_status:" "$(stack_failures)"
      ;;
  esac
  [[ $stack_status != REVIEW_IN_PROGRESS ]] || stack_status=
  read_installed
}

prepare_buckets() {
  local bucket
  for bucket in $missing_buckets; do
    create_bucket "$bucket"
    if ! check_write_access "$bucket" "$(object_key tasks)"; then
      write_access_advice "$bucket"
      fail "the bucket $bucket denies $denied_action, which EKSphemeral needs: $aws_error" "${advice[@]}"
    fi
  done
  secure_bucket "$service_bucket"
  secure_bucket "$cluster_bucket" "$(object_key archive)" "$(object_key tasks)"
}

# AWS's services create these roles when they are first used by hand, but not by CloudFormation or eksctl.
create_service_roles() {
  local service existing created=''
  progress "checking the service-linked roles"
  if ! run_aws iam list-roles --path-prefix /aws-service-role/; then
    warn "the service-linked roles cannot be listed: $aws_error"
    return
  fi
  existing=$(jq -r '.Roles[].Path' <<<"$aws_output")
  for service in ecs eks eks-nodegroup autoscaling elasticloadbalancing spot; do
    if [[ $existing != */$service.amazonaws.com/* ]]; then
      if run_aws iam create-service-linked-role --aws-service-name "$service.amazonaws.com"; then
        created+=", $service"
      elif [[ $aws_error != *'has been taken'* ]]; then
        fail_aws "the service-linked role of $service cannot be created"
      fi
    fi
  done
  [[ -z $created ]] || info "created the service-linked roles of ${created#, }"
}

# Sets task_scripts to their prefix, which has their hash: a task runs no others. Scripts there with
# another hash were changed, or are partly uploaded.
upload_task_scripts() {
  local file key existing changed=''
  task_scripts=$(object_key task-scripts "$(hash_of_scripts "$here/svc/task")")
  run_aws s3api list-objects-v2 --bucket "$service_bucket" --prefix "$task_scripts/" \
    || fail_aws "the bucket $service_bucket cannot be listed"
  existing=$(jq -r '.Contents // [] | .[].Key' <<<"${aws_output:-null}")
  if [[ -n $existing ]]; then
    rm -rf -- "$scratch/scripts"
    mkdir -- "$scratch/scripts"
    aws s3 cp "s3://$service_bucket/$task_scripts/" "$scratch/scripts" --recursive --only-show-errors \
      >"$scratch/stderr" 2>&1 </dev/null || {
      read_aws_error
      fail_aws "the task scripts in the bucket $service_bucket cannot be read"
    }
    [[ $(hash_of_scripts "$scratch/scripts") != "${task_scripts##*/}" ]] || return 0
    for file in "$scratch/scripts"/*; do
      key=$here/svc/task/${file##*/}
      [[ -f $key && $(sha256 <"$file") == "$(sha256 <"$key")" ]] || changed=1
    done
  fi
  for file in "$here"/svc/task/*; do
    progress "uploading the task scripts"
    run_aws s3api put-object --bucket "$service_bucket" --key "$task_scripts/${file##*/}" --body "$file" \
      || fail_aws "the task scripts cannot be uploaded to the bucket $service_bucket"
  done
  while IFS= read -r key; do
    [[ -n $key && ! -f $here/svc/task/${key#"$task_scripts/"} ]] || continue
    run_aws s3api delete-object --bucket "$service_bucket" --key "$key" \
      || fail_aws "the unknown file $key cannot be deleted from the bucket $service_bucket"
  done <<<"$existing"
  if [[ -z $changed ]]; then
    info "uploaded the task scripts"
  else
    warn "the task scripts in the bucket $service_bucket had been changed and are restored" \
      "  no task ran them, as tasks check their hash; to find out who changed them: CloudTrail, and the versions under $task_scripts/"
  fi
}

# hash_of_scripts DIRECTORY: as the tasks calculate it, see template.yaml.
hash_of_scripts() {
  local LC_ALL=C
  (cd -- "$1" && if command -v sha256sum >/dev/null; then sha256sum -- *; else shasum -a 256 -- *; fi) | sha256
}

# Packages and deploys the template. Sets stack_state, and deployed if anything changed.
deploy() {
  local usual=240 pid pairs=() pair options=()
  [[ -z $stack_status ]] || usual=120
  run_with_progress "uploading the code" aws cloudformation package --template-file "$template" \
    --s3-bucket "$service_bucket" --s3-prefix "$(object_key code)" --output-template-file "$scratch/packaged.yaml" || {
    read_aws_error
    fail_aws "the code cannot be packaged"
  }
  while IFS= read -r pair; do
    pairs+=("$pair")
  done < <(jq -r 'to_entries[] | select(.value != null) | "\(.key)=\(.value)"' <<<"$parameters")
  read_stack_tags
  # A larger template has to be in the bucket.
  (($(wc -c <"$scratch/packaged.yaml") < 51200)) || options=(--s3-bucket "$service_bucket" --s3-prefix "$(object_key code)")

  mark_events
  on_interrupt "$(called_as): interrupted; CloudFormation continues" \
    "  its status: $(stack_command describe-stacks) --query 'Stacks[0].StackStatus'" \
    "  continue:   $(repeat_command)"
  aws cloudformation deploy --template-file "$scratch/packaged.yaml" --stack-name "$stack" \
    --capabilities CAPABILITY_IAM CAPABILITY_AUTO_EXPAND --no-fail-on-empty-changeset \
    ${options[@]+"${options[@]}"} ${stack_tags[@]+--tags "${stack_tags[@]}"} \
    --parameter-overrides "${pairs[@]}" "CodeVersion=$code_version" \
    >"$scratch/deploy" 2>&1 </dev/null &
  pid=$!
  while is_running "$pid"; do
    show_stack_progress "installing EKSphemeral" "$usual"
    sleep 2
  done
  wait "$pid" || fail_deploy
  deployed=1
  [[ $(<"$scratch/deploy") != *'No changes to deploy'* ]] || deployed=
  read_stack "$stack" || fail_aws "the stack cannot be looked up"
}

fail_deploy() {
  local failures status
  failures=$(stack_failures)
  read_stack "$stack" || stack_status=unknown
  mv -- "$scratch/deploy" "$scratch/stderr"
  read_aws_error
  aws_error=${aws_error##*Reason: }
  case $stack_status in
    *_IN_PROGRESS) status="  CloudFormation is still working; run $(command_line "$program") to wait for it" ;;
    ROLLBACK_COMPLETE) status="  everything was rolled back, and nothing is left running" ;;
    UPDATE_ROLLBACK_COMPLETE) status="  everything was rolled back to what it was before" ;;
    '') status="  no stack was created" ;;
    *) status="  the stack is now in $stack_status" ;;
  esac
  if [[ -z $failures ]]; then
    advise_on_aws_error
    fail "EKSphemeral could not be installed: $aws_error" ${advice[@]+"${advice[@]}"} "$status"
  fi
  fail "EKSphemeral could not be installed:" "$failures" "$status" \
    "  all events: $(stack_command describe-stack-events)"
}

# Stores the versions that EKS offers, which the service checks specs against.
refresh_versions() {
  local key
  key=$(object_key versions)
  [[ -n $versions_json ]] || return 0
  if ! jq -c -f "$here/svc/task/versions.jq" <<<"$versions_json" >"$scratch/versions.json" 2>"$scratch/stderr"; then
    read_aws_error
    warn "the versions of EKS cannot be read: $aws_error"
  elif ! run_aws s3api get-object --bucket "$cluster_bucket" --key "$key" "$scratch/versions.before" \
    || [[ $(jq -cS . "$scratch/versions.before") != "$(jq -cS . "$scratch/versions.json")" ]]; then
    run_aws s3api put-object --bucket "$cluster_bucket" --key "$key" \
      --content-type application/json --body "$scratch/versions.json" \
      || fail_aws "the versions of EKS cannot be written to the bucket $cluster_bucket"
  fi
}

# Calls the API, which needs a moment when it is new, and caches its endpoint.
verify_api() {
  local delay
  read_endpoint
  endpoint_cached='' endpoint_file=$local_home/endpoints/$account-$region
  [[ -n $endpoint ]] || fail "the stack $stack has no output with the API's endpoint"
  interrupt_message=()
  for delay in 1 2 4 8 ''; do
    send GET /status
    if [[ -z $delay || $response_status == 2* ]]; then
      break
    fi
    progress "waiting for the API to respond"
    sleep "$delay"
  done
  expect_success
  cache_endpoint
}
