#!/usr/bin/env bash
# Makes .emulator/, the Python environment that the tests of the adapters for AWS run their emulator
# from where there is no Docker. Does nothing if it is there and up to date.

set -euo pipefail
cd "$(dirname "$0")"
home=../../../../.emulator

cmp -s requirements.txt "$home/requirements.txt" && exit

rm -rf "$home"
python3 -m venv "$home"
"$home/bin/pip" install --quiet --disable-pip-version-check --no-deps -r requirements.txt
"$home/bin/pip" --disable-pip-version-check check
# Written last, so it is there only if all else is.
cp requirements.txt "$home/requirements.txt"
