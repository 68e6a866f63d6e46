# shellcheck shell=bash
# The edition on this machine: one Java process on the loopback interface, found by the files that it
# keeps in its home.

local_home=${EKSPHEMERAL_HOME:-$here/.eksphemeral}
[[ $local_home == /* ]] || local_home=$PWD/$local_home
local_pid= # of the control plane on this machine; empty when another one is called
local_jar=$here/local/target/eksphemeral-local.jar

is_local() {
  [[ -n ${option_local-} || (-z ${EKSPHEMERAL_URL-} && ${EKSPHEMERAL_LOCAL-} == 1) ]]
}

# A user who can write to the home could redirect the commands and have them end any process.
require_private_home() {
  [[ -e $local_home ]] || return 0
  [[ -O $local_home ]] || fail_usage "$local_home is owned by another user; refusing to use it" \
    "  choose another directory: EKSPHEMERAL_HOME=~/.eksphemeral $(command_line "$program")"
  [[ -z $(find -H "$local_home" -prune \( -perm -020 -o -perm -002 \) -print) ]] \
    || fail_usage "$local_home is writable by other users; refusing to use it" \
      "  change that: $(printf 'chmod go-w %q' "$local_home")"
}

make_home() {
  { mkdir -p -- "$local_home" "$here/local/target" 2>/dev/null && [[ -w $local_home ]]; } \
    || fail "$local_home is not writable" \
      "  choose another directory: EKSPHEMERAL_HOME=~/.eksphemeral $(command_line "$program")"
}

# Finds the control plane without calling it: the first call shows whether it responds.
find_local() {
  require_private_home
  read_local_files || fail_local_down "$local_home has no record of it"
}

# Sets endpoint and local_pid from the files in the home; fails if no process has that number.
read_local_files() {
  endpoint='' local_pid=''
  {
    read -r endpoint <"$local_home/control-plane.url"
    read -r local_pid <"$local_home/control-plane.pid"
  } 2>/dev/null || true
  [[ $endpoint =~ ^http://127\.0\.0\.1:[0-9]+$ && $local_pid =~ ^[1-9][0-9]*$ ]] \
    && kill -0 "$local_pid" 2>/dev/null # or another process may have its port by now
}

# Whether it responds. Sets local_provider and local_speed.
is_local_up() {
  require_private_home
  read_local_files || return 1
  send GET /status --max-time 5
  [[ $(response_header Eksphemeral-Control-Plane) == "$local_pid" ]] || return 1
  local_provider=$(response_header Eksphemeral-Provider)
  local_speed=$(response_header Eksphemeral-Speed)
}

# Each response carries the control plane's process id, a new one if it was restarted meanwhile.
expect_local_response() {
  local called=$endpoint header
  read_header Eksphemeral-Control-Plane
  [[ $header == "$local_pid" ]] \
    || { read_local_files && [[ $header == "$local_pid" ]]; } \
    || fail_local_down "another program responds at $called"
}

# fail_local_down REASON: it is not running, or does not respond.
fail_local_down() {
  ! is_local_running \
    || fail "the control plane, process $local_pid, does not respond: $1" \
      "  stop it and keep its records: $(command_line eksp-down.sh)" \
      "  log: $local_home/control-plane.log" ${interrupt_message[@]+"${interrupt_message[@]}"}
  fail "the control plane is not running: $1" "  start it: $(command_line eksp-up.sh)" \
    ${interrupt_message[@]+"${interrupt_message[@]}"}
}

# Whether the recorded process is the control plane, which may not respond.
is_local_running() {
  [[ -n $local_pid && $(ps -ww -o args= -p "$local_pid" 2>/dev/null) == *"$local_jar"* ]]
}

# start_local SPEED: starts it, and builds it first if needed.
start_local() {
  make_home
  take_lock
  if ! is_local_up; then
    ! is_local_running || fail_local_down "${response_error-}"
    require_jdk
    is_built "$local_jar" || build "$local_jar"
    launch "$1"
  fi
  release_lock
  info "the control plane is up at $endpoint ($local_provider)"
  explain_provider
}

# launch SPEED: in the background, detached from Ctrl-C and the terminal.
launch() {
  local log=$local_home/control-plane.log lines_before pid exit_code=0 deadline=$((SECONDS + 60))
  touch "$log"
  chmod 600 "$log" # an earlier one may be readable by others
  lines_before=$(wc -l <"$log")
  set -m # gives it a process group
  nohup "$jdk/bin/java" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto -Xmx192m \
    -jar "$local_jar" --home "$local_home" --port "${EKSPHEMERAL_PORT:-8470}" --speed "$1" \
    </dev/null >>"$log" 2>&1 &
  pid=$!
  set +m
  until read_local_files && [[ $local_pid == "$pid" ]]; do
    if ! is_running "$pid"; then
      wait "$pid" || exit_code=$?
      fail_launch "$exit_code" "$(tail -n +$((lines_before + 1)) "$log" | tail -n 5)" "$log"
    elif ((SECONDS > deadline)); then
      kill "$pid"
      fail "the control plane did not start within 60 s" "  log: $log"
    fi
    progress "starting the control plane"
    sleep 0.05
  done
  is_local_up || fail_local_down "process $pid does not respond at $endpoint"
}

# fail_launch EXIT-CODE LAST-LINES LOG: the last line is the reason, for the exit codes that are known.
fail_launch() {
  local reason=${2##*$'\n'}
  reason=${reason#eksphemeral: }
  case $1 in
    2) fail_usage "$reason" ;;
    3) fail_port_in_use "$reason" ;;
    4) fail "$reason" "  log: $3" ;;
    *) fail "the control plane did not start; the end of its log, $3:" "$2" ;;
  esac
}

# fail_port_in_use REASON: names the control plane of this user that has the port, if one has.
fail_port_in_use() {
  local port=${EKSPHEMERAL_PORT:-8470} pid process_arguments home reason=$1
  advice=()
  endpoint=http://127.0.0.1:$port local_pid=
  send GET /status --max-time 5
  pid=$(response_header Eksphemeral-Control-Plane)
  if [[ $pid =~ ^[1-9][0-9]*$ && $(ps -o user= -p "$pid") == "$(ps -o user= -p $$)" ]]; then
    process_arguments=$(ps -o args= -p "$pid")
    if [[ $process_arguments == *"/eksphemeral-local.jar --home "*" --port $port "* ]]; then
      home=${process_arguments#*/eksphemeral-local.jar --home }
      reason="port $port is in use by the control plane of ${home%% --port *}, process $pid"
      advice=("  stop that one:    kill $pid")
    fi
  fi
  fail "$reason" ${advice[@]+"${advice[@]}"} \
    "  use another port: EKSPHEMERAL_PORT=$((port + 1)) $(command_line eksp-up.sh)"
}

