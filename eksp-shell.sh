#!/usr/bin/env bash
# Opens a shell with the kubeconfig of a cluster.
#
#   ./eksp-shell.sh [--local] ID|NAME [-- COMMAND …]
#
#   ID|NAME   the cluster, which is ready
#   COMMAND   what to run instead of your shell, with KUBECONFIG set
#   --local   on this machine; equivalent to EKSPHEMERAL_LOCAL=1
#
# The shell is SHELL. Its prompt says which cluster it is for, and until when, in bash, zsh and fish. Its exit
# code is returned. It writes ~/.kube/eksphemeral/NAME if that is missing.

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

# shellcheck source=lib/shells.sh
. "$here/lib/shells.sh"

split_arguments "$@"
open_cluster 0
((${#command[@]} == 0)) || exec -- "${command[@]}"
open_shell
