#!/usr/bin/env bash
# A Docker engine for the tests with kind: it has its own data, socket and log, and leaves the machine as it
# found it.
#
#   local/src/test/kind/engine.sh up     start it, with the node image of install.sh
#   eval "$(local/src/test/kind/engine.sh env)"   so that docker, kind and kubectl use it
#   local/src/test/kind/engine.sh stop   stop it as a machine's shutdown would: its containers stay
#   local/src/test/kind/engine.sh down   remove its containers, networks and volumes, and stop it
#   local/src/test/kind/engine.sh traces   print what an engine changes on a machine, to compare before and after
#
# Needs root. Where Docker answers, kind is installed and has a node image, that engine is used instead, and
# up, stop and down do nothing; EKSPHEMERAL_TEST_ENGINE=own or =existing decides otherwise.

set -euo pipefail
here=$(CDPATH='' cd "$(dirname "$0")" && pwd)
# shellcheck source=local/src/test/kind/settings.sh
. "$here/settings.sh"

# What kubelet and systemd set for the whole machine, and what a container cannot have for itself alone.
kernel_settings=(
  fs.file-max fs.nr_open fs.protected_fifos fs.protected_hardlinks fs.protected_regular fs.protected_symlinks
  kernel.keys.root_maxbytes kernel.keys.root_maxkeys kernel.panic kernel.panic_on_oops kernel.pid_max
  vm.overcommit_memory vm.panic_on_oom
)
# All processes in containers are below this cgroup, and so is what the nodes create.
cgroup=eksphemeral-kind

answers() { docker version >/dev/null 2>&1; }

start_daemon() {
  ! answers || return 0
  local options=() tries
  # Some virtual machines do not grant this capability, which privileged containers ask for.
  if (((16#$(awk '/^CapBnd/ { print $2 }' /proc/self/status) >> 24 & 1) == 0)); then
    options=(--add-runtime "granted=$cache/bin/runc-granted" --default-runtime granted)
  fi
  mkdir -p "$engine"
  # After a crash its number may be that of another process.
  [[ $(ps -o comm= -p "$(cat "$engine/docker.pid" 2>/dev/null)" 2>/dev/null) == dockerd ]] || rm -f "$engine/docker.pid"
  # Without these the engine would change the machine's firewall, its forwarding and its interfaces. Nodes reach
  # each other on kind's own network, and are reached on ports of loopback, which need none of it.
  # It outlives the test that starts it, and the folder for temporary files of that.
  TMPDIR=/tmp setsid dockerd --data-root "$engine/data" --exec-root "$engine/exec" --pidfile "$engine/docker.pid" \
    --host "$DOCKER_HOST" --iptables=false --ip-forward=false --bridge=none \
    --exec-opt native.cgroupdriver=cgroupfs --cgroup-parent "/$cgroup" \
    ${options[@]+"${options[@]}"} >>"$engine/docker.log" 2>&1 </dev/null &
  for ((tries = 0; tries < 150; tries++)); do
    ! answers || return 0
    sleep 0.2
  done
  tail -n 5 "$engine/docker.log" >&2
  fail "the engine does not start; its log: $engine/docker.log"
}

stop_daemon() {
  local pid
  pid=$(cat "$engine/docker.pid" 2>/dev/null) || return 0
  kill "$pid" 2>/dev/null || true
  while kill -0 "$pid" 2>/dev/null; do
    sleep 0.1
  done
  rm -f "$engine/docker.pid"
}

load_image() {
  local recipe there
  recipe=$("$here/install.sh" recipe)
  there=$(docker image inspect -f '{{index .Config.Labels "recipe"}}' "$node_image" 2>/dev/null || true)
  [[ $there != "$recipe" ]] || return 0
  [[ -s $cache/node-$recipe.tar ]] || fail "there is no node image: run $here/install.sh"
  info "loading $node_image into the engine"
  # The classic builder is part of the engine; it is told here what an import cannot be told.
  DOCKER_BUILDKIT=0 docker build -q -t "$node_image" - >/dev/null 2>&1 <<END || fail "the node image cannot be loaded"
FROM $(docker import - <"$cache/node-$recipe.tar")
LABEL recipe=$recipe
ENV container=docker
STOPSIGNAL SIGRTMIN+3
ENTRYPOINT ["/usr/local/bin/entrypoint", "/sbin/init"]
END
}

up() {
  ((EUID == 0)) || fail "only root can start an engine"
  if ! command -v dockerd >/dev/null || [[ ! -x $cache/bin/kind ]]; then
    fail "Docker or kind is not installed: run $here/install.sh"
  fi
  mkdir -p "$engine"
  # Of the first start: after a crash they are no longer what they were.
  [[ -s $engine/kernel-settings ]] || sysctl "${kernel_settings[@]}" 2>/dev/null >"$engine/kernel-settings" || true
  start_daemon
  load_image
}

down() {
  [[ -s $engine/kernel-settings ]] || return 0 # it is down
  ((EUID == 0)) || fail "only root can stop the engine"
  # What was left when it stopped is removed by itself, so it has to run.
  start_daemon
  local ids
  ids=$(docker ps -aq)
  # shellcheck disable=SC2086 # each is a word
  [[ -z $ids ]] || docker rm -fv $ids >/dev/null
  ids=$(docker volume ls -q)
  # shellcheck disable=SC2086
  [[ -z $ids ]] || docker volume rm -f $ids >/dev/null
  docker network prune -f >/dev/null
  stop_daemon
  awk -v below="$engine/" 'index($2, below) == 1 { print $2 }' /proc/mounts | sort -r | while IFS= read -r mount; do
    umount -l "$mount"
  done
  # Children first; some of the groups are there under more than one controller.
  find /sys/fs/cgroup -depth -type d -path "*/$cgroup*" -exec rmdir {} + 2>/dev/null || true
  sysctl -q -p "$engine/kernel-settings"
  rm -rf "$engine/exec" "$engine/kernel-settings" "$engine/docker.log"
}

traces() {
  sysctl "${kernel_settings[@]}" net.ipv4.ip_forward 2>/dev/null || true
  cut -d ' ' -f 1-3 /proc/mounts
  ip -o link | sed 's/^[0-9]*: //; s/ .*//'
  ip route
  find /sys/fs/cgroup -type d
  iptables-save 2>/dev/null | grep -v '^#' || true
  ip6tables-save 2>/dev/null | grep -v '^#' || true
  # shellcheck disable=SC2009 # of any user, by name
  ps -eo comm= | grep -E '^(dockerd|containerd|kube|etcd|runc)' || true
}

case ${1:-} in
  traces)
    traces | sort
    exit 0
    ;;
  up | stop | down | env) ;;
  *)
    sed -n '2,/^$/s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
if uses_existing_engine; then
  [[ $1 != env ]] || exit 0
  info "the engine of this machine is used, as Docker answers and kind is installed with a node image"
  exit 0
fi
export DOCKER_HOST=unix://$engine/docker.sock
case $1 in
  env) printf 'export DOCKER_HOST=%q PATH=%q:"%sPATH"\n' "$DOCKER_HOST" "$cache/bin" '$' ;;
  stop) stop_daemon ;;
  *) "$1" ;;
esac
