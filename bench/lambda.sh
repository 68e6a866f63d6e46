#!/usr/bin/env bash
# Measures a function of the control plane in AWS, from its jar, and writes the figures down with
# the machine they are of: Lambda's runtime client is the real one, S3 a server on this machine.
#
#   bench/lambda.sh
#
# Takes about two minutes, on Linux. Prints the table that it writes to bench/results/lambda.md.

set -euo pipefail
here=$(CDPATH='' cd "$(dirname "$0")/.." && pwd)
results=$here/bench/results/lambda.md
workdir=$(mktemp -d)
trap 'rm -rf -- "$workdir"' EXIT

JAVA_HOME=$(. "$here/lib/common.sh" && find_jdk && echo "$jdk")
export JAVA_HOME
(cd "$here" && ./mvnw -q -DskipTests -pl svc package dependency:build-classpath \
  -Dmdep.outputFile="$workdir/classpath") 2>/dev/null

(cd "$here/svc" && "$JAVA_HOME/bin/java" \
  -cp "target/test-classes:target/classes:$(cat "$workdir/classpath")" \
  io.eksphemeral.aws.LambdaBench) >"$workdir/figures" 2>"$workdir/log" || {
  cat "$workdir/log" >&2
  exit 1
}

cores=$(getconf _NPROCESSORS_ONLN)
memory=$(awk '/MemTotal/ { printf "%d GiB", $2 / 1048576 + 0.5 }' /proc/meminfo 2>/dev/null || true)
version=$("$JAVA_HOME/bin/java" -version 2>&1 | sed -n '2p')

mkdir -p "$(dirname "$results")"
cat >"$results" <<END
# A function of the control plane in AWS, measured

By \`bench/lambda.sh\` on $(date -u +%Y-%m-%d): $(uname -sm), $cores cores, ${memory:-memory unknown},
$version. Medians of eleven starts.

StatusFunc with 100 clusters on record, and the options that it has in Lambda; from when its runtime
got the event to when it handed in the answer. A restore is a function that goes on here: what Lambda
takes for it is not in this.

| what | is | allowed |
|---|---|---|
$(cat "$workdir/figures")
END
cat "$results"
