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
# shellcheck source=bench/common.sh
. "$here/bench/common.sh"
lives=${1:-1000000}
seed=${2:-$(date +%s)000}
classpath=$(svc_with_tests test-compile)
echo "$lives lives from seed $seed; a million take less than an hour on two cores" >&2

status=0
trap : INT # it is the program that ends then, and the page is still to be written
"$JAVA_HOME/bin/java" -XX:+UseParallelGC -Xmx2g --add-opens java.base/java.lang=ALL-UNNAMED \
  -cp "$classpath" \
  io.eksphemeral.simulation.SimulationBench "$lives" "$seed" >"$scratch/figures" || status=$?

{
  cat <<END
# Lives in simulated worlds

By \`bench/simulation.sh $lives $seed\` on $(circumstances).

END
  cat "$scratch/figures"
} >"$scratch/page"
cat "$scratch/page"
if ((lives >= 1000000 && status == 0)); then
  cp "$scratch/page" "$results"
fi
exit "$status"
