#!/usr/bin/env bash
# Measures the page with a thousand clusters on this machine, in a browser: until it is usable, its size, how
# often a tab asks, and what the proxy adds to a call. Takes some three minutes.
#
#   bench/ui.sh

set -euo pipefail
here=$(CDPATH='' cd "$(dirname "$0")/.." && pwd)
# shellcheck source=bench/common.sh
. "$here/bench/common.sh"

cd "$here"
local/src/test/browser/install.sh
./mvnw -B -q verify -pl svc,local -Dtest=none -Dit.test=PageBenchIT -Dgroups=bench -Dexcluded.tests=none \
  -Dsurefire.failIfNoSpecifiedTests=false -Dfailsafe.failIfNoSpecifiedTests=false \
  -Deksphemeral.bench="$scratch" >"$scratch/log" 2>&1 || {
  tail -n 60 "$scratch/log" | cut -c 1-400 >&2
  exit 1
}

cat >"$results" <<END
# The page, measured

By \`bench/ui.sh\` on $(circumstances), with $(chromium --version 2>/dev/null | cut -d ' ' -f 1,2),
without a window. The control plane, the proxy and the browser share the machine.

$(<"$scratch/ui.md")
END
cat "$results"
