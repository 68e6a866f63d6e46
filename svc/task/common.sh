# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # jq's variables; names are shared with the tasks
# What the tasks share: who they are, their fence and their result in the bucket, asking AWS.
# Sourced by prepare.sh, report.sh and teardown.sh. Nothing is needed but bash, the aws CLI and jq.
#
# The environment, which is all that a task is told:
#   EKSPHEMERAL_BUCKET, AWS_REGION             where
#   EKSPHEMERAL_ID, EKSPHEMERAL_NAME           which cluster
#   EKSPHEMERAL_ATTEMPT                        which task of the kind
#   ECS_CONTAINER_METADATA_URI_V4              who we are: set by ECS, which is asked for the task's ARN;
#   EKSPHEMERAL_HANDLE                         says it where there is no ECS

lost=75    # exit code: the fence is somebody else's, and nothing was done
foreign=76 # exit code: a cluster or stack of this name is not ours, and nothing was done

scratch=$(mktemp -d)
trap 'rm -rf -- "$scratch"' EXIT
: >"$scratch/log"

# Words for people, and for the result's log.
say() {
  printf '%s\n' "$*" >&2
  printf '%s\n' "$*" >>"$scratch/log"
}

die() {
  say "$*"
  exit 1
}

for name in BUCKET ID NAME ATTEMPT; do
  name=EKSPHEMERAL_$name
  [[ -n ${!name-} ]] || die "$name is not set"
done
# What is not of this form could mean more in a filter or a key than it says.
[[ $EKSPHEMERAL_ID =~ ^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$ ]] || die "EKSPHEMERAL_ID is no id"
[[ $EKSPHEMERAL_NAME =~ ^[A-Za-z0-9][A-Za-z0-9-]{0,62}$ ]] || die "EKSPHEMERAL_NAME is no name of a cluster"
[[ $EKSPHEMERAL_ATTEMPT =~ ^[1-9][0-9]*$ ]] || die "EKSPHEMERAL_ATTEMPT is no number"
export EKSPHEMERAL_ID EKSPHEMERAL_NAME # jq reads them, too

# Throttled calls are repeated by the CLI, which slows down by itself.
export AWS_RETRY_MODE=${AWS_RETRY_MODE:-adaptive} AWS_MAX_ATTEMPTS=${AWS_MAX_ATTEMPTS:-10}
# The settings of the CLI that would change what it prints and reads, or have it ask.
export AWS_PAGER='' AWS_CLI_AUTO_PROMPT=off AWS_CLI_ERROR_FORMAT=legacy AWS_DEFAULT_OUTPUT=json \
  AWS_CLI_FILE_ENCODING=UTF-8 AWS_CLI_OUTPUT_ENCODING=UTF-8
export TZ=UTC

# --- asking AWS ---

