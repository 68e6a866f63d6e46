#!/usr/bin/env bash
# Mutation testing: changes the compiled code in small ways, one at a time, and counts how many of the
# changes the tests notice.
#
#   bench/mutation.sh [PACKAGE …]
#
#   PACKAGE   domain, control, aws or lambda (domain control)
#
# PIT makes the mutants. Each package is held to its own tests, without those tagged as slow; the ones of
# aws want the emulator (svc/src/test/install.sh emulator). Only KILLED and TIMED_OUT count as noticed.
# Fails where a package scores less than 85 %, where there are suspiciously few mutants, and where no test
# ran. Takes some six minutes on two idle cores for domain and control, and writes
# bench/results/mutation.md if both were measured. A machine that is busy makes time-outs of its own.

set -euo pipefail
here=$(CDPATH='' cd "$(dirname "$0")/.." && pwd)
# shellcheck source=bench/common.sh
. "$here/bench/common.sh"
threshold=85
least=150 # mutants in a package; a good deal fewer than the smallest has
pit=1.30.2
# PIT's own choice, and constants changed by one, calls left out of a chain, and arithmetic on amounts:
# limits and formats are where its choice is too gentle.
operators=DEFAULTS,INLINE_CONSTS,EXPERIMENTAL_NAKED_RECEIVER,EXPERIMENTAL_BIG_DECIMAL
work=$here/svc/target/mutation
(($#)) || set -- domain control

packages=" $* "
for package; do
  case $package in
    domain | control | aws | lambda) ;;
    *)
      echo "unknown package: $package; use domain, control, aws, lambda" >&2
      exit 2
      ;;
  esac
done

rm -rf "$work"
mkdir -p "$work"
cd "$here"
classpath=$(svc_with_tests test-compile)
# The launcher has to be of the version of JUnit that the tests are compiled with: with another one PIT
# finds no test, and calls that a success.
junit=$(tr ':' '\n' <<<"$classpath" | sed -n 's,.*/junit-platform-engine-\(.*\)\.jar$,\1,p')
mockito=$(tr ':' '\n' <<<"$classpath" | grep '/mockito-core-')
for artifact in org.pitest:pitest:$pit org.pitest:pitest-entry:$pit org.pitest:pitest-command-line:$pit \
  org.pitest:pitest-junit5-plugin:1.2.3 org.apache.commons:commons-text:1.14.0 \
  org.junit.platform:junit-platform-launcher:"$junit"; do
  ./mvnw -q -B -pl svc dependency:copy -Dartifact="$artifact" -DoutputDirectory="$work/jars" >"$scratch/log" 2>&1 || {
    cat "$scratch/log" >&2
    exit 1
  }
done

export CI=true # tests that cannot run fail, and are not mistaken for ones that pass
started=$SECONDS
for package; do
  (cd svc && "$JAVA_HOME/bin/java" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "$work/jars/*:$classpath" \
    org.pitest.mutationtest.commandline.MutationCoverageReport \
    --reportDir "$work/$package" --outputFormats CSV --timestampedReports false --verbosity NO_SPINNER \
    --sourceDirs src/main/java --mutableCodePaths "$here/svc/target/classes" --mutators "$operators" \
    --threads $((2 * $(getconf _NPROCESSORS_ONLN))) --timeoutConst 8000 --excludedGroups slow,tasks \
    --targetClasses "io.eksphemeral.$package.*" --targetTests "io.eksphemeral.$package.*Test" \
    --jvmArgs "-javaagent:$mockito,-XX:+UseSerialGC,-XX:TieredStopAtLevel=1") >"$work/$package.log" 2>&1 || {
    tail -n 40 "$work/$package.log" >&2
    exit 1
  }
  grep -E '^>> Ran [1-9][0-9]* tests' "$work/$package.log" >/dev/null || {
    echo "error: PIT ran no test, see $work/$package.log" >&2
    exit 1
  }
  cat "$work/$package/mutations.csv" >>"$work/mutations.csv"
done
took=$(((SECONDS - started + 59) / 60))

# score FIELD: a line for each value of a field (2 of the packages, 3 of the classes) with its score.
score() {
  awk -F, -v field="$1" '
    {
      split($2, name, /[.$]/)
      key = name[3] (field == 3 ? "." name[4] : "")
      total[key]++
      if ($6 == "KILLED" || $6 == "TIMED_OUT") noticed[key]++
      if ($6 == "TIMED_OUT") late[key]++
      if ($6 == "NO_COVERAGE") bare[key]++
    }
    END {
      for (key in total)
        printf "%s %d %d %d %d %d\n", key, total[key], noticed[key], late[key], bare[key], 100 * noticed[key] / total[key]
    }' "$work/mutations.csv" | sort
}

# table HEADING FIELD
table() {
  printf '| %s | mutants | noticed | of these by a time-out | in code that no test reaches | score |\n|---|---|---|---|---|---|\n' "$1"
  # shellcheck disable=SC2016 # the backticks are Markdown's
  score "$2" | awk '{ printf "| `%s` | %d | %d | %d | %d | %d %% |\n", $1, $2, $3, $4, $5, $6 }'
}

survivors() {
  # shellcheck disable=SC2016 # the backticks are Markdown's
  awk -F, '
    $6 != "KILLED" && $6 != "TIMED_OUT" {
      split($2, name, /[.$]/)
      sub(/.*\./, "", $3)
      sub(/Mutator/, "", $3)
      sub(/lambda\$/, "", $4)
      sub(/\$.*/, "", $4)
      printf "%s.%s %d %s %s %s\n", name[3], name[4], $5, $4, $3, $6 == "SURVIVED" ? "" : " (" $6 ")"
    }' "$work/mutations.csv" | sort -k1,1 -k2,2n \
    | awk '{ printf "| `%s` | %d | `%s` | %s%s |\n", $1, $2, $3, $4, ($5 ? " " $5 : "") }'
}

score 2 | awk '{ printf "%s: %d of %d mutants noticed, %d %%\n", $1, $3, $2, $6 }'
if [[ $packages == *" domain "* && $packages == *" control "* ]]; then
  {
    # shellcheck disable=SC2016 # the backticks are Markdown's
    printf '# Mutation testing\n\nBy `bench/mutation.sh %s` with PIT %s and its operators %s\non %s, in %d minutes.\n\n' \
      "$*" "$pit" "${operators//,/, }" "$(circumstances)" "$took"
    table package 2
    echo
    table class 3
    printf '\n## What survived\n\n| class | line | method | mutation |\n|---|---|---|---|\n'
    survivors
  } >"$results"
fi
failed=0
for package; do
  read -r _ mutants _ _ _ percent <<<"$(score 2 | grep "^$package " || echo "$package 0 0 0 0 0")"
  if ((mutants < least)); then
    echo "error: only $mutants mutants in $package, at least $least are expected; see $work/$package.log" >&2
    failed=1
  elif ((percent < threshold)); then
    echo "error: $package scores $percent %, less than $threshold %" >&2
    failed=1
  fi
done
exit "$failed"
