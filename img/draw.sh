#!/usr/bin/env bash
# Draws the pictures: each img/*.dot becomes a .png beside it.
#
#   img/draw.sh

set -euo pipefail
cd "$(dirname "$0")"
command -v dot >/dev/null || {
  echo "draw.sh: dot is missing: install graphviz" >&2
  exit 1
}
for source in *.dot; do
  dot -Tpng -Gdpi=110 -o "${source%.dot}.png" "$source"
done
