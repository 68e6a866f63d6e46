# shellcheck shell=bash disable=SC2016 # jq's variables
# What the tasks of a cluster printed: from files on this machine, from CloudWatch Logs on AWS. How far each
# log has been printed is in $scratch.

log_group=/eksphemeral/tasks # of the tasks' containers, see template.yaml
launched=                    # whether a task was launched
printed=                     # whether there was anything to print
printing=                    # the log from which the last line came

# Each poll on AWS is several calls.
follow_delay() {
  if is_aws_endpoint; then
    echo 5
  else
    echo 0.5
  fi
}

# Prints what the tasks in the record printed since the last call. Parts of paths and calls are checked.
print_tasks() {
  local label id
  while IFS=' ' read -r label id; do
    launched=1
    if is_aws_endpoint; then
      print_streams "$label" "$id" </dev/null
    else
      print_file "$label" "$local_home/logs/$record_id/$label.log"
    fi
  done < <(jq -r '.status.tasks | arrays | .[] | objects | select(.handle | strings)
    | "\(.kind)-\(.attempt) \(.handle | split("/") | last)"
    | select(test("\\A(create|destroy)-[1-9][0-9]{0,8} [A-Za-z0-9-]+\\z"))' <<<"$response_body")
}

# print_lines LABEL: prints stdin, made safe for a terminal, below a heading if it is another log.
print_lines() {
  local text
  text=$(jq -Rr "$jq_text"' safe_text')
  [[ -n $text ]] || return 0
  [[ $printing == "$1" ]] || info "$1:"
  printing=$1 printed=1
  printf '%s\n' "$text" 2>/dev/null || exit 1 # its reader has gone away
}

# print_file LABEL FILE
print_file() {
  local offset=0
  [[ -f $2 ]] || return 0
  [[ ! -f $scratch/$1 ]] || offset=$(<"$scratch/$1")
  tail -c "+$((offset + 1))" -- "$2" >"$scratch/lines"
  echo $((offset + $(wc -c <"$scratch/lines"))) >"$scratch/$1"
  print_lines "$1" <"$scratch/lines"
}

# print_streams LABEL ECS-TASK: the containers run one after the other, so one is over when the next one has
# printed something.
print_streams() {
  local container containers=(teardown) latest=-1 i
  [[ $1 != create-* ]] || containers=(prepare eksctl-cluster report-nodes eksctl-nodegroup report)
  [[ ! -f $scratch/$1 ]] || latest=$(<"$scratch/$1")
  for ((i = latest > 0 ? latest - 1 : 0; i < ${#containers[@]}; i++)); do
    container=${containers[i]}
    if print_stream "$1, $container" "${1%-*}/$container/$2" "$scratch/$1.$container"; then
      latest=$i
    fi
  done
  ((latest < 0)) || echo "$latest" >"$scratch/$1"
}

# print_stream LABEL STREAM TOKEN-FILE: fails if there is no such stream.
print_stream() {
  local token='' next
  [[ ! -f $3 ]] || token=$(<"$3")
  while true; do
    run_aws logs get-log-events --log-group-name "$log_group" --log-stream-name "$2" --start-from-head \
      ${token:+--next-token "$token"} || {
      [[ $aws_error_code != ResourceNotFoundException ]] || return 1
      ! is_access_denied || fail "you may not read the logs of the tasks: $aws_error" \
        "  $caller needs logs:GetLogEvents on the log group $log_group" \
        "  an administrator of the account grants it; see docs/installing.md"
      fail_aws "the log $2 cannot be read"
    }
    jq -r '.events[] | "\(.timestamp / 1000 | floor | todate) \(.message | gsub("[\r\n]+"; " "))"' <<<"$aws_output" \
      >"$scratch/lines"
    print_lines "$1" <"$scratch/lines"
    next=$(jq -r '.nextForwardToken // ""' <<<"$aws_output")
    [[ -n $next && $next != "$token" ]] || return 0
    token=$next
    printf '%s\n' "$token" >"$3"
  done
}
