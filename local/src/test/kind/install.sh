#!/usr/bin/env bash
# Installs what the tests with kind need, unless it is there: Docker from Debian's packages, and kind and a node
# image, which are built, as no registry is needed then: from Debian's packages and Go modules.
#
#   local/src/test/kind/install.sh
#
# Needs root on Debian, and go. What is built is kept outside of the clone (~/.cache/eksphemeral-kind, 1.2 GB) and
# is used by all clones; an interrupted run is continued. Where Docker answers, kind is installed and has a node
# image, nothing is done: see engine.sh.

set -euo pipefail
here=$(CDPATH='' cd "$(dirname "$0")" && pwd)
# shellcheck source=local/src/test/kind/settings.sh
. "$here/settings.sh"
kind_version=0.33.0
etcd_version=3.6.8
coredns_version=1.13.1

# What the node image is made of: it is built again when that changes.
recipe() {
  cat "$here/settings.sh" "$here/install.sh" "$here"/*.go "$here"/node/* | sha256sum | cut -c1-12
}

# step NAME COMMAND…: runs it, and says how long it took.
step() {
  local name=$1 started=$SECONDS
  shift
  info "$name …"
  "$@"
  info "$name: $((SECONDS - started)) s"
}

# --- packages and programs

install_packages() {
  local missing=() package
  for package in dockerd:docker.io containerd:containerd runc:runc jq:jq mmdebstrap:mmdebstrap \
    busybox:busybox-static ip:iproute2 go:golang-go; do
    command -v "${package%:*}" >/dev/null || missing+=("${package#*:}")
  done
  ((${#missing[@]})) || return 0
  ((EUID == 0)) || fail "only root can install ${missing[*]}"
  info "installing ${missing[*]}"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# module PATH VERSION: downloads a Go module, and prints its folder.
module() {
  (cd / && go mod download -json "$1@v$2") | jq -re .Dir
}

# build MODULE VERSION OUT COMMAND …: builds commands of a module, cmd/COMMAND or its only one, each at OUT/COMMAND.
# Their dependencies have the versions that the module names. Modules that it replaces by a folder of its repository
# are published on their own: those of Kubernetes 1.N.P as 0.N.P.
build() {
  local module=$1 version=$2 out=$3 command folder packages=() minor=${2#*.} base=k8s.io/component-base/version
  shift 3
  for command; do
    [[ -x $out/$command ]] || break
  done
  [[ ! -x $out/$command ]] || return 0
  folder=$(module "$module" "$version")
  rm -rf "$cache/build"
  mkdir -p "$cache/build/out" "$out"
  awk '/^replace / { skip = 1 } !skip { print } /^replace [^(]/ || /^\)/ { skip = 0 }' "$folder/go.mod" \
    | sed "s/ v0\.0\.0$/ v0.${version#*.}/" >"$cache/build/go.mod"
  cat "$folder/go.sum" >"$cache/build/go.sum"
  if [[ $command == coredns ]]; then
    # Only the plugins that kubeadm configures: those for the DNS of clouds take minutes to build.
    cp -R "$folder" "$cache/build/source"
    folder=$cache/build/source
    chmod -R u+w "$folder"
    cp "$here/coredns.go" "$folder/core/plugin/zplugin.go"
  fi
  for command; do
    if [[ -d $folder/cmd/$command ]]; then packages+=("./cmd/$command"); else packages=(.); fi
  done
  # The version is linked in for Kubernetes, whose parts compare theirs.
  (cd "$folder" && GOWORK=off CGO_ENABLED=0 GOFLAGS=-mod=mod nice go build -modfile="$cache/build/go.mod" \
    -buildvcs=false -trimpath -o "$cache/build/out/" -ldflags \
    "-s -w -X $base.gitVersion=v$version -X $base.gitMajor=1 -X $base.gitMinor=${minor%%.*}" "${packages[@]}") \
    2>"$cache/build/log" || {
    tail -n 20 "$cache/build/log" >&2
    fail "$module $version cannot be built"
  }
  # A module's only command is called as its folder.
  if [[ ${packages[0]} == . ]]; then
    mv "$cache/build/out"/* "$out/$command"
  else
    mv "$cache/build/out"/* "$out/"
  fi
}

# script OUT FILE: builds a Go file that needs no module.
script() {
  [[ ! -x $1 || $2 -nt $1 ]] || return 0
  CGO_ENABLED=0 GO111MODULE=off nice go build -trimpath -ldflags '-s -w' -o "$1.part" "$2"
  mv "$1.part" "$1"
}

build_commands() {
  build sigs.k8s.io/kind "$kind_version" "$cache/bin" kind
  build k8s.io/kubernetes "$kubernetes_version" "$programs" kube-apiserver kube-controller-manager \
    kube-scheduler kube-proxy kubelet kubeadm kubectl
  build go.etcd.io/etcd/server/v3 "$etcd_version" "$programs" etcd
  build github.com/coredns/coredns "$coredns_version" "$programs" coredns
  script "$cache/bin/runc-granted" "$here/runc.go"
  script "$programs/pause" "$here/pause.go"
  ln -f "$programs/kubectl" "$cache/bin/kubectl"
}

# --- container images, which are written without an engine

# image NAME FOLDER [ENTRYPOINT]: adds an image with one layer, a folder, to those of the archive in "$work/images".
image() {
  local name=$1 folder=$2 entrypoint=${3:-} images=$work/images layer config
  mkdir -p "$images"
  tar -C "$folder" --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -cf "$images/layer" .
  layer=$(sha256sum <"$images/layer" | cut -d ' ' -f 1)
  mv "$images/layer" "$images/$layer.tar"
  jq -n --arg layer "sha256:$layer" --arg entrypoint "$entrypoint" --arg arch "$(dpkg --print-architecture)" '{
    architecture: $arch, os: "linux", rootfs: {type: "layers", diff_ids: [$layer]},
    config: {Env: ["PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
      Entrypoint: (if $entrypoint == "" then null else [$entrypoint] end)}}' >"$images/config"
  config=$(sha256sum <"$images/config" | cut -d ' ' -f 1)
  mv "$images/config" "$images/$config.json"
  jq -n --arg name "$name" --arg config "$config.json" --arg layer "$layer.tar" \
    '{Config: $config, RepoTags: [$name], Layers: [$layer]}' >>"$images/list"
}

# program NAME COMMAND [BASE]: adds an image with one of the programs, and with the files of BASE.
program() {
  local folder=$work/folder
  rm -rf "$folder"
  mkdir -p "$folder/usr/local/bin"
  if [[ $# -gt 2 ]]; then
    cp -R "$3/." "$folder/"
  fi
  ln "$programs/$2" "$folder/usr/local/bin/$2"
  image "$1" "$folder" "/usr/local/bin/$2"
}

# What kubeadm starts, and busybox, for pods of the tests.
write_images() {
  local name action
  # The programs that kube-proxy calls, without a package manager, which would choose these variants.
  mmdebstrap --quiet --variant=extract --skip=check/qemu --include=iptables,conntrack,kmod bookworm "$work/iptables"
  for name in iptables ip6tables; do
    for action in '' -save -restore; do
      ln -s "$name-nft$action" "$work/iptables/usr/sbin/$name$action"
    done
  done
  while IFS= read -r name; do
    case $name in
      */coredns:*) program "$name" coredns ;;
      */etcd:*) program "$name" etcd ;;
      */kube-proxy:*) program "$name" kube-proxy "$work/iptables" ;;
      */pause:*) program "$name" pause ;;
      *)
        name=${name%:*}
        program "$name:v$kubernetes_version" "${name##*/}"
        ;;
    esac
  done < <("$programs/kubeadm" config images list --kubernetes-version "v$kubernetes_version")
  # The one that the node's container runtime is configured with.
  program "$(awk -F '"' '/sandbox_image/ { print $2 }' "$overlay/etc/containerd/config.toml")" pause
  rm -rf "$work/folder"
  mkdir -p "$work/folder/bin"
  cp /bin/busybox "$work/folder/bin/"
  for name in $(/bin/busybox --list); do
    [[ $name == busybox ]] || ln -s busybox "$work/folder/bin/$name"
  done
  image docker.io/library/busybox:1.35 "$work/folder"
  jq -s . "$work/images/list" >"$work/images/manifest.json"
  rm "$work/images/list"
  tar -C "$work/images" -cf "$work/images.tar" .
}

