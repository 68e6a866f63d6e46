#!/usr/bin/env bash
# Measures the three functions of the control plane in AWS from their jar, and writes the figures
# down with the machine they are of: Lambda's runtime client is the real one, S3, ECS and SES are a
# server on this machine.
#
#   bench/lambda.sh [COMMIT…]
#
# Each COMMIT is built and measured as well, in turn with the current code. EKSPHEMERAL_BENCH_STARTS
# is how often each function is started (11). Takes some ten minutes, on Linux. Prints the table
# that it writes to bench/results/lambda.md.

set -euo pipefail
here=$(CDPATH='' cd "$(dirname "$0")/.." && pwd)
# shellcheck source=bench/common.sh
. "$here/bench/common.sh"

starts=${EKSPHEMERAL_BENCH_STARTS:-11}
classpath=$(svc_with_tests package)
jars=("current code=$here/svc/target/eksphemeral-lambda.jar")
for commit; do
  git clone -q --shared "$here" "$scratch/$commit"
  (cd "$scratch/$commit" && git checkout -q "$commit" \
    && ./mvnw -q -B -DskipTests -Dmaven.test.skip=true -pl svc package) >"$scratch/log" 2>&1 || {
    cat "$scratch/log" >&2
    exit 1
  }
  jars+=("$commit=$scratch/$commit/svc/target/eksphemeral-lambda.jar")
done
(cd "$here/svc" && "$JAVA_HOME/bin/java" -cp "$classpath" io.eksphemeral.aws.LambdaBench \
  "$starts" "${jars[@]}") >"$scratch/figures" 2>"$scratch/log" || {
  cat "$scratch/log" >&2
  exit 1
}

cat >"$results" <<END
# The functions of the control plane in AWS, measured

By \`bench/lambda.sh $*\` on $(circumstances).
Medians of $starts starts, 100 clusters on record. The jar has $(du -m "$here/svc/target/eksphemeral-lambda.jar" | cut -f1) MB.

A restore needs Lambda itself. Here the runtime client calls the functions' hooks as before a
snapshot, and then the process continues; connections are closed as after a restore. *Init* is
everything before the snapshot, with an empty bucket; a call is measured from the event's arrival to
the response. The sweep sends a notice and launches a task. *No warm-up* starts the functions
without their hook; *C1 only* is \`-XX:TieredStopAtLevel=1\`, which template.yaml sets.

| call | code | compiler | init | first call | warm |
|---|---|---|---:|---:|---:|
$(cat "$scratch/figures")
END
cat "$results"
