#!/usr/bin/env bash
# In place of kind's own network plugin, which is built from a repository that no Go module has: pods of the node
# with the address a.b.c.N get addresses 10.244.N.0/24, and each node knows the way to those of the others.

set -euo pipefail
address=$(ip -4 -o address show eth0 | awk '{ sub("/.*", "", $4); print $4; exit }')
number=${address##*.}

mkdir -p /etc/cni/net.d
cat >/etc/cni/net.d/10-pods.conflist <<END
{
  "cniVersion": "0.4.0",
  "name": "pods",
  "plugins": [
    {
      "type": "bridge",
      "bridge": "cni0",
      "isGateway": true,
      "ipMasq": true,
      "hairpinMode": true,
      "ipam": {
        "type": "host-local",
        "ranges": [[{"subnet": "10.244.$number.0/24"}]],
        "routes": [{"dst": "0.0.0.0/0"}]
      }
    },
    {"type": "portmap", "capabilities": {"portMappings": true}}
  ]
}
END

for ((other = 2; other < 64; other++)); do
  ((other == number)) || echo "route replace 10.244.$other.0/24 via ${address%.*}.$other dev eth0"
done | ip -batch -
