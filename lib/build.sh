# shellcheck shell=bash
# Building EKSphemeral: a JDK, a lock, Maven.

lock=$here/local/target/being-started
lock_taken=
build_pid=

jdk_missing="a JDK of version 25 or newer is missing"
jdk_advice="  install one (https://adoptium.net/temurin/releases/?version=25) or set JAVA_HOME to one"

# build_if_needed JAR
build_if_needed() {
  if ! is_built "$1"; then
    make_home
    take_lock
    require_jdk
    is_built "$1" || build "$1"
    release_lock
  fi
}

# Whether this is an unpacked release, which names its commit and has the jars, but not their sources.
is_release() {
  [[ -e $here/COMMIT ]]
}

# is_built JAR: whether it exists and nothing that it was built from is newer.
is_built() {
  [[ -f $1 ]] || return 1
  is_release || [[ -z $(find "$here"/*/src/main "$here"/pom.xml "$here"/*/pom.xml -newer "$1" -print) ]]
}

# build JAR: builds everything.
build() {
  local log=$local_home/build.log
  (cd "$here" && JAVA_HOME=$jdk exec ./mvnw -q -DskipTests package) </dev/null >"$log" 2>&1 &
  build_pid=$!
  while is_running "$build_pid"; do
    progress "building EKSphemeral (the first time about a minute)"
    sleep 0.3
  done
  wait "$build_pid" || fail "building EKSphemeral failed; the end of $log:" "$(tail -n 20 "$log")"
  build_pid=
  [[ -f $1 ]] || fail "building EKSphemeral did not create $1"
  touch -c -- "$here"/*/target/eksphemeral-*.jar # Maven does not touch what is unchanged
}

# For the exit of the command.
stop_build() {
  [[ -z $build_pid ]] || kill "$build_pid" 2>/dev/null || true
  release_lock
}

# One command at a time builds or starts. A link is created with its content in one step.
take_lock() {
  local holder
  until ln -s "$$ $(process_start $$)" "$lock" 2>/dev/null; do
    holder=$(readlink "$lock" || true)
    if [[ -n $holder ]] && ! { is_running "${holder%% *}" && [[ $(process_start "${holder%% *}") == "${holder#* }" ]]; }; then
      break_lock "$holder" # its holder was killed
    else
      progress "waiting for another command that builds or starts EKSphemeral"
      sleep 0.2
    fi
  done
  lock_taken=1
}

# break_lock HOLDER: unless another command has taken it meanwhile.
break_lock() {
  mv -f -- "$lock" "$lock.$$" 2>/dev/null || return 0
  if [[ $(readlink "$lock.$$") == "$1" ]]; then
    rm -f -- "$lock.$$"
  else
    mv -f -- "$lock.$$" "$lock"
  fi
}

release_lock() {
  [[ -z $lock_taken ]] || rm -f -- "$lock"
  lock_taken=
}

# process_start PID: prints when a process began. With the number, which is reused, that identifies it.
process_start() {
  local line fields
  if { read -r line <"/proc/$1/stat"; } 2>/dev/null; then
    read -ra fields <<<"${line##*) }"
    printf %s "${fields[19]}"
  else
    LC_ALL=C ps -o lstart= -p "$1" 2>/dev/null || true
  fi
}

require_jdk() {
  has_jdk || fail "$jdk_missing" "$jdk_advice"
}

# Sets jdk to the first JDK that is new enough.
has_jdk() {
  for jdk in "${JAVA_HOME-}" /usr/lib/jvm/* /Library/Java/JavaVirtualMachines/*/Contents/Home \
    "${HOME-}"/.sdkman/candidates/java/*; do
    ! is_new_enough "$jdk" || return 0
  done
  jdk=$(java_on_path)
  is_new_enough "$jdk"
}

# is_new_enough JAVA: its release file is read faster than it starts. A release needs no compiler.
is_new_enough() {
  local line version=0
  [[ -x $1/bin/java && -r $1/release ]] || return 1
  is_release || [[ -x $1/bin/javac ]] || return 1
  while IFS= read -r line; do
    [[ $line != JAVA_VERSION=* ]] || version=${line#*\"}
  done <"$1/release"
  ((${version%%[!0-9]*} >= 25))
}

# Prints the home of the java on the PATH, behind links and wrappers. macOS has a program for that.
java_on_path() {
  /usr/libexec/java_home -v 25+ 2>/dev/null \
    || java -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java\.home = //p' \
    || true
}
