#!/usr/bin/env bash
# Breaks the code on purpose, one fault at a time, and sees whether the tests catch it.
#
#   bench/faults.sh [FAULT …]
#
#   FAULT   the name of one in bench/faults, such as 05-record-removed-before-proof; all, if none is given
#
# Each patch in bench/faults says what it breaks, against which promise, and which test has to fail
# then. It is applied to a copy of what is committed. A patch that does not apply or compile, and one
# whose test passes all the same, has survived: that is a missing test. Takes some 20 seconds a fault;
# writes bench/results/faults.md if all were tried.

set -euo pipefail
here=$(CDPATH='' cd "$(dirname "$0")/.." && pwd)
# shellcheck source=bench/common.sh
. "$here/bench/common.sh"

git clone -q "$here" "$scratch/copy"
for environment in .emulator .task-emulator .curl; do
  [[ ! -d $here/$environment ]] || ln -s "$here/$environment" "$scratch/copy/$environment"
done
cd "$scratch/copy"
export CI=true # tests that cannot run fail, and are not mistaken for ones that pass

# value FIELD FILE: of a patch's head.
value() {
  sed -n -e '/^diff /q' -e "s/^$1: //p" "$2"
}

# maven MODULE GROUP TEST
maven() {
  local modules=svc group=()
  [[ $1 == svc ]] || modules=svc,$1
  [[ -z $2 ]] || group=(-Dgroups="$2" -Dexcluded.tests=none)
  ./mvnw -B -q test -pl "$modules" "-Dtest=$3" -Dsurefire.failIfNoSpecifiedTests=false \
    ${group[@]+"${group[@]}"} >"$scratch/log" 2>&1
}

# Whether the test that has to fail did: it ran, and its report says failure or error.
has_failed() {
  local class=${1%#*} method=
  [[ $1 != *#* ]] || method=${1#*#}
  find . -path '*/surefire-reports/*' -name "TEST-*.$class.xml" -exec cat {} + \
    | tr '\n' ' ' | sed 's/<testcase /\n&/g' | grep -F "<testcase name=\"$method" | grep -E '<(failure|error)' >/dev/null
}

# attempt PATCH: prints what became of it.
attempt() {
  local module group test
  read -r module group <<<"$(value Module "$1")"
  test=$(value 'Caught by' "$1")
  rm -rf svc/target/surefire-reports local/target/surefire-reports
  if ! git apply "$1" 2>"$scratch/log"; then
    echo "survived: it does not apply"
  elif maven "$module" "$group" "$test"; then
    echo "survived: the test passes"
  elif grep -aq 'COMPILATION ERROR' "$scratch/log"; then
    echo "survived: it does not compile"
  elif has_failed "$test"; then
    echo "caught"
  else
    echo "survived: something else failed, see below"
    tail -n 20 "$scratch/log" | cut -c 1-200 >&2
  fi
  git checkout -q -- .
}

patches=()
for fault in "$@"; do
  patches+=("$here/bench/faults/${fault%.patch}.patch")
done
(($#)) || patches=("$here"/bench/faults/*.patch)

caught=0
for patch in "${patches[@]}"; do
  name=${patch##*/}
  name=${name%.patch}
  outcome=$(attempt "$patch")
  [[ $outcome != caught ]] || caught=$((caught + 1))
  printf '%-42s %s\n' "$name" "$outcome" >&2
  # shellcheck disable=SC2016 # the backticks are Markdown's
  printf '| %s | %s | `%s` | %s |\n' "$(value Against "$patch")" "$(value Fault "$patch" | sed 's/\.$//')" \
    "$(value 'Caught by' "$patch")" "$outcome" >>"$scratch/table"
done
echo "$caught of ${#patches[@]} faults caught"

# shellcheck disable=SC2016 # the backticks are Markdown's
if (($# == 0)); then
  {
    printf '# Deliberate faults\n\nBy `bench/faults.sh` on %s: %d of %d caught.\n\n' \
      "$(date -u +%Y-%m-%d)" "$caught" "${#patches[@]}"
    printf '| against | fault | caught by | outcome |\n|---|---|---|---|\n'
    cat "$scratch/table"
  } >"$results"
fi
((caught == ${#patches[@]}))
