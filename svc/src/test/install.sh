#!/usr/bin/env bash
# Creates Python environments for the tests, unless they exist and are up to date.
#
#   svc/src/test/install.sh ENVIRONMENT …
#
#   emulator   .emulator/, for the tests of the AWS adapters and the emulated account
#   task       .task-emulator/, for the tests of the task scripts, and the aws CLI of the emulated account
#   template   .template-lint/, for cfn-lint
#   terminal   .terminal/, for the tests of what the commands show on a terminal

set -euo pipefail
here=$(CDPATH='' cd "$(dirname "$0")" && pwd)

for environment in "$@"; do
  case $environment in
    emulator) home=.emulator ;;
    task) home=.task-emulator ;;
    template) home=.template-lint ;;
    terminal) home=.terminal ;;
    *)
      echo "unknown environment: $environment" >&2
      exit 2
      ;;
  esac
  home=$here/../../../$home requirements=$here/$environment/requirements.txt
  [[ ! -f $home/requirements.txt || $(<"$requirements") != "$(<"$home/requirements.txt")" ]] || continue
  rm -rf "$home"
  python3 -m venv "$home"
  "$home/bin/pip" install --quiet --disable-pip-version-check --no-deps -r "$requirements"
  "$home/bin/pip" --disable-pip-version-check check
  # Last, as it marks the environment as complete.
  cp "$requirements" "$home/requirements.txt"
done
