#!/usr/bin/env bash
# Runs in the file system of the node image: enables what a node starts and disables what belongs to a machine,
# as the Dockerfile of kind's base image does.

set -euo pipefail
rm -f /lib/systemd/system/multi-user.target.wants/* /etc/systemd/system/*.wants/* \
  /lib/systemd/system/local-fs.target.wants/* /lib/systemd/system/basic.target.wants/* \
  /lib/systemd/system/sockets.target.wants/*udev* /lib/systemd/system/sockets.target.wants/*initctl* \
  /lib/systemd/system/sysinit.target.wants/systemd-tmpfiles-setup.service
systemctl enable --quiet kubelet containerd undo-mount-hacks
systemctl mask --quiet systemd-binfmt # it would change the kernel of the machine
echo ReadKMsg=no >>/etc/systemd/journald.conf
: >/etc/machine-id # each node makes its own

mkdir -p /opt/cni/bin
cp /usr/lib/cni/* /opt/cni/bin/
# Where kind and its units expect them.
for program in containerd ctr containerd-shim-runc-v2; do
  ln -sf "/usr/bin/$program" "/usr/local/bin/$program"
done
# What kind's runtime adds to every container.
ctr oci spec \
  | jq '.hooks.createContainer = [{path: "/kind/bin/mount-product-files.sh"}] | del(.process.rlimits)' \
    >/etc/containerd/cri-base.json
