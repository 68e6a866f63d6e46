#!/usr/bin/env bash
# Installs or updates the control plane on AWS, or starts it on this machine.
#
#   ./eksp-up.sh [OPTION …]
#   ./eksp-up.sh --local [--provider kind|simulated] [--speed N]
#
# On AWS it uses the account, region and credentials of the aws CLI (AWS_PROFILE, AWS_REGION), and two
# buckets, which it creates if they are missing:
#
#   EKSPHEMERAL_SVC_BUCKET           for the functions' code
#   EKSPHEMERAL_CLUSTERMETA_BUCKET   for the cluster records
#
# Options that are not given keep their installed value, or get their default:
#
#   --notify MAIL               sender of all mails, and recipient of failures; '' for no mails ('')
#   --max-clusters N            clusters at a time (10)
#   --max-clusters-per-caller N clusters at a time of one caller (5)
#   --max-minutes N             total lifetime of a cluster (1440)
#   --max-workers N             nodes of a cluster (10)
#   --owner-domains A,B         mail domains of owners; '' for all ('')
#   --instance-types A,B        instance types of the nodes, in order of preference; two zones must offer
#                               all of them (those of t3.medium,t3a.medium that the region offers)
#   --spot, --on-demand         purchase option of the nodes (--spot)
#   --allow-types A,B           instance types that callers may choose instead; * stands for any text; '' for
#                               none (t3.*,t3a.*,t4g.*)
#   --max-disk N                largest disk of a node that callers may choose, in GiB (100)
#   --subnets A,B               subnets of the tasks (the default VPC's, in zones with Fargate)
#   --security-group SG         security group of the tasks (the first of that VPC with egress to port 443)
#   --permissions-boundary ARN  boundary of all roles; '' for none ('')
#   --tags KEY=VALUE,…          tags of the stack, its resources and all clusters; '' for none ('')
#
# On this machine, without an AWS account:
#
#   --local     equivalent to EKSPHEMERAL_LOCAL=1
#   --provider  kind for clusters in containers, simulated for none (EKSPHEMERAL_PROVIDER; kind, if it is
#               installed and docker or podman answers)
#   --speed N   run its clock N times as fast, 1 to 3600, to see a cluster's whole life in a minute; from
#               675 on the simulated tasks take less than their usual 4 seconds
#
# It builds what is missing, with a JDK of version 25 or newer. On this machine it keeps its data in
# EKSPHEMERAL_HOME (.eksphemeral beside this script) and listens on port EKSPHEMERAL_PORT (8470) of the
# loopback interface: no other machine can reach it, but every user of this one can, with your rights. If
# it is running already, different settings are an error that lists them.

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
# shellcheck source=lib/stack.sh
. "$here/lib/stack.sh"
# shellcheck source=lib/network.sh
. "$here/lib/network.sh"
# shellcheck source=lib/bucket.sh
. "$here/lib/bucket.sh"
# shellcheck source=lib/eksctl.sh
. "$here/lib/eksctl.sh"
# shellcheck source=lib/parameters.sh
. "$here/lib/parameters.sh"
# shellcheck source=lib/preflight.sh
. "$here/lib/preflight.sh"
# shellcheck source=lib/preflight-options.sh
. "$here/lib/preflight-options.sh"
# shellcheck source=lib/preflight-resources.sh
. "$here/lib/preflight-resources.sh"
# shellcheck source=lib/deploy.sh
. "$here/lib/deploy.sh"
# shellcheck source=lib/mail.sh
. "$here/lib/mail.sh"

aws_options='notify= max-clusters= max-clusters-per-caller= max-clusters-per-asker= max-minutes= max-workers= instance-types= spot on-demand allow-types= max-disk= subnets= security-group= permissions-boundary= tags= owner-domains='
parse_options "speed= provider= $aws_options" "$@"
expect_arguments 0 0

up_on_this_machine() {
  local word settings running=1 speed=${option_speed-1}
  if ! [[ $speed =~ ^[1-9][0-9]{0,3}$ ]] || ((speed > 3600)); then
    fail_with_usage "--speed takes a whole number from 1 to 3600, not '$speed'"
  fi
  for word in ${aws_options//=/}; do
    word=option_${word//-/_}
    [[ -z ${!word+set} ]] || fail_with_usage "--local takes no option but --provider and --speed"
  done
  choose_provider
  require_tools
  if ! is_local_up; then
    running=
    start_local "$speed"
  fi
  settings=$(different_settings)
  [[ -z $settings ]] \
    || fail "the control plane is already up at $endpoint, with other settings:" "$settings" \
      "  to change them: $(command_line eksp-down.sh) && $(command_line eksp-up.sh ${option_speed+--speed "$speed"} ${option_provider+--provider "$option_provider"})"
  [[ -z $running ]] || info "the control plane is already up at $endpoint ($local_provider)"
}

up_in_aws() {
  local up=up
  [[ -z ${option_speed+set}${option_provider+set} ]] || fail_with_usage "--speed and --provider work only with --local"
  [[ -z ${option_spot-} || -z ${option_on_demand-} ]] || fail_with_usage "--spot and --on-demand cannot be combined"
  # The option's former name.
  [[ -z ${option_max_clusters_per_asker+set} ]] \
    || option_max_clusters_per_caller=${option_max_clusters_per_caller-$option_max_clusters_per_asker}
  [[ -z ${EKSPHEMERAL_URL-} ]] \
    || warn "EKSPHEMERAL_URL is set, so the other commands call $EKSPHEMERAL_URL and not this installation"
  preflight
  on_interrupt "$(called_as): interrupted; run it again at any time"
  recover_stack
  prepare_buckets
  create_service_roles
  build_if_needed "$code_jar"
  upload_task_scripts
  resolve_parameters
  deploy
  refresh_versions
  check_mail
  verify_api
  [[ -n $deployed ]] || up='up to date'
  info "the control plane is $up at $endpoint (region $region, account $account)" \
    ${warnings[@]+"${warnings[@]}"} "  create a cluster: $(command_line eksp-create.sh)"
}

if is_local; then
  up_on_this_machine
else
  up_in_aws
fi
