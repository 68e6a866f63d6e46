#!/usr/bin/env bash
# Takes the pictures of the page, of a control plane on this machine whose clock runs 60 times as fast.
#
#   img/page.sh

set -euo pipefail
cd "$(dirname "$0")/.."

case ${1-} in
  --help | -h)
    sed -n -e 1d -e '/^#/!q' -e 's/^# \{0,1\}//p' "$0"
    exit
    ;;
esac

local/src/test/browser/install.sh
./mvnw -B -q verify -pl svc,local -Dtest=none -Dit.test=PagePicturesIT -Dgroups=pictures -Dexcluded.tests=none \
  -Dsurefire.failIfNoSpecifiedTests=false -Dfailsafe.failIfNoSpecifiedTests=false \
  -Deksphemeral.pictures="$PWD/target/pictures"
cp target/pictures/page{,-dark,-phone,-cluster,-new}.png img/
