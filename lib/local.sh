# shellcheck shell=bash disable=SC2034,SC2154 # names are shared among the files in lib/
# The edition on this machine: one Java process on loopback. It is built and started here, found
# again by the files it leaves in its home, and stopped.

local_home=${EKSPHEMERAL_HOME:-$here/.eksphemeral}
[[ $local_home == /* ]] || local_home=$PWD/$local_home
local_pid= # of the control plane on this machine; empty when another one is asked
local_jar=$here/local/target/eksphemeral-local.jar
lock=$here/local/target/being-started
lock_taken=
local_started= # by this command
build_pid=

# Who else may write there could say where the control plane is, and which process is to be ended.
expect_home_of_ones_own() {
  [[ -e $local_home ]] || return 0
  [[ -O $local_home ]] || refuse "$local_home belongs to somebody else, who would be believed" \
    "  choose another folder: EKSPHEMERAL_HOME=~/.eksphemeral $(command_for "$program")"
  [[ -z $(find -H "$local_home" -prune \( -perm -020 -o -perm -002 \) -print) ]] \
    || refuse "others may write in $local_home, and would be believed" \
      "  end that: $(printf 'chmod go-w %q' "$local_home")"
}

is_local() {
  [[ -n ${option_local-} || (-z ${EKSPHEMERAL_URL-} && ${EKSPHEMERAL_LOCAL-} == 1) ]]
}

# Finds the one that is up, without asking it: the first real answer shows whether it is.
find_local() {
  expect_home_of_ones_own
  read_local_files || local_not_up "nothing is on record in $local_home"
}

read_local_files() {
  endpoint='' local_pid=''
  {
    read -r endpoint <"$local_home/control-plane.url"
    read -r local_pid <"$local_home/control-plane.pid"
  } 2>/dev/null || true
  [[ $endpoint =~ ^http://127\.0\.0\.1:[0-9]+$ && $local_pid =~ ^[1-9][0-9]*$ ]] \
    && kill -0 "$local_pid" 2>/dev/null # or somebody else may have its port by now
}

# Whether it is up: the process on record answers. Sets local_provider and local_speed.
is_local_up() {
  expect_home_of_ones_own
  read_local_files || return 1
  ask GET /status --max-time 5
  [[ $(answer_header Eksphemeral-Control-Plane) == "$local_pid" ]] || return 1
  local_provider=$(answer_header Eksphemeral-Provider)
  local_speed=$(answer_header Eksphemeral-Speed)
}

# Everything a control plane of ours says carries its process id; that of a new one if it was
# started again meanwhile.
expect_local_answer() {
  local asked=$endpoint answered_by
  answered_by=$(answer_header Eksphemeral-Control-Plane)
  [[ $answered_by == "$local_pid" ]] \
    || { read_local_files && [[ $answered_by == "$local_pid" ]]; } \
    || local_not_up "something else answers at $asked"
}

# local_not_up WHY: or it is up, and hangs.
local_not_up() {
  ! is_local_running \
    || die "the control plane, process $local_pid, does not answer: $1" \
      "  stop it, which keeps its records: $(command_for eksp-down.sh)" \
      "  its log is $local_home/control-plane.log" ${last_words[@]+"${last_words[@]}"}
  die "the control plane is not up: $1" "  start it: $(command_for eksp-up.sh)" \
    ${last_words[@]+"${last_words[@]}"}
}

# start_local SPEED: starts it, and builds it first where that is needed.
start_local() {
  make_home
  take_lock
  if ! is_local_up; then
    ! is_local_running || local_not_up "${answer_missing-}"
    find_jdk
    is_built "$local_jar" || build "$local_jar"
    launch "$1"
  fi
  release_lock
}

make_home() {
  { mkdir -p -- "$local_home" "$here/local/target" 2>/dev/null && [[ -w $local_home ]]; } \
    || die "nothing can be written in $local_home" \
      "  choose another folder: EKSPHEMERAL_HOME=~/.eksphemeral $(command_for "$program")"
}

# One at a time builds or starts. A link is made with its content in one step, or not at all.
take_lock() {
  local holder
  until ln -s "$$ $(process_start $$)" "$lock" 2>/dev/null; do
    holder=$(readlink "$lock" || true)
    if [[ -n $holder ]] && ! is_same_process "$holder"; then
      drop_lock "$holder" # its holder was killed
    else
      progress "waiting for another command that builds or starts EKSphemeral"
      sleep 0.2
    fi
  done
  lock_taken=1
}

# drop_lock HOLDER: but not one that somebody else has taken meanwhile.
drop_lock() {
  mv -f -- "$lock" "$lock.$$" 2>/dev/null || return 0
  if [[ $(readlink "$lock.$$") == "$1" ]]; then
    rm -f -- "$lock.$$"
  else
    mv -f -- "$lock.$$" "$lock"
  fi
}

# process_start PID: when a process began. With its number that names one process: numbers are used
# again.
process_start() {
  local line fields
  if { read -r line <"/proc/$1/stat"; } 2>/dev/null; then
    read -ra fields <<<"${line##*) }"
    printf %s "${fields[19]}"
  else
    LC_ALL=C ps -o lstart= -p "$1" 2>/dev/null || true
  fi
}

# is_same_process "PID START"
is_same_process() {
  is_running "${1%% *}" && [[ $(process_start "${1%% *}") == "${1#* }" ]]
}

release_lock() {
  [[ -z $lock_taken ]] || rm -f -- "$lock"
  lock_taken=
}

find_jdk() {
  has_jdk || die "a JDK of version 25 or newer is missing, which builds and runs EKSphemeral on this machine:" \
    "  install one (https://adoptium.net/temurin/releases/?version=25) or let JAVA_HOME name one"
}

# Sets jdk to the first JDK found that is new enough.
has_jdk() {
  for jdk in "${JAVA_HOME-}" /usr/lib/jvm/* /Library/Java/JavaVirtualMachines/*/Contents/Home \
    "${HOME-}"/.sdkman/candidates/java/*; do
    ! is_new_enough "$jdk" || return 0
  done
  jdk=$(java_on_path)
  is_new_enough "$jdk"
}

# A JDK says in a file what it is, which is quicker than starting it.
is_new_enough() {
  local line version=0
  [[ -x $1/bin/javac && -r $1/release ]] || return 1
  while IFS= read -r line; do
    [[ $line != JAVA_VERSION=* ]] || version=${line#*\"}
  done <"$1/release"
  ((${version%%[!0-9]*} >= 25))
}

# Where the java on the PATH lives, behind whatever links or wrappers. macOS has one that finds.
java_on_path() {
  /usr/libexec/java_home -v 25+ 2>/dev/null \
    || java -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java\.home = //p' \
    || true
}

# is_built JAR: whether it is there, and nothing that it was built from is newer.
is_built() {
  [[ -f $1 && -z $(find "$here"/*/src/main "$here"/pom.xml "$here"/*/pom.xml -newer "$1" -print) ]]
}

# build_if_needed JAR: where nothing is started.
build_if_needed() {
  if ! is_built "$1"; then
    make_home
    take_lock
    find_jdk
    is_built "$1" || build "$1"
    release_lock
  fi
}

# build JAR: and whatever else there is to build.
build() {
  local log=$local_home/build.log
  (cd "$here" && JAVA_HOME=$jdk exec ./mvnw -q -DskipTests package) </dev/null >"$log" 2>&1 &
  build_pid=$!
  while is_running "$build_pid"; do
    progress "building EKSphemeral (the first time about a minute)"
    sleep 0.3
  done
  wait "$build_pid" || die "building EKSphemeral failed; the end of $log:" "$(tail -n 20 "$log")"
  build_pid=
  [[ -f $1 ]] || die "building EKSphemeral made no $1"
  touch -c -- "$here"/*/target/eksphemeral-*.jar # Maven leaves as it is what did not change
}

# launch SPEED: in the background, out of the reach of Ctrl-C and of the terminal's end.
launch() {
  local log=$local_home/control-plane.log lines_before pid code=0 give_up=$((SECONDS + 30))
  touch "$log"
  chmod 600 "$log" # one of before may be open to others
  lines_before=$(wc -l <"$log")
  set -m # gives it a process group of its own
  nohup "$jdk/bin/java" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto -Xmx192m \
    -jar "$local_jar" --home "$local_home" --port "${EKSPHEMERAL_PORT:-8470}" --speed "$1" \
    </dev/null >>"$log" 2>&1 &
  pid=$!
  set +m
  until read_local_files && [[ $local_pid == "$pid" ]]; do
    if ! is_running "$pid"; then
      wait "$pid" || code=$?
      not_launched "$code" "$(tail -n +$((lines_before + 1)) "$log" | tail -n 5)" "$log"
    elif ((SECONDS > give_up)); then
      kill "$pid"
      die "the control plane did not start within 30 s; its log is $log"
    fi
    progress "starting the control plane"
    sleep 0.05
  done
  is_local_up || local_not_up "process $pid does not answer at $endpoint"
  local_started=1
  say "the control plane is up at $endpoint ($local_provider)"
}

# not_launched EXIT-CODE LAST-LINES LOG: when it knew why, its last line says so.
not_launched() {
  local why=${2##*$'\n'}
  why=${why#eksphemeral: }
  case $1 in
    2) refuse "$why" ;;
    3) port_taken "$why" ;;
    4) die "$why" "  the log is $3" ;;
    *) die "the control plane did not start; the end of its log, $3:" "$2" ;;
  esac
}

