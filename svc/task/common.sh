# shellcheck shell=bash disable=SC2016 # jq's variables
# Shared by the tasks: their identity, calls to AWS, their fence and their result in the bucket.
# Sourced by the programs here. Needs only bash, the aws CLI and jq.
#
# The environment, from which a task gets all its input:
#   EKSPHEMERAL_BUCKET, AWS_REGION        the bucket and the region
#   EKSPHEMERAL_ID, EKSPHEMERAL_NAME      the cluster
#   EKSPHEMERAL_ATTEMPT                   the number of the attempt
#   ECS_CONTAINER_METADATA_URI_V4         set by ECS, which knows the task's ARN;
#   EKSPHEMERAL_HANDLE                    stands for that ARN outside ECS

# shellcheck source=svc/task/keys.sh
. "$(dirname "${BASH_SOURCE[0]}")/keys.sh"

fence_lost=75 # exit code: another task has the fence, and nothing was done

scratch=$(mktemp -d)
trap 'rm -rf -- "$scratch"' EXIT
: >"$scratch/log"

# info MESSAGE …: prints it on stderr, and adds it to the log in the result.
info() {
  printf '%s\n' "$*" >&2
  printf '%s\n' "$*" >>"$scratch/log"
}

fail() {
  info "$*"
  exit 1
}

for name in BUCKET ID NAME ATTEMPT; do
  name=EKSPHEMERAL_$name
  [[ -n ${!name-} ]] || fail "$name is not set"
done
# Anything else could have a meaning in a filter or a key.
[[ $EKSPHEMERAL_ID =~ ^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$ ]] || fail "EKSPHEMERAL_ID is not an id"
[[ $EKSPHEMERAL_NAME =~ ^[A-Za-z0-9][A-Za-z0-9-]{0,62}$ ]] || fail "EKSPHEMERAL_NAME is not a cluster name"
[[ $EKSPHEMERAL_ATTEMPT =~ ^[1-9][0-9]*$ ]] || fail "EKSPHEMERAL_ATTEMPT is not a number"
export EKSPHEMERAL_ID EKSPHEMERAL_NAME # jq reads them too

# The CLI retries throttled calls, and slows down.
export AWS_RETRY_MODE=${AWS_RETRY_MODE:-adaptive} AWS_MAX_ATTEMPTS=${AWS_MAX_ATTEMPTS:-10}
# Settings of the CLI that would change its output, its encoding, or make it prompt; see lib/aws.sh.
export AWS_PAGER='' AWS_CLI_AUTO_PROMPT=off AWS_CLI_ERROR_FORMAT=legacy AWS_DEFAULT_OUTPUT=json \
  AWS_CLI_FILE_ENCODING=UTF-8 AWS_CLI_OUTPUT_ENCODING=UTF-8
export TZ=UTC

# --- calls to AWS ---

