#!/usr/bin/env bash
# Runs a command with the kubeconfig of a cluster.
#
#   ./eksp-exec.sh [--local] ID|NAME -- COMMAND …
#
#   ID|NAME   the cluster, which is ready
#   COMMAND   what to run, with KUBECONFIG set; its exit code is returned
#   --local   on this machine; equivalent to EKSPHEMERAL_LOCAL=1
#
# It writes ~/.kube/eksphemeral/NAME if that is missing.

# Ignores the caller's shell options, functions, BASH_ENV and CDPATH.
[[ $- == *p* ]] || exec bash -p "$0" "$@"
set -euo pipefail
self=$0
while [[ -L $self ]]; do
  here=$(dirname "$self") self=$(readlink "$self")
  [[ $self == /* ]] || self=$here/$self
done
[[ $self == */* ]] || self=./$self
here=$(cd -P "${self%/*}/" && pwd)
# shellcheck source=lib/session.sh
. "$here/lib/session.sh"

split_arguments "$@"
open_cluster 1
exec -- "${command[@]}"
