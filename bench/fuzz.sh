#!/usr/bin/env bash
# Fuzzes everything that comes from outside: specs, paths, headers, events, records, what tasks leave,
# and callers who repeat their calls.
#
#   bench/fuzz.sh [INPUTS]
#
#   INPUTS   how many (10000000, which takes ten to thirty minutes)
#
# Jazzer makes the inputs, led by which branches they reach, from the examples, the canned events and
# the words in bench/fuzz.dict. Fails at the first that comes to a 5xx, to an exception to the caller, to
# a record or mails past their bounds, or to no answer within ten seconds, and leaves it in svc/target/fuzz. Writes bench/results/fuzz.md if the
# whole number was tried.

set -euo pipefail
here=$(CDPATH='' cd "$(dirname "$0")/.." && pwd)
# shellcheck source=bench/common.sh
. "$here/bench/common.sh"
work=$here/svc/target/fuzz
inputs=${1-10000000}
jazzer=0.26.0

mkdir -p "$work/corpus" "$work/seeds"
cd "$here"
classpath=$(svc_with_tests test-compile)
for artifact in jazzer jazzer-api; do
  ./mvnw -q -B -pl svc dependency:copy -Dartifact=com.code-intelligence:$artifact:"$jazzer" \
    -DoutputDirectory="$work" >&2
done

# seed SELECTOR FILE: an input of a kind, see FuzzTarget.
seed() {
  { printf '%b' "\\0$1" && cat "$2"; } >"$work/seeds/$1-${2##*/}"
}
for file in svc/*.json; do seed 0 "$file"; done
for file in svc/src/test/resources/events/*.json; do seed 2 "$file"; done
printf '%s' '{"name":"dev","numworkers":1,"kubeversion":"1.35","timeout":20,"owner":"a@b.io","status":{"id":"9be65bee-3baa-4fd0-aa3e-032325d5390c","state":"ready","created":"2026-11-22T10:00:00Z","ready":"2026-11-22T10:00:00Z","expires":"2026-11-22T10:20:00Z","lifetime":20,"createdby":"arn:aws:iam::123456789012:user/alice","tasks":[{"kind":"create","attempt":1,"planned":"2026-11-22T10:00:00Z","outcome":"ready","ended":"2026-11-22T10:00:00Z"}],"mails":[],"history":[{"state":"creating","at":"2026-11-22T10:00:00Z","why":"x"}],"format":1}}' >"$work/record.json"
seed 3 "$work/record.json"
printf '%s' '{"outcome":"failed","at":"2026-11-22T10:00:00Z","message":"m","leftovers":["vpc x"],"log":["l"]}' >"$work/result.json"
seed 4 "$work/result.json"
printf '9be65bee-3baa-4fd0-aa3e-032325d5390c\0-5' >"$work/path"
seed 1 "$work/path"
printf '9be65bee-3baa-4fd0-aa3e-032325d5390c\0POST /create' >"$work/header"
seed 5 "$work/header"
printf '\037\077\137\300\240\240\037\077\300\337\300' >"$work/repeated"
seed 6 "$work/repeated"
printf 'name: dev\nkubeversion: "1.35"\naccess: &a\n- !t x\ntask: {subnets: [*a]}\n' >"$work/spec.yaml"
seed 7 "$work/spec.yaml"

"$JAVA_HOME/bin/java" -XX:+UseSerialGC -Xmx1g \
  -cp "$work/jazzer-$jazzer.jar:$work/jazzer-api-$jazzer.jar:$classpath" \
  com.code_intelligence.jazzer.Jazzer --target_class=io.eksphemeral.lambda.FuzzTarget \
  --instrumentation_includes='io.eksphemeral.**' --custom_hook_includes='io.eksphemeral.**' \
  --reproducer_path="$work" -artifact_prefix="$work/" -dict="$here/bench/fuzz.dict" \
  -runs="$inputs" -timeout=10 -max_len=4096 -rss_limit_mb=3000 -print_final_stats=1 \
  "$work/corpus" "$work/seeds" >"$work/log" 2>&1 || {
  tail -n 40 "$work/log" >&2
  exit 1
}

done_inputs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$work/log")
a_second=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$work/log")
slowest=$(sed -n 's/^stat::slowest_unit_time_sec: *//p' "$work/log")
coverage=$(sed -nE 's/.* cov: ([0-9]+) .*/\1/p' "$work/log" | tail -n 1)
echo "$done_inputs inputs, $a_second a second, $coverage edges, slowest $slowest s: no 5xx, no exception, no hang"
((done_inputs >= 10000000)) || exit 0
cat >"$results" <<END
# Fuzzing

By \`bench/fuzz.sh\` with Jazzer $jazzer on $(circumstances).

$done_inputs inputs, $a_second a second, $coverage edges; no 5xx, no exception to a caller, none that took ten seconds.
END
