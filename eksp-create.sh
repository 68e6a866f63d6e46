#!/usr/bin/env bash
# Creates a throwaway cluster, waits until it can be used, and prints its id.
#
#   ./eksp-create.sh [--local] [--no-wait] [OPTION …] [SPEC [SG]]
#
#   SPEC            a file, or the name of one in svc/, or - for stdin (svc/default-cc.json)
#   SG              the security group of the task that builds it, in whose VPC it then runs; else
#                   EKSPHEMERAL_SG, else what EKSphemeral was installed with; means nothing with --local
#   --local         on this machine, with no AWS account, building and starting what is missing;
#                   EKSPHEMERAL_LOCAL=1 says the same
#   --no-wait       only until the cluster is accepted
#
# What SPEC says is overruled by
#
#   --name NAME     of the cluster
#   --timeout MIN   minutes from when it is ready until it is torn down
#   --owner MAIL    who is told, some five minutes before that
#   --workers N     its nodes
#   --version 1.NN  of Kubernetes
#
# In AWS it says first what the cluster will cost, and in the end has kubectl know the cluster, under
# its name. Ctrl-C ends the waiting and not the cluster.

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
# shellcheck source=lib/spec.sh
. "$here/lib/spec.sh"
# shellcheck source=lib/network.sh
. "$here/lib/network.sh"
# shellcheck source=lib/eks.sh
. "$here/lib/eks.sh"

parse_options 'no-wait name= timeout= owner= workers= version=' "$@"
expect_arguments 0 2
need_tools
read_spec "${arguments[0]-$here/svc/default-cc.json}"
overrule name text ${option_name+"$option_name"}
overrule timeout number ${option_timeout+"$option_timeout"}
overrule owner text ${option_owner+"$option_owner"}
overrule numworkers number ${option_workers+"$option_workers"}
overrule kubeversion text ${option_version+"$option_version"}

if is_local; then
  when_interrupted "$program: nothing was asked for; the control plane may be starting all the same" \
    "  stop it: $(command_for eksp-down.sh)"
  is_local_up || start_local 1
  compare_settings
  ((${#other_settings[@]} == 0)) \
    || say "$program: the control plane that is up has other settings:" "${other_settings[@]}"
else
  find_endpoint
fi
if is_aws; then
  choose_group "${arguments[1]-${EKSPHEMERAL_SG-}}"
  refuse_foreign_name
  estimate
fi

# The id is ours, so that asking again after a lost answer makes no second cluster.
id=$(new_id)
look="  look at it: $(command_for eksp-list.sh "$id")"
end="  end it:     $(command_for eksp-destroy.sh "$id")"
when_interrupted "$program: cluster $id may have been accepted already" "$look" "$end"
call_again_if_lost POST /create -H 'Content-Type: application/json' -H "Idempotency-Key: $id" \
  --data-binary "@$scratch/spec"
read_record create-failed
when_interrupted "$program: not waiting any more; $record_name stays with the control plane" \
  "$look" "$end"

if [[ -n ${option_no_wait-} ]]; then
  say "$record_name is accepted ($record_provider)" "$look" "$end"
  echo "$record_id"
  exit
fi
while [[ $record_state == creating ]]; do
  watch create-failed
done

if [[ -z $record_ready ]]; then
  log=()
  while IFS= read -r line; do
    log+=("  | $line")
  done < <(jq -r "$plain"'.status.log // [] | .[] | plain' <<<"$answer_body")
  die "$record_name was not created: $record_reason" ${log[@]+"${log[@]}"} \
    "$([[ $record_state == gone ]] || echo "  what there is of it is being removed by itself")" \
    "  look at it: $(command_for eksp-list.sh "$record_id")"
elif [[ $record_state == ready ]]; then
  if is_aws; then
    use_cluster
  fi
  say "$record_name is ready ($record_provider)" \
    "  it ends:    $(ends_at)" \
    "  prolong it: $(command_for eksp-prolong.sh "$record_id" 30)" "$end" ${use[@]+"${use[@]}"}
else
  say "$record_name was ready, and its end has come already: it is $record_state ($record_provider)"
fi
echo "$record_id"
