#!/usr/bin/env bash
# Attacks both editions for minutes, and writes down how they took it.
#
#   bench/attack.sh [MINUTES]
#
#   MINUTES   how long each of them is attacked (3), at most 15: on one machine a minute is more than a
#             day, and what has ended is forgotten after thirty
#
# Several clients at once ask for clusters, move their ends, destroy and list them, sensibly or not.
# Meanwhile the edition on one machine is killed, its disk runs full or becomes read-only, its clock
# jumps by hours, and records are broken; in the edition in AWS functions and containers are killed, and
# records are broken. In the end all that was said has to be so, and nothing is left: AttackIT and
# AwsAttackIT hold it.
#
# The first wants Linux and root, for the disk. The second takes the account that emulators play, see
# svc/src/test/install.sh emulator task, and is left out without it. Writes bench/results/attack.md if both,
# or the first alone, went well.

set -euo pipefail
here=$(CDPATH='' cd "$(dirname "$0")/.." && pwd)
# shellcheck source=bench/common.sh
. "$here/bench/common.sh"
minutes=${1:-3}
if [[ ! $minutes =~ ^([1-9]|1[0-5])$ ]]; then
  echo "attack.sh: '$minutes' is no number of minutes from 1 to 15" >&2
  exit 2
fi

export CI=true # what cannot be done fails, and is not left out in silence
cd "$here"

# attack CLASS GROUP EXCLUDED
attack() {
  echo "== $1, for $minutes min" >&2
  ./mvnw -B -q verify -Dit.test="$1" -Dgroups="$2" -Dexcluded.tests="$3" -Dtest=none \
    -Dsurefire.failIfNoSpecifiedTests=false -Dfailsafe.failIfNoSpecifiedTests=false \
    -Deksphemeral.attack.seconds=$((minutes * 60)) -Deksphemeral.attack.results="$scratch" >"$scratch/log" 2>&1 \
    || {
      tail -n 60 "$scratch/log" | cut -c 1-400 >&2
      exit 1
    }
}

attack AttackIT '' none
if [[ -d .emulator && -d .task-emulator ]]; then
  attack AwsAttackIT attack none
else
  echo "the edition in AWS is left out: svc/src/test/install.sh emulator task installs what it takes" >&2
fi

{
  # shellcheck disable=SC2016 # the backticks are Markdown's
  printf '# Under attack\n\nBy `bench/attack.sh %s` on %s. All of it held.\n' \
    "$minutes" "$(circumstances)"
  for part in "$scratch"/*.md; do
    echo
    cat "$part"
  done
} >"$results"
cat "$results"
