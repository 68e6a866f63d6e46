#!/usr/bin/env bash
# A whole life in a real AWS account: install, create, use, notice, end, proof, remove.
#
#   bench/smoke.sh [--yes]
#
#   --yes   do not ask before money is spent
#
# It costs about 0.40 USD and takes about an hour, most of which AWS needs to build a cluster and
# to remove it; after two hours it gives up. However it ends, also by Ctrl-C, it removes what it made:
# the cluster, the control plane, its two buckets and its logs; what it cannot remove it names.
#
# Wants credentials and a region, as eksp-up.sh does, and a region where EKSphemeral is not installed.
# The steps, and how long each took, are on stdout.

set -euo pipefail
here=$(CDPATH='' cd "$(dirname "$0")/.." && pwd)
name=smoke-$(od -An -N4 -tx1 /dev/urandom | tr -d ' \n')
minutes=15 # of life: for what is tried, and the notice, which comes six minutes before the end
most_seconds=${EKSPHEMERAL_SMOKE_SECONDS:-7200}
log_groups='/eksphemeral/'
made_buckets=() installed='' id='' volume='' load_balancer=''

say() { printf '%s\n' "$*" >&2; }
die() {
  say "smoke.sh: $*"
  exit 1
}

# step WHAT COMMAND …: one line on stdout, with how long it took.
step() {
  local what=$1 since=$SECONDS
  shift
  say "== $what"
  "$@" || die "failed at: $what"
  printf '%s: %d s\n' "$what" $((SECONDS - since))
}

yes=
case ${1-} in
  --help | -h)
    sed -n -e 1d -e '/^#/!q' -e 's/^# \{0,1\}//p' "$0"
    exit
    ;;
  --yes) yes=1 ;;
  '') ;;
  *) die "no such option: $1; there is --yes" ;;
esac

account=$(aws sts get-caller-identity --query Account --output text) \
  || die "no credentials that work; aws configure, or aws sso login"
region=${AWS_REGION:-${AWS_DEFAULT_REGION:-$(aws configure get region || true)}}
[[ -n $region ]] || die "no region; AWS_REGION=… names one"
export AWS_REGION=$region AWS_PAGER=''
if aws cloudformation describe-stacks --stack-name eksp >/dev/null 2>&1; then
  die "EKSphemeral is installed in $region of the account $account, and a smoke run would remove it; take another region: AWS_REGION=…"
fi
if [[ -z $yes ]]; then
  [[ -t 0 && -t 2 ]] || die "this spends about 0.40 USD of the account $account; --yes says that it may"
  read -r -p "Spend about 0.40 USD in $region of the account $account? (y/n) " answer || answer=n
  [[ $answer == y* ]] || die "nothing was done"
fi

