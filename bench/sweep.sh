#!/usr/bin/env bash
# Measures a sweep over S3 that takes 10 ms for each request, and writes the figures down with the
# machine they are of.
#
#   bench/sweep.sh
#
# Takes about a minute. Prints the table that it writes to bench/results/sweep.md.

set -euo pipefail
here=$(CDPATH='' cd "$(dirname "$0")/.." && pwd)
# shellcheck source=bench/common.sh
. "$here/bench/common.sh"

classpath=$(svc_with_tests test-compile)

# As the function will run: the first compiler alone, as many connections as reads at a time.
"$JAVA_HOME/bin/java" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx384m -Dhttp.maxConnections=64 \
  -cp "$classpath" \
  io.eksphemeral.aws.SweepBench 1000 10000 >"$scratch/figures" 2>"$scratch/log" || {
  cat "$scratch/log" >&2
  exit 1
}

cat >"$results" <<END
# A sweep over S3, measured

By \`bench/sweep.sh\` on $(circumstances). Medians of seven.

Clusters that live and need nothing, each with its claim; 10 ms for each request; a heap of 384 MB,
of which the server that plays S3 has a part. Allowed for 1000: 800 ms with nothing kept, 50 ms with
nothing changed; for 10,000: 6 s and 400 ms.

$(cat "$scratch/figures")
END
cat "$results"