# Times are texts or numbers, depending on the CLI's version and the service.
definitions='
  def seconds:
    if type == "number" then floor
    else sub("\\.[0-9]+"; "") | sub("[+]00:?00$"; "Z") | fromdateiso8601
    end;
  def tag($key): [(.Tags // [])[] | select(.Key == $key) | .Value] | first;
  def ours: tag("eksphemeral:id") == $ENV.EKSPHEMERAL_ID;
  def of_the_name: tag("alpha.eksctl.io/cluster-name") == $ENV.EKSPHEMERAL_NAME;'

jq_arguments=() # what else the filters of ask need

# ask FILTER COMMAND …: what AWS answers, to the last page, through jq. If it does not answer, its
# words are in $scratch/why.
ask() {
  local filter=$1
  shift
  aws "$@" --output json >"$scratch/answer" 2>"$scratch/why" || return
  jq -r ${jq_arguments[@]+"${jq_arguments[@]}"} "$definitions $filter" "$scratch/answer"
}

# Whether the last call failed because there is no such thing. That AWS does not know the type of it
# is something else.
is_absent() {
  grep -Eq '\(([A-Za-z.]*NotFound[A-Za-z]*|NoSuchKey|NoSuchEntity|404)\)|\(ValidationError\).*does not exist' \
    "$scratch/why" && ! grep -q '(TypeNotFound' "$scratch/why"
}

# Why the last call failed, in a line, without the CLI's prefix. An older one explains at length that
# it lacks a command.
why() {
  if grep -qi 'invalid choice' "$scratch/why"; then
    echo "this version of the AWS CLI does not have the command"
    return
  fi
  tr -s '[:space:]' ' ' <"$scratch/why" | sed -e 's/^ *aws: \[ERROR\]: //' | cut -c 1-300
}

# in_a_line: the first of the lines on stdin, with commas between.
in_a_line() {
  jq -Rrs 'split("\n") | map(select(. != ""))
    | (.[:5] | join(", ")) + (if length > 5 then " and \(length - 5) more" else "" end)'
}

# --- the bucket ---

# put KEY FILE [OPTION …]
put() {
  aws s3api put-object --bucket "$EKSPHEMERAL_BUCKET" --key "$1" --body "$2" \
    --content-type application/json "${@:3}" >/dev/null 2>"$scratch/why"
}

# get KEY FILE
get() {
  aws s3api get-object --bucket "$EKSPHEMERAL_BUCKET" --key "$1" "$2" >/dev/null 2>"$scratch/why"
}

# ask_ecs: what ECS says of this task, as JSON. HTTP by hand, since the image need not have curl.
ask_ecs() {
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

# begin KIND: sets what the task is called.
begin() {
  objects="tasks/$EKSPHEMERAL_ID"
  label="$1-$EKSPHEMERAL_ATTEMPT"
  ecs_task='{}'
  if [[ -n ${ECS_CONTAINER_METADATA_URI_V4-} ]]; then
    ecs_task=$(ask_ecs) || die "ECS does not say who this task is"
    handle=$(jq -er '.TaskARN' <<<"$ecs_task") || die "ECS does not say who this task is: $ecs_task"
  else
    handle=${EKSPHEMERAL_HANDLE-}
    [[ -n $handle ]] || die "neither ECS_CONTAINER_METADATA_URI_V4 nor EKSPHEMERAL_HANDLE says who this task is"
  fi
}

has_fence() {
  get "$objects/$label.fence" "$scratch/fence" \
    && jq -e --arg handle "$handle" '.as == "taken" and .handle == $handle' "$scratch/fence" >/dev/null
}

# Ends the task if the fence is somebody else's. It may be ours from before: a write that was sent
# twice, or a container that was started twice.
take_fence() {
  local refused
  jq -cn --arg handle "$handle" '{as: "taken", handle: $handle}' >"$scratch/taken"
  if put "$objects/$label.fence" "$scratch/taken" --if-none-match '*'; then
    return
  fi
  refused=$(why)
  if has_fence; then
    return
  fi
  [[ $refused == *PreconditionFailed* || $refused == *\(412\)* ]] \
    || die "the fence of $label cannot be taken: $refused"
  say "the fence of $label is somebody else's: nothing to do"
  exit "$lost"
}

# write_result OUTCOME MESSAGE LEFTOVERS [OPTION …]: leaves the result, LEFTOVERS being a line each.
write_result() {
  local outcome=$1 message=$2 leftovers=$3 try
  say "$outcome: $message"
  tail -n 50 "$scratch/log" | cut -c 1-500 >"$scratch/log-tail"
  jq -cn --arg outcome "$outcome" --arg at "$(date -u +%Y-%m-%dT%H:%M:%SZ)" --arg message "$message" \
    --arg leftovers "$leftovers" --rawfile log "$scratch/log-tail" '
    def lines: split("\n") | map(select(. != ""));
    {$outcome, $at, $message, leftovers: ($leftovers | lines), log: ($log | lines)}' >"$scratch/result"
  for try in 0 1 3; do
    sleep "$try"
    if put "$objects/$label.result" "$scratch/result" "${@:4}"; then
      return
    fi
    [[ $(why) != *PreconditionFailed* ]] || return 1
  done
  die "the result cannot be written: $(why)"
}