# Prints a line for each setting of this command that the running control plane was not started with.
different_settings() {
  local name given line
  if [[ -n ${option_speed-} && $local_speed != "$option_speed" ]]; then
    printf '  --speed is %s, not %s\n' "$local_speed" "$option_speed"
  fi
  [[ ${EKSPHEMERAL_PORT:-0} =~ ^0*(0|${endpoint##*:})$ ]] \
    || printf '  EKSPHEMERAL_PORT is %s, not %s\n' "${endpoint##*:}" "$EKSPHEMERAL_PORT"
  while IFS= read -r line; do
    name=${line%%=*}
    [[ $name =~ ^EKSPHEMERAL_[A-Z_]+$ ]] || continue
    line=${line#*=} given=${!name-}
    [[ -n $given || $name != *_PER_CALLER ]] || given=${EKSPHEMERAL_MAX_CLUSTERS_PER_ASKER-} # its former name
    [[ -z $given || $given == "$line" ]] \
      || { [[ $given =~ ^[0-9]{1,9}$ && $line =~ ^[0-9]{1,9}$ ]] && ((10#$given == 10#$line)); } \
      || printf '  %s is %s, not %s\n' "$name" "${line:-not set}" "$given"
  done < <(cat "$local_home/control-plane.settings" 2>/dev/null)
}

# Stops it by TERM, and after ten seconds by KILL, which is safe.
stop_local() {
  local tries=100
  progress "stopping the control plane"
  kill "$local_pid"
  while is_running "$local_pid" && ((tries-- > 0)); do
    progress "stopping the control plane"
    sleep 0.1
  done
  ! is_running "$local_pid" || kill -KILL "$local_pid"
  rm -f -- "$local_home"/control-plane.{pid,settings,url}
}

# Deletes the records, the tasks' logs, the providers' notes, and the saved clock, which may be ahead.
delete_local_data() {
  rm -rf -- "$local_home"/{bucket,logs,simulated,kind,kubeconfig,provider,clock.json}
}
