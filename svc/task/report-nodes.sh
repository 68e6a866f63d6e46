#!/usr/bin/env bash
# The container of a create task between the two runs of eksctl: reports that the control plane is up and
# that the nodes are next.
#
#   report-nodes.sh       input: see common.sh
#
# Exit codes: 0; 75 if another task has the fence.

set -euo pipefail
# shellcheck source=svc/task/common.sh
. "$(dirname "$0")/common.sh"

begin create
has_fence || exit "$fence_lost"
report_phase nodes
