# shellcheck shell=bash
# What every measurement needs: its help, a JDK, a folder for this run, and the machine in words.
# Sourced by the commands beside it, with `here` naming the folder above theirs.

case ${1-} in
  --help | -h)
    sed -n -e 1d -e '/^#/!q' -e 's/^# \{0,1\}//p' "$0"
    exit
    ;;
esac

JAVA_HOME=$(. "$here/lib/common.sh" && require_jdk && echo "$jdk")
export JAVA_HOME
results=${0##*/}
results=$here/bench/results/${results%.sh}.md
scratch=$(mktemp -d)
trap 'rm -rf -- "$scratch"' EXIT

# svc_with_tests PHASE: its class path with the tests, once Maven has come to a phase.
svc_with_tests() {
  (cd "$here" && ./mvnw -q -B -DskipTests -pl svc "$1" dependency:build-classpath \
    -Dmdep.outputFile="$scratch/classpath") >"$scratch/log" 2>&1 || {
    cat "$scratch/log" >&2
    return 1
  }
  printf %s "$here/svc/target/test-classes:$here/svc/target/classes:$(<"$scratch/classpath")"
}

# When and where it was measured.
circumstances() {
  local memory
  memory=$(awk '/MemTotal/ { printf "%d GiB", $2 / 1048576 + 0.5 }' /proc/meminfo 2>/dev/null || true)
  printf '%s: %s, %s cores, %s,\n%s' "$(date -u +%Y-%m-%d)" "$(uname -sm)" "$(getconf _NPROCESSORS_ONLN)" \
    "${memory:-memory unknown}" "$("$JAVA_HOME/bin/java" -version 2>&1 | sed -n 2p)"
}
