#!/usr/bin/env bash
# Measures the local edition, and writes the figures down with the machine they are of.
#
#   bench/local.sh
#
# Takes about a minute. Prints the table that it writes to bench/results/local.md.

set -euo pipefail
here=$(CDPATH='' cd "$(dirname "$0")/.." && pwd)
# shellcheck source=bench/common.sh
. "$here/bench/common.sh"
records=1000
runs=7
export EKSPHEMERAL_PORT=8479

clean_up() {
  EKSPHEMERAL_HOME=$scratch/cold "$here/eksp-down.sh" --local --abandon-clusters || true
  EKSPHEMERAL_HOME=$scratch/full "$here/eksp-down.sh" --local --abandon-clusters || true
  rm -rf -- "$scratch"
} >/dev/null 2>&1
trap clean_up EXIT

# The middle one of the numbers on stdin.
median() {
  sort -n | awk '{ n[NR] = $1 } END { print n[int((NR + 1) / 2)] }'
}

# The same of seconds, as milliseconds.
milliseconds() {
  median | awk '{ printf "%.0f", $1 * 1000 }'
}

# took COMMAND...: how many seconds it took.
took() {
  local TIMEFORMAT=%3R
  { time "$@" >"$scratch/out" 2>"$scratch/err"; } 2>&1 # the time is on stderr
}

get() {
  curl -sf -o /dev/null -w '%{time_total}\n' "http://127.0.0.1:$EKSPHEMERAL_PORT$1"
}

running_pid() {
  cat "$EKSPHEMERAL_HOME/control-plane.pid"
}

export EKSPHEMERAL_HOME=$scratch/cold
"$here/eksp-up.sh" --local
java=$(ps -o args= -p "$(running_pid)")
java=${java%% *}
JAVA_HOME=${java%/bin/java} # the one that the scripts found
(cd "$here" && ./mvnw -q -DskipTests -pl svc,local package) 2>/dev/null
for ((i = 0; i < runs; i++)); do
  "$here/eksp-down.sh" --local --abandon-clusters 2>/dev/null
  rm -rf "$EKSPHEMERAL_HOME"
  took "$here/eksp-create.sh" --local --no-wait >>"$scratch/create"
  for _ in 1 2 3; do
    took "$here/eksp-list.sh" --local >>"$scratch/list"
  done
done
"$here/eksp-down.sh" --local --abandon-clusters 2>/dev/null

export EKSPHEMERAL_HOME=$scratch/full
"$java" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
  -cp "$here/local/target/test-classes:$here/svc/target/test-classes:$here/local/target/classes:$here/local/target/lib/*" \
  io.eksphemeral.local.SweepBench "$EKSPHEMERAL_HOME" "$records" >"$scratch/sweep"
"$here/eksp-up.sh" --local 2>/dev/null
for ((i = 0; i < 50; i++)); do
  get /status >>"$scratch/status"
done
for ((i = 0; i < 10; i++)); do
  get /clusters >>"$scratch/clusters"
done
for ((i = 0; i < 10; i++)); do
  took "$here/eksp" --local list -o table >>"$scratch/table"
done
# Of all processes that watching starts, on a terminal, without those of the control plane.
watched=60
share=$(
  TIMEFORMAT='%U %S'
  { time script -qec "timeout -s INT $watched $here/eksp --local list --watch" /dev/null >/dev/null 2>&1 </dev/null || true; } 2>&1
)
share=$(awk -v seconds="$watched" '{ printf "%.1f", ($1 + $2) / seconds * 100 }' <<<"$share")
rss=$(ps -o rss= -p "$(running_pid)")

cat >"$results" <<END
# The local edition, measured

By \`bench/local.sh\` on $(circumstances). Medians.

| what | is | allowed |
|---|---|---|
| \`eksp-create.sh --local --no-wait\`, built and nothing running, until accepted | $(median <"$scratch/create") s | 2 s |
| \`eksp-list.sh --local\`, control plane up | $(median <"$scratch/list") s | 0.15 s |
| a sweep over $records records with nothing to do, warm | $(tail -n +2 "$scratch/sweep" | median) ms | 200 ms |
| the first such sweep of a process | $(head -n 1 "$scratch/sweep") ms | |
| \`GET /status\` with $records records | $(milliseconds <"$scratch/status") ms | 50 ms |
| \`GET /clusters\` with $records records | $(milliseconds <"$scratch/clusters") ms | |
| \`eksp list\` with $records records, as a table, end to end | $(median <"$scratch/table") s | 0.1 s |
| \`eksp list --watch\` with $records records, of one core | $share % | 1 % |
| memory of the control plane then (resident) | $((rss / 1024)) MB | 200 MB |
END
cat "$results"
