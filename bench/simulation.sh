#!/usr/bin/env bash
# Has clusters live in simulated worlds in which all goes wrong that can, holds each step to the
# promises, and writes down what happened how often, with the machine it was on.
#
#   bench/simulation.sh [LIVES [FIRST_SEED]]
#
# A million lives (the default) take less than an hour on two cores. Without a first seed it is a new one each
# time. Ends with 1 if a promise was broken, if a kind of trouble never struck, or if a transition
# was never made. What was broken is told as the shortest story that breaks it, with its seed.
# Ctrl-C ends it with what there was so far. Prints the page; writes it to bench/results/simulation.md
# if a million lives or more were asked for.

set -euo pipefail
here=$(CDPATH='' cd "$(dirname "$0")/.." && pwd)
results=$here/bench/results/simulation.md
case ${1-} in
  --help | -h)
    sed -n -e 1d -e '/^#/!q' -e 's/^# \{0,1\}//p' "$0"
    exit
    ;;
esac
lives=${1:-1000000}
seed=${2:-$(date +%s)000}
workdir=$(mktemp -d)
trap 'rm -rf -- "$workdir"' EXIT

JAVA_HOME=$(. "$here/lib/common.sh" && find_jdk && echo "$jdk")
export JAVA_HOME
(cd "$here" && ./mvnw -q -DskipTests -pl svc test-compile dependency:build-classpath \
  -Dmdep.outputFile="$workdir/classpath") >&2 2>/dev/null
echo "$lives lives from seed $seed; a million take less than an hour on two cores" >&2

status=0
trap : INT # it is the program that ends then, and the page is still to be written
"$JAVA_HOME/bin/java" -XX:+UseParallelGC -Xmx2g --add-opens java.base/java.lang=ALL-UNNAMED \
  -cp "$here/svc/target/test-classes:$here/svc/target/classes:$(cat "$workdir/classpath")" \
  io.eksphemeral.simulation.SimulationBench "$lives" "$seed" >"$workdir/figures" || status=$?

cores=$(getconf _NPROCESSORS_ONLN)
memory=$(awk '/MemTotal/ { printf "%d GiB", $2 / 1048576 + 0.5 }' /proc/meminfo 2>/dev/null || true)
version=$("$JAVA_HOME/bin/java" -version 2>&1 | sed -n '2p')

{
  cat <<END
# Lives in simulated worlds

By \`bench/simulation.sh $lives $seed\` on $(date -u +%Y-%m-%d): $(uname -sm), $cores cores,
${memory:-memory unknown}, $version.

END
  cat "$workdir/figures"
} >"$workdir/page"
cat "$workdir/page"
if ((lives >= 1000000 && status == 0)); then
  cp "$workdir/page" "$results"
fi
exit "$status"
