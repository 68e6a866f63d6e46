#!/usr/bin/env bash
# Measures a sweep over S3 that takes 10 ms for each request, and writes the figures down with the
# machine they are of.
#
#   bench/sweep.sh
#
# Takes about a minute. Prints the table that it writes to bench/results/sweep.md.

set -euo pipefail
here=$(CDPATH='' cd "$(dirname "$0")/.." && pwd)
results=$here/bench/results/sweep.md
workdir=$(mktemp -d)
trap 'rm -rf -- "$workdir"' EXIT

JAVA_HOME=$(. "$here/lib/common.sh" && find_jdk && echo "$jdk")
export JAVA_HOME
(cd "$here" && ./mvnw -q -DskipTests -pl svc test-compile dependency:build-classpath \
  -Dmdep.outputFile="$workdir/classpath") 2>/dev/null

# As the function will run: the first compiler alone, as many connections as reads at a time.
"$JAVA_HOME/bin/java" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx384m -Dhttp.maxConnections=64 \
  -cp "$here/svc/target/test-classes:$here/svc/target/classes:$(cat "$workdir/classpath")" \
  io.eksphemeral.aws.SweepBench 1000 10000 >"$workdir/figures" 2>"$workdir/log" || {
  cat "$workdir/log" >&2
  exit 1
}

cores=$(getconf _NPROCESSORS_ONLN)
memory=$(awk '/MemTotal/ { printf "%d GiB", $2 / 1048576 + 0.5 }' /proc/meminfo 2>/dev/null || true)
version=$("$JAVA_HOME/bin/java" -version 2>&1 | sed -n '2p')

mkdir -p "$(dirname "$results")"
cat >"$results" <<END
# A sweep over S3, measured

By \`bench/sweep.sh\` on $(date -u +%Y-%m-%d): $(uname -sm), $cores cores, ${memory:-memory unknown},
$version. Medians of seven.

Clusters that live and need nothing, each with its claim; 10 ms for each request; a heap of 384 MB,
of which the server that plays S3 has a part. Allowed for 1000: 800 ms with nothing kept, 50 ms with
nothing changed; for 10,000: 6 s and 400 ms.

$(cat "$workdir/figures")
END
cat "$results"
