#!/usr/bin/env bash
# Makes what the account on one machine consists of: the Python environments of the emulator and of
# the aws CLI. Does nothing where they are there and up to date.

set -euo pipefail
cd "$(dirname "$0")"

../emulator/install.sh
../task/install.sh