scratch=$(mktemp -d)
export EKSPHEMERAL_HOME=$scratch/home
export EKSPHEMERAL_SVC_BUCKET=eksp-smoke-$account-${name#smoke-}-svc
export EKSPHEMERAL_CLUSTERMETA_BUCKET=eksp-smoke-$account-${name#smoke-}-meta
unset EKSPHEMERAL_LOCAL EKSPHEMERAL_URL EKSPHEMERAL_SG

# Deletes a bucket with all versions of all that is in it.
remove_bucket() {
  local page
  while :; do
    page=$(aws s3api list-object-versions --bucket "$1" --max-items 500 --output json \
      | jq -c '[(.Versions // [])[], (.DeleteMarkers // [])[] | {Key, VersionId}] | select(length > 0) | {Objects: ., Quiet: true}')
    [[ -n $page ]] || break
    aws s3api delete-objects --bucket "$1" --delete "$page" >/dev/null || return
  done
  aws s3api delete-bucket --bucket "$1"
}

clean_up() {
  local code=$? bucket group left=()
  trap '' INT TERM
  say "== removing what was made"
  if [[ -n $installed ]]; then
    "$here/eksp-down.sh" --destroy-clusters >&2 || left+=("the stack eksp, and perhaps the cluster $name: $here/eksp-down.sh --destroy-clusters")
  fi
  if ((${#left[@]} == 0)); then
    for bucket in ${made_buckets[@]+"${made_buckets[@]}"}; do
      ! aws s3api head-bucket --bucket "$bucket" >/dev/null 2>&1 || remove_bucket "$bucket" \
        || left+=("the bucket $bucket")
    done
    for group in $(aws logs describe-log-groups --log-group-name-prefix "$log_groups" \
      --query 'logGroups[].logGroupName' --output text); do
      [[ $group == None ]] || aws logs delete-log-group --log-group-name "$group" || left+=("the log group $group")
    done
  fi
  rm -rf -- "$scratch"
  if ((${#left[@]})); then
    say "left, and to be removed by hand:" && printf '  %s\n' "${left[@]}" >&2
    exit 1
  fi
  if ((code == 0)); then
    echo "all of it passed, and nothing is left; it took $((SECONDS / 60)) min"
  else
    say "it failed; nothing is left"
  fi
  exit "$code"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

record() { "$here/eksp-list.sh" "$id"; }

# until_record FILTER: waits until the record is so.
until_record() {
  until record | jq -e "$1" >/dev/null; do
    ((SECONDS < most_seconds)) || die "two hours are over; the record says: $(record)"
    sleep 10
  done
}

create() { id=$("$here/eksp-create.sh" --name "$name" --timeout "$minutes" default-cc.json); }

use() {
  kubectl --kubeconfig "$("$here/eksp-kubeconfig.sh" "$id")" get nodes -o json >"$scratch/nodes"
  jq -e '[.items[].status.conditions[] | select(.type == "Ready" and .status == "True")] | length > 0' "$scratch/nodes" >/dev/null
}

# A claim gets a volume, nodes have metrics, and a Service gets a load balancer. All of it stays, for the
# teardown to remove.
work() {
  local since=$SECONDS
  KUBECONFIG=$("$here/eksp-kubeconfig.sh" "$id") || return
  export KUBECONFIG
  kubectl apply -f - >&2 <<'END' || return
{"apiVersion": "v1", "kind": "List", "items": [
  {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "smoke"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}},
  {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "smoke"},
    "spec": {"type": "LoadBalancer", "selector": {"app": "smoke"}, "ports": [{"port": 80}]}},
  {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "smoke", "labels": {"app": "smoke"}},
    "spec": {"containers": [{"name": "smoke", "image": "registry.k8s.io/pause:3.10", "volumeMounts": [{"name": "data", "mountPath": "/data"}]}],
      "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "smoke"}}]}}
]}
END
  kubectl wait --for=condition=Ready pod/smoke --timeout=240s >&2 || return
  volume=$(kubectl get persistentvolumes -o jsonpath='{.items[0].spec.csi.volumeHandle}')
  aws ec2 describe-volumes --volume-ids "$volume" --query 'Volumes[0].VolumeType' --output text | grep -qx gp3 || return
  until kubectl top nodes >&2; do
    ((SECONDS - since < 300)) || return
    sleep 5
  done
  kubectl wait --for=jsonpath='{.status.loadBalancer.ingress[0].hostname}' service/smoke --timeout=240s >&2 || return
  load_balancer=$(kubectl get service smoke -o jsonpath='{.status.loadBalancer.ingress[0].hostname}')
}

# Whether volume and load balancer are gone, if there were any.
prove_work() {
  [[ -n $load_balancer ]] || return 0
  [[ -z $(aws ec2 describe-volumes --filters "Name=volume-id,Values=$volume" --query 'Volumes[].VolumeId' --output text) ]] \
    && [[ -z $(aws elb describe-load-balancers --query "LoadBalancerDescriptions[?DNSName=='$load_balancer'].DNSName" --output text) ]] \
    && [[ -z $(aws elbv2 describe-load-balancers --query "LoadBalancers[?DNSName=='$load_balancer'].DNSName" --output text) ]]
}

# What carries the cluster's id, by a look of our own.
prove() {
  local left
  left=$(aws resourcegroupstaggingapi get-resources --tag-filters "Key=eksphemeral:id,Values=$id" \
    --query 'ResourceTagMappingList[].ResourceARN' --output text)
  # The tagging API remembers for a while what was just deleted; EKS and CloudFormation do not.
  [[ -z $left || $left == None ]] || say "still tagged, probably deleted just now: $left"
  ! aws eks describe-cluster --name "$name" >/dev/null 2>&1 || return 1
  ! aws cloudformation describe-stacks --stack-name "eksctl-$name-cluster" >/dev/null 2>&1
}

made_buckets=("$EKSPHEMERAL_SVC_BUCKET" "$EKSPHEMERAL_CLUSTERMETA_BUCKET") installed=1
step "installed" "$here/eksp-up.sh"
step "a cluster was created" create
if command -v kubectl >/dev/null; then
  step "kubectl sees its nodes" use
  step "a claim was bound, metrics came, and a Service got a load balancer" work
else
  echo "kubectl is not here: whether the cluster can be used was not tried"
fi
step "the notice was tried" until_record '[.status.mails[] | select(.topic == "notice")] | length > 0'
step "its time was up, and it was torn down" until_record '.status.state == "gone"'
step "nothing of it is found" prove
step "its volume and its load balancer are gone" prove_work
