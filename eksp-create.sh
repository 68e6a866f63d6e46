#!/usr/bin/env bash
# Creates a throwaway cluster, waits until it is ready, and prints its id.
#
#   ./eksp-create.sh [--local] [--no-wait | --dry-run] [OPTION …] [SPEC [SG]]
#
#   SPEC            a file in JSON or YAML, the name of one in svc/, or - for stdin (svc/default-cc.json)
#   SG              the security group of the task that creates it, which runs in its VPC
#                   (EKSPHEMERAL_SG, else the one of the installation); not used with --local
#   --local         on this machine, without an AWS account; builds and starts the control plane if
#                   needed; equivalent to EKSPHEMERAL_LOCAL=1
#   --no-wait       return as soon as the cluster is accepted
#   --provider P    with --local: kind or simulated, see eksp-up.sh (EKSPHEMERAL_PROVIDER)
#   --dry-run       create nothing; show the spec with all defaults, the cost, and why it would be rejected
#   -o text|json    the format of --dry-run (on a terminal text, elsewhere JSON)
#
# These options replace fields of SPEC:
#
#   --name NAME     the cluster's name
#   --timeout TIME  how long it lives from when it is ready: 90 or 90m (minutes), 2h, 1h30m, 1d
#   --until MOMENT  when it expires: the next 18:00, or 2026-11-30T18:00; local time, unless it ends in Z or +01:00
#   --owner MAIL    who is notified some five minutes before that (EKSPHEMERAL_OWNER)
#   --nodes N       the number of nodes (EKSPHEMERAL_WORKERS); also --workers
#   --type A[,B]    instance types of the nodes, those that the operator allows
#   --arch ARCH     their architecture: x86_64 or arm64
#   --disk N        the disk of each, in GiB
#   --spot, --on-demand        their purchase option
#   --version 1.NN  the version of Kubernetes (EKSPHEMERAL_VERSION)
#   --without ADD-ON[,ADD-ON]  leave out aws-ebs-csi-driver (volumes) or metrics-server
#
# The variables are for what neither an option nor SPEC says, unless SPEC is the default. On AWS it prints an
# estimate of the cost first, and writes a kubeconfig. Ctrl-C ends the waiting, not the creation.

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
# shellcheck source=lib/spec.sh
. "$here/lib/spec.sh"
# shellcheck source=lib/duration.sh
. "$here/lib/duration.sh"
# shellcheck source=lib/estimate.sh
. "$here/lib/estimate.sh"
# shellcheck source=lib/network.sh
. "$here/lib/network.sh"
# shellcheck source=lib/eks.sh
. "$here/lib/eks.sh"
# shellcheck source=lib/connecting.sh
. "$here/lib/connecting.sh"
# shellcheck source=lib/waiting.sh
. "$here/lib/waiting.sh"

parse_options 'no-wait dry-run provider= output= name= timeout= until= owner= workers= nodes= type= arch= disk= spot on-demand version= without=' "$@"
expect_arguments 0 2
[[ -z ${option_timeout+given} || -z ${option_until+given} ]] || fail_with_usage "--timeout and --until cannot be used together"
[[ -z ${option_nodes+given} ]] || option_workers=$option_nodes
[[ -z ${option_spot-} || -z ${option_on_demand-} ]] || fail_with_usage "--spot and --on-demand cannot be used together"
[[ -n ${option_dry_run-} || -z ${option_output+given} ]] || fail_with_usage "-o needs --dry-run"
choose_output text json text json
until=
[[ -z ${option_until+given} ]] || until=$(parse_moment "$option_until")
require_tools
read_spec "${arguments[0]-$here/svc/default-cc.json}"
[[ -n $spec_is_yaml ]] || set_fields "${arguments[0]+named}"

if is_local; then
  choose_provider
  on_interrupt "$(called_as): interrupted; no cluster was requested, but the control plane may still be starting" \
    "  stop it: $(command_line eksp-down.sh)"
  is_local_up || start_local 1
  expect_provider
  settings=$(different_settings)
  [[ -z $settings ]] || info "$(called_as): the running control plane has other settings:" "$settings"
else
  [[ -z ${option_provider+given} ]] || fail_with_usage "--provider works only with --local"
  find_endpoint
fi
# The id is chosen here, so that repeating the request after a lost response creates no second cluster.
id=$(new_id)
if [[ -n $spec_is_yaml ]]; then
  convert_yaml "$id"
  set_fields named
fi
if is_aws_endpoint; then
  set_task_network "${arguments[1]-${EKSPHEMERAL_SG-}}"
  check_name_available
  [[ -n ${option_dry_run-} ]] || print_estimate
fi
[[ -z ${option_dry_run-} ]] || dry_run "$id"

show="  show it:    $(command_line eksp-list.sh "$id")"
destroy="  destroy it: $(command_line eksp-destroy.sh "$id")"
on_interrupt "$(called_as): interrupted; cluster $id may have been accepted" "$show" "$destroy"
call idempotent POST /create -H 'Content-Type: application/json' -H "Idempotency-Key: $id" \
  --data-binary "@$scratch/spec"
read_record create-failed
show="  show it:    $(show_command)"
destroy="  destroy it: $(command_line eksp-destroy.sh "$(record_reference)")"
on_interrupt "$(called_as): interrupted; $record_name is still being created in the background" \
  "  come back:  $(command_line eksp-wait.sh "$record_name")" "$show" "$destroy"
warn_owner
warn_ignored

if [[ -n ${option_no_wait-} ]]; then
  info "$record_name is accepted ($record_provider)" \
    "  wait for it: $(command_line eksp-wait.sh "$(record_reference)")" "${show/ it:   / it:    }" "${destroy/ it: / it:  }"
  echo "$record_id"
  exit
fi
info "$record_name is accepted: $record_id"
finish_creation