# In jq: times, which are strings or numbers, depending on the CLI's version and the service; tags.
definitions='
  def seconds:
    if type == "number" then floor
    else sub("\\.[0-9]+"; "") | sub("[+]00:?00$"; "Z") | fromdateiso8601
    end;
  def tag($key): [(.Tags // [])[] | select(.Key == $key) | .Value] | first;
  def owned: tag("eksphemeral:id") == $ENV.EKSPHEMERAL_ID;
  def has_cluster_name: tag("alpha.eksctl.io/cluster-name") == $ENV.EKSPHEMERAL_NAME;'

jq_arguments=() # further arguments of the filters of query

# query FILTER COMMAND …: prints the response of AWS, all pages of it, through a jq filter. On failure
# the error is in $scratch/stderr, see aws_error.
query() {
  local filter=$1
  shift
  aws "$@" --output json >"$scratch/response" 2>"$scratch/stderr" || return
  jq -r ${jq_arguments[@]+"${jq_arguments[@]}"} "$definitions $filter" "$scratch/response"
}

# Whether the last call failed because the resource does not exist, rather than its type.
is_not_found() {
  grep -Eq '\(([A-Za-z.]*NotFound[A-Za-z]*|NoSuchKey|NoSuchEntity|404)\)|\(ValidationError\).*does not exist' \
    "$scratch/stderr" && ! grep -q '(TypeNotFound' "$scratch/stderr"
}

# Prints why the last call failed, on one line, without the CLI's prefix. An older CLI prints its usage if
# it lacks a command.
aws_error() {
  if grep -qi 'invalid choice' "$scratch/stderr"; then
    echo "this version of the AWS CLI does not have the command"
    return
  fi
  tr -s '[:space:]' ' ' <"$scratch/stderr" | sed -e 's/^ *aws: \[ERROR\]: //' | cut -c 1-300
}

# Prints the first lines of stdin on one line, separated by commas.
join_lines() {
  jq -Rrs 'split("\n") | map(select(. != ""))
    | (.[:5] | join(", ")) + (if length > 5 then " and \(length - 5) more" else "" end)'
}

# --- the bucket ---

# put KEY FILE [OPTION …]
put() {
  aws s3api put-object --bucket "$EKSPHEMERAL_BUCKET" --key "$1" --body "$2" \
    --content-type application/json "${@:3}" >/dev/null 2>"$scratch/stderr"
}

# get KEY FILE [OPTION …]
get() {
  aws s3api get-object --bucket "$EKSPHEMERAL_BUCKET" --key "$1" "$2" "${@:3}" >/dev/null 2>"$scratch/stderr"
}

# Prints what ECS knows about this task, as JSON. The image may lack curl.
read_ecs_metadata() {
  local address=${ECS_CONTAINER_METADATA_URI_V4#http://} host port connection
  host=${address%%/*}
  port=80
  if [[ $host == *:* ]]; then
    port=${host##*:} host=${host%:*}
  fi
  exec {connection}<>"/dev/tcp/$host/$port" || return
  printf 'GET /%s/task HTTP/1.0\r\nHost: %s\r\nAccept: application/json\r\n\r\n' \
    "${address#*/}" "$host" >&"$connection"
  sed '1,/^\r*$/d' <&"$connection"
  exec {connection}>&-
}

# begin KIND: sets label, ecs_task and handle, which identify the task.
begin() {
  label="$1-$EKSPHEMERAL_ATTEMPT"
  ecs_task='{}'
  if [[ -n ${ECS_CONTAINER_METADATA_URI_V4-} ]]; then
    ecs_task=$(read_ecs_metadata) || fail "the task's metadata cannot be read from ECS"
    handle=$(jq -er '.TaskARN' <<<"$ecs_task") || fail "the task's metadata has no ARN: $ecs_task"
  else
    handle=${EKSPHEMERAL_HANDLE-}
    [[ -n $handle ]] || fail "neither ECS_CONTAINER_METADATA_URI_V4 nor EKSPHEMERAL_HANDLE is set"
  fi
}

# own_key KIND: prints the key of an object of this task.
own_key() {
  object_key "$1" "$EKSPHEMERAL_ID" "$label"
}

has_fence() {
  get "$(own_key fence)" "$scratch/fence" \
    && jq -e --arg handle "$handle" '.as == "taken" and .handle == $handle' "$scratch/fence" >/dev/null
}

# Ends the task if another one has the fence. This one may have it already: a write may be sent twice, and
# a container be started twice.
take_fence() {
  local refused
  jq -cn --arg handle "$handle" '{as: "taken", handle: $handle}' >"$scratch/taken"
  if put "$(own_key fence)" "$scratch/taken" --if-none-match '*'; then
    return
  fi
  refused=$(aws_error)
  if has_fence; then
    return
  fi
  [[ $refused == *PreconditionFailed* || $refused == *\(412\)* ]] \
    || fail "the fence of $label cannot be taken: $refused"
  info "another task has the fence of $label: nothing to do"
  exit "$fence_lost"
}

# report_phase PHASE: adds a phase to the progress of this task, which has the fence. Progress is only for
# people: if it cannot be written, the creation goes on after a few seconds.
report_phase() {
  write_phase "$1" || info "the phase $1 could not be reported: $(aws_error)"
}

write_phase() {
  local AWS_MAX_ATTEMPTS=1 limits=(--cli-connect-timeout 5 --cli-read-timeout 5) progress=$scratch/progress
  if [[ ! -s $progress ]] && ! get "$(own_key progress)" "$progress" "${limits[@]}"; then
    is_not_found || return
    echo '{}' >"$progress"
  fi
  jq -c --arg phase "$1" --arg at "$(date -u +%Y-%m-%dT%H:%M:%SZ)" \
    'if any(.phases[]?; .phase == $phase) then . else .phases += [{$phase, $at}] end' \
    "$progress" >"$progress.new" 2>"$scratch/stderr" || return
  mv "$progress.new" "$progress"
  put "$(own_key progress)" "$progress" "${limits[@]}"
}

# write_result OUTCOME MESSAGE LEFTOVERS [OPTION …]: writes the result; LEFTOVERS are a line each.
write_result() {
  local outcome=$1 message=$2 leftovers=$3 try
  info "$outcome: $message"
  tail -n 50 "$scratch/log" | cut -c 1-500 >"$scratch/log-tail"
  jq -cn --arg outcome "$outcome" --arg at "$(date -u +%Y-%m-%dT%H:%M:%SZ)" --arg message "$message" \
    --arg leftovers "$leftovers" --rawfile log "$scratch/log-tail" '
    def lines: split("\n") | map(select(. != ""));
    {$outcome, $at, $message, leftovers: ($leftovers | lines), log: ($log | lines)}' >"$scratch/result"
  for try in 0 1 3; do
    sleep "$try"
    if put "$(own_key result)" "$scratch/result" "${@:4}"; then
      return
    fi
    [[ $(aws_error) != *PreconditionFailed* ]] || return 1
  done
  fail "the result cannot be written: $(aws_error)"
}
