#!/usr/bin/env bash
# Makes .template-lint/, the Python environment that .ci/lint-template runs cfn-lint from. Does nothing
# if it is there and up to date.

set -euo pipefail
cd "$(dirname "$0")"
home=../../../../.template-lint

[[ ! -f $home/requirements.txt || $(<requirements.txt) != "$(<"$home/requirements.txt")" ]] || exit 0

rm -rf "$home"
python3 -m venv "$home"
"$home/bin/pip" install --quiet --disable-pip-version-check --no-deps -r requirements.txt
"$home/bin/pip" --disable-pip-version-check check
# Written last, so it is there only if all else is.
cp requirements.txt "$home/requirements.txt"
