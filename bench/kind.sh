#!/usr/bin/env bash
# Measures clusters on one machine beside plain kind, in turns, and writes the figures down with the machine
# they are of.
#
#   bench/kind.sh
#
# Needs local/src/test/kind/install.sh, and takes about ten minutes. Prints the table that it writes to
# bench/results/kind.md.

set -euo pipefail
here=$(CDPATH='' cd "$(dirname "$0")/.." && pwd)
# shellcheck source=bench/common.sh
. "$here/bench/common.sh"
runs=5
engine=$here/local/src/test/kind/engine.sh
"$engine" up
eval "$("$engine" env)"
export XDG_CACHE_HOME=${XDG_CACHE_HOME:-$HOME/.cache} # where the engine is, whatever HOME is
export EKSPHEMERAL_HOME=$scratch/home EKSPHEMERAL_PORT=8478 EKSPHEMERAL_LOCAL=1 HOME=$scratch

clean_up() {
  "$here/eksp-down.sh" --destroy-clusters || true
  kind delete cluster --name plain || true
  "$engine" down || true
  rm -rf -- "$scratch"
} >/dev/null 2>&1
trap clean_up EXIT

# seconds FILE COMMAND …: appends how long the command took.
seconds() {
  local file=$scratch/$1 TIMEFORMAT=%3R
  shift
  { time "$@" >"$scratch/out" 2>"$scratch/err" </dev/null; } 2>>"$file" || {
    cat "$scratch/err" >&2
    return 1
  }
}

median() {
  sort -n "$scratch/$1" | awk '{ n[NR] = $1 } END { printf "%.1f", n[int((NR + 1) / 2)] }'
}

ratio() {
  awk -v one="$(median "$1")" -v other="$(median "$2")" 'BEGIN { printf "%.2f", one / other }'
}

config() {
  printf 'kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nnodes:\n- role: control-plane\n'
  for ((worker = 1; worker < $1; worker++)); do
    printf -- '- role: worker\n'
  done
}

all_ready() {
  kubectl --kubeconfig "$1" wait --for=condition=Ready nodes --all --timeout=120s
}

plain() {
  kind create cluster --name plain --image "$image" --config "$scratch/config" --kubeconfig "$scratch/plain" \
    && all_ready "$scratch/plain"
}

ours() {
  "$here/eksp-create.sh" --name ours --version "$kubernetes" --workers "$1" && all_ready "$scratch/.kube/eksphemeral/ours"
}

image=$(docker images --format '{{.Repository}}:{{.Tag}}' kindest/node | head -n 1)
kubernetes=${image##*:v} kubernetes=${kubernetes%.*}
"$here/eksp-up.sh" --provider kind 2>/dev/null
sizes=(2 3) # a cluster has a worker at least
for nodes in "${sizes[@]}"; do
  config "$nodes" >"$scratch/config"
  for ((run = 0; run < runs; run++)); do
    seconds "plain-$nodes" plain
    seconds "plain-delete-$nodes" kind delete cluster --name plain
    seconds "ours-$nodes" ours "$((nodes - 1))"
    seconds "ours-destroy-$nodes" "$here/eksp-destroy.sh" ours
    echo "$nodes nodes, run $((run + 1)) of $runs" >&2
  done
done
rss=$(ps -o rss= -p "$(cat "$EKSPHEMERAL_HOME/control-plane.pid")")

{
  cat <<END
# Clusters on one machine, measured beside plain kind

By \`bench/kind.sh\` on $(circumstances), $(kind version | cut -d ' ' -f 1,2),
Docker $(docker version --format '{{.Server.Version}}'), the node image of the tests. Medians of $runs, in turns.
Until usable means until \`kubectl wait\` finds all nodes ready.

| what | EKSphemeral | kind alone | ratio | allowed |
|---|---|---|---|---|
END
  for nodes in "${sizes[@]}"; do
    printf '| %s nodes, until usable | %s s | %s s | %s | 1.15 |\n' "$nodes" "$(median "ours-$nodes")" \
      "$(median "plain-$nodes")" "$(ratio "ours-$nodes" "plain-$nodes")"
  done
  for nodes in "${sizes[@]}"; do
    printf '| %s nodes, deleted | %s s, verified | %s s | %s | |\n' "$nodes" "$(median "ours-destroy-$nodes")" \
      "$(median "plain-delete-$nodes")" "$(ratio "ours-destroy-$nodes" "plain-delete-$nodes")"
  done
  printf '| memory of the control plane (resident) | %s MB | none | | |\n' "$((rss / 1024))"
} >"$results"
cat "$results"
