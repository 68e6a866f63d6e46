#!/usr/bin/env bash
# Installs EKSphemeral's control plane in AWS, or updates it; or starts it on this machine.
#
#   ./eksp-up.sh [OPTION …]
#   ./eksp-up.sh --local [--speed N]
#
# In AWS it takes two buckets, which are made if they are not there:
#
#   EKSPHEMERAL_SVC_BUCKET           for the functions' code
#   EKSPHEMERAL_CLUSTERMETA_BUCKET   for what is known of the clusters
#
# and the account, region and credentials that the aws CLI uses (AWS_PROFILE, AWS_REGION). What is
# not given below stays as it was installed, or gets its default:
#
#   --notify MAIL               the sender of mails, and who hears of failures; '' for no mails ('')
#   --max-clusters N            at a time (10)
#   --max-clusters-per-asker N  at a time (5)
#   --max-minutes N             that a cluster lives in all (1440)
#   --max-workers N             that a cluster has (10)
#   --owner-domains A,B         whose mail addresses may be named as owner; '' for all ('')
#   --instance-types A,B        of the workers, the first that can be had (those of t3.medium,t3a.medium
#                               that the region offers); two zones of the region have to offer them all
#   --spot, --on-demand         how the workers are bought (--spot)
#   --subnets A,B               in which the tasks run (those of the default VPC in zones with Fargate)
#   --security-group SG         with which the tasks run (the first of that VPC that lets port 443 out)
#   --permissions-boundary ARN  bounds all roles of the installation; '' for none ('')
#   --tags KEY=VALUE,…          of the stack, its resources and all clusters; '' for none ('')
#
# On this machine, with no AWS account:
#
#   --local     EKSPHEMERAL_LOCAL=1 says the same
#   --speed N   let its clock run N times as fast, 1 to 3600, to watch a whole life in a minute; from
#               675 on, what the tasks pretend to do takes less than their usual 4 seconds
#
# Builds what is missing, with a JDK of version 25 or newer. On this machine it keeps what it knows in
# EKSPHEMERAL_HOME (.eksphemeral beside this script), and listens on EKSPHEMERAL_PORT (8470) of the
# loopback interface: no other machine reaches it, but every user of this one does, and may do all
# that you may. If one is up already, settings that differ from its own are refused, with the
# difference.

# Without what the caller's shell would have it do: options, functions, BASH_ENV, CDPATH.
[[ $- == *p* ]] || exec bash -p "$0" "$@"
set -euo pipefail
self=$0
while [[ -L $self ]]; do
  here=$(dirname "$self") self=$(readlink "$self")
  [[ $self == /* ]] || self=$here/$self
done
here=$(cd -P "$(dirname "$self")" && pwd)
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
# shellcheck source=lib/install.sh
. "$here/lib/install.sh"

on_aws='notify= max-clusters= max-clusters-per-asker= max-minutes= max-workers= instance-types= spot on-demand subnets= security-group= permissions-boundary= tags= owner-domains='
parse_options "speed= $on_aws" "$@"
expect_arguments 0 0

up_on_this_machine() {
  local word speed=${option_speed-1}
  if ! [[ $speed =~ ^[1-9][0-9]{0,3}$ ]] || ((speed > 3600)); then
    wrong_use "--speed takes a whole number from 1 to 3600, not '$speed'"
  fi
  for word in ${on_aws//=/}; do
    word=option_${word//-/_}
    [[ -z ${!word+set} ]] || wrong_use "--local takes no option but --speed"
  done
  need_tools
  if ! is_local_up; then
    start_local "$speed"
  fi
  compare_settings
  ((${#other_settings[@]} == 0)) \
    || die "the control plane is already up at $endpoint, with other settings:" "${other_settings[@]}" \
      "  to change them: $(command_for eksp-down.sh) && $(command_for eksp-up.sh ${option_speed+--speed "$speed"})"
  [[ -n $local_started ]] || say "the control plane is already up at $endpoint ($local_provider)"
}

up_in_aws() {
  [[ -z ${option_speed+set} ]] || wrong_use "--speed is for --local: in AWS time goes as it does"
  [[ -z ${option_spot-} || -z ${option_on_demand-} ]] || wrong_use "it is either --spot or --on-demand, not both"
  [[ -z ${EKSPHEMERAL_URL-} ]] \
    || warn "EKSPHEMERAL_URL is set, so that the other commands ask $EKSPHEMERAL_URL and not this one"
  look_around
  when_interrupted "$program: not done; it can be run again at any time"
  settle_stack
  prepare_buckets
  make_service_roles
  build_if_needed "$code_jar"
  upload_task_scripts
  settle_parameters
  deploy
  refresh_versions
  check_mail
  prove_api
  if [[ -n $deployed ]]; then
    say "the control plane is up at $endpoint (region $region, account $account)"
  else
    say "the control plane is up to date at $endpoint (region $region, account $account)"
  fi
  say ${warnings[@]+"${warnings[@]}"} "  create a cluster: $(command_for eksp-create.sh)"
}

if is_local; then
  up_on_this_machine
else
  up_in_aws
fi
