#!/usr/bin/env bash
# Measures a function of the control plane in AWS, from its jar, and writes the figures down with
# the machine they are of: Lambda's runtime client is the real one, S3 a server on this machine.
#
#   bench/lambda.sh
#
# Takes about two minutes, on Linux. Prints the table that it writes to bench/results/lambda.md.

set -euo pipefail
here=$(CDPATH='' cd "$(dirname "$0")/.." && pwd)
# shellcheck source=bench/common.sh
. "$here/bench/common.sh"

classpath=$(svc_with_tests package)
(cd "$here/svc" && "$JAVA_HOME/bin/java" \
  -cp "$classpath" \
  io.eksphemeral.aws.LambdaBench) >"$scratch/figures" 2>"$scratch/log" || {
  cat "$scratch/log" >&2
  exit 1
}

cat >"$results" <<END
# A function of the control plane in AWS, measured

By \`bench/lambda.sh\` on $(circumstances). Medians of eleven starts.

StatusFunc with 100 clusters on record, and the options that it has in Lambda; from when its runtime
got the event to when it handed in the answer. A restore is a function that goes on here: what Lambda
takes for it is not in this.

| what | is | allowed |
|---|---|---|
$(cat "$scratch/figures")
END
cat "$results"