# port_taken WHY: a control plane of this user that has the port is named, with its home.
port_taken() {
  local port=${EKSPHEMERAL_PORT:-8470} pid arguments home why=$1 advice=()
  endpoint=http://127.0.0.1:$port local_pid=
  ask GET /status --noproxy '*' --max-time 5
  pid=$(answer_header Eksphemeral-Control-Plane)
  if [[ $pid =~ ^[1-9][0-9]*$ && $(ps -o user= -p "$pid") == "$(ps -o user= -p $$)" ]]; then
    arguments=$(ps -o args= -p "$pid")
    if [[ $arguments == *"/eksphemeral-local.jar --home "*" --port $port "* ]]; then
      home=${arguments#*/eksphemeral-local.jar --home }
      home=${home%% --port *}
      why="port $port is taken by the control plane of $home, process $pid"
      advice=("  end that one:     kill $pid")
    fi
  fi
  die "$why" ${advice[@]+"${advice[@]}"} \
    "  use another port: EKSPHEMERAL_PORT=$((port + 1)) $(command_for eksp-up.sh)"
}

# Sets other_settings to a line for each setting that this command was given and that the control
# plane which is up was not started with.
compare_settings() {
  local name given line
  other_settings=()
  if [[ -n ${option_speed-} && $local_speed != "$option_speed" ]]; then
    other_settings+=("  --speed is $local_speed, not $option_speed")
  fi
  [[ ${EKSPHEMERAL_PORT:-0} =~ ^0*(0|${endpoint##*:})$ ]] \
    || other_settings+=("  EKSPHEMERAL_PORT is ${endpoint##*:}, not $EKSPHEMERAL_PORT")
  while IFS= read -r line; do
    name=${line%%=*}
    [[ $name =~ ^EKSPHEMERAL_[A-Z_]+$ ]] || continue
    line=${line#*=} given=${!name-}
    [[ -z $given || $given == "$line" ]] \
      || { [[ $given =~ ^[0-9]{1,9}$ && $line =~ ^[0-9]{1,9}$ ]] && ((10#$given == 10#$line)); } \
      || other_settings+=("  $name is ${line:-not set}, not $given")
  done < <(cat "$local_home/control-plane.settings" 2>/dev/null)
}

# Stops it kindly, and after ten seconds unkindly, which does no harm either.
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

# Whether the process on record is there and is ours, though it may not answer.
is_local_running() {
  [[ -n $local_pid && $(ps -ww -o args= -p "$local_pid" 2>/dev/null) == *"$local_jar"* ]]
}

has_local_records() {
  [[ -d $local_home/bucket ]]
}

# Removes the records, the world in which the rehearsal pretends to build, and with them the reason
# for a clock that is ahead.
forget_local() {
  rm -rf -- "$local_home/bucket" "$local_home/simulated" "$local_home/clock.json"
}

# is_running PID: not counting one that has ended and that nobody has asked for its exit code.
is_running() {
  kill -0 "$1" 2>/dev/null && [[ $(ps -o stat= -p "$1" 2>/dev/null) != Z* ]]
}

# The way out, however this command ends.
leave_local() {
  [[ -z $build_pid ]] || kill "$build_pid" 2>/dev/null || true
  release_lock
}