# store FOLDER: imports the images into a node's container runtime, whose data is in FOLDER.
store() {
  local socket=$work/containerd.sock pid
  printf 'version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n' >"$work/containerd.toml"
  containerd --config "$work/containerd.toml" --root "$1" --state "$work/state" --address "$socket" \
    >"$work/containerd.log" 2>&1 &
  pid=$!
  until ctr --address "$socket" version >/dev/null 2>&1; do
    kill -0 "$pid" 2>/dev/null || fail "containerd does not start: $(tail -n 3 "$work/containerd.log")"
    sleep 0.1
  done
  ctr --address "$socket" -n k8s.io images import --no-unpack "$work/images.tar" >/dev/null
  kill "$pid"
  wait "$pid" || true
}

# --- the node image

# Everything in the node that is not a package: kind's files, from its module, ours, and the programs.
write_overlay() {
  local files
  files=$(module sigs.k8s.io/kind "$kind_version")/images/base/files
  mkdir -p "$overlay/"{kind/manifests,usr/bin,etc/kubernetes/manifests,etc/systemd/system/containerd.service.d}
  cp -R "$files"/{kind,usr,etc} "$overlay/"
  chmod -R u+w "$overlay"
  cp "$here/node/pod-network.sh" "$overlay/kind/bin/"
  cp "$here/node/pod-network.conf" "$overlay/etc/systemd/system/containerd.service.d/"
  cp "$here/node"/*.yaml "$overlay/kind/manifests/"
  cp "$programs"/{kubeadm,kubelet,kubectl} "$overlay/usr/bin/"
  chmod 755 "$overlay"/{kind/bin,usr/local/bin}/*
  printf 'v%s' "$kubernetes_version" >"$overlay/kind/version"
  # This machine may have cgroup v1, and may not grant what lowers the score of the out-of-memory killer.
  sed -i 's/KUBELET_EXTRA_ARGS=/&--fail-cgroupv1=false /' "$overlay/etc/default/kubelet"
  sed -i 's/restrict_oom_score_adj = false/restrict_oom_score_adj = true/' "$overlay/etc/containerd/config.toml"
}

write_file_system() {
  mmdebstrap --quiet --variant=essential --skip=check/qemu \
    --include=systemd,systemd-sysv,dbus,conntrack,iptables,nftables,iproute2,ethtool,util-linux,mount,kmod \
    --include=libseccomp2,bash,jq,procps,curl,containerd,runc,containernetworking-plugins \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --customize-hook="cp -R '$overlay/.' \"\$1/\"" \
    --customize-hook="chroot \"\$1\" bash -s <'$here/node/configure.sh'" \
    bookworm "$work/node.tar"
}

build_node_image() {
  local work=$cache/work overlay=$cache/work/overlay tar
  tar=$cache/node-$(recipe).tar
  [[ ! -s $tar ]] || return 0
  ((EUID == 0)) || fail "only root can build a node image"
  rm -rf "$work"
  mkdir -p "$work"
  write_overlay
  write_images
  store "$overlay/var/lib/containerd"
  write_file_system
  rm -f "$cache"/node-*.tar
  mv "$work/node.tar" "$tar"
  rm -rf "$work" "$cache/build"
}

if [[ ${1:-} == recipe ]]; then
  recipe
  exit 0
fi
if uses_existing_engine; then
  info "nothing to install: Docker answers, and kind is installed with a node image"
  exit 0
fi
programs=$cache/kubernetes-$kubernetes_version
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9 # several clones may install at the same time
install_packages
step "kind, Kubernetes, etcd and CoreDNS from Go modules" build_commands
step "$node_image" build_node_image
