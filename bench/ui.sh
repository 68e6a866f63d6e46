#!/usr/bin/env bash
# Measures the page and its proxy, and writes the figures down with the machine they are of.
#
#   bench/ui.sh
#
# The page is of the edition on one machine with 1,000 clusters, in Debian's Chromium without a window. Takes
# two minutes. Prints the table that it writes to bench/results/ui.md.

set -euo pipefail
here=$(CDPATH='' cd "$(dirname "$0")/.." && pwd)
# shellcheck source=bench/common.sh
. "$here/bench/common.sh"
clusters=1000
# shellcheck disable=SC2030,SC2031 # what common.sh sets in a subshell is of no interest here
export EKSPHEMERAL_HOME=$scratch/home EKSPHEMERAL_PORT=8478 EKSPHEMERAL_PROVIDER=simulated

clean_up() {
  [[ ! -s $scratch/ui.pid ]] || kill "$(<"$scratch/ui.pid")"
  "$here/eksp-down.sh" --local --abandon-clusters || true
  rm -rf -- "$scratch"
} >/dev/null 2>&1
trap clean_up EXIT

"$here/local/src/test/browser/install.sh"
(cd "$here" && ./mvnw -q -B -DskipTests -pl svc,local package dependency:build-classpath \
  -Dmdep.outputFile="$scratch/classpath") >"$scratch/log" 2>&1 || {
  cat "$scratch/log" >&2
  exit 1
}
# Maven has written the class path of the last module.
classes=$here/local/target/test-classes:$here/local/target/classes:$here/svc/target/test-classes:$(<"$scratch/classpath")
run() {
  "$JAVA_HOME/bin/java" -XX:+UseSerialGC -cp "$classes" "$@"
}

run io.eksphemeral.local.SweepBench "$EKSPHEMERAL_HOME" "$clusters" >"$scratch/sweep"
"$here/eksp-up.sh" --local 2>"$scratch/log"
"$here/eksp-ui.sh" --local --no-open >"$scratch/link" 2>>"$scratch/log" &
jobs -p >"$scratch/ui.pid"
until [[ -s $scratch/link ]]; do
  kill -0 "$(<"$scratch/ui.pid")" || {
    cat "$scratch/log" >&2
    exit 1
  }
  sleep 0.2
done
run io.eksphemeral.local.PageBench "$scratch" "$(<"$scratch/link")" "$clusters" >"$scratch/figures"

# figure NAME
figure() {
  awk -v name="$1" '$1 == name { print $2 }' "$scratch/figures"
}

cat >"$results" <<END
# The page, measured

By \`bench/ui.sh\` on $(circumstances), $(chromium --version 2>/dev/null | awk '{ print $1, $2 }'). Medians.

*Usable* is from the start of a load, without a cache, until all rows are there and drawn. What the proxy
adds is the difference of two medians of calls in turn, of a control plane that responds at once.

| what | is | allowed |
|---|---|---|
| usable with $clusters clusters | $(figure usable) ms | 500 ms |
| bytes in all, headers included, without the list | $(figure kilobytes) KB | 150 KB |
| the list of $clusters clusters | $(figure list) KB | |
| requests of an idle tab in $(figure idle) s | $(figure requests) | 12 |
| the proxy adds to a call | $(figure passing) ms | 5 ms |
| the proxy adds to a call that it signs | $(figure signing) ms | 5 ms |
| such a call without the proxy | $(figure signing-direct) ms | |
END
cat "$results"
