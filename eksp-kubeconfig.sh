#!/usr/bin/env bash
# Writes the kubeconfig of a cluster, and prints its path.
#
#   ./eksp-kubeconfig.sh [--local] [--merge] ID|NAME
#
#   ID|NAME   the cluster, which is ready; on AWS you must have created it, or be named under access in its spec
#   --merge   on AWS: add the cluster to your own kubeconfig as well (KUBECONFIG, or ~/.kube/config)
#   --local   on this machine; equivalent to EKSPHEMERAL_LOCAL=1
#
# The file is ~/.kube/eksphemeral/NAME. It is removed when a command sees that the cluster is gone.

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
# shellcheck source=lib/common.sh
. "$here/lib/common.sh"
# shellcheck source=lib/connecting.sh
. "$here/lib/connecting.sh"

parse_options 'merge' "$@"
expect_arguments 1 1
connect "${arguments[0]}"
[[ -z ${option_merge-} ]] || merge_kubeconfig
printf '%s\n' "$kubeconfig_file"
