#!/usr/bin/env bash
# Draws the pictures: each img/*.dot becomes an .svg beside it, which has a light and a dark look.
#
#   img/draw.sh

set -euo pipefail
cd "$(dirname "$0")"
command -v dot >/dev/null || {
  echo "draw.sh: dot is missing: install graphviz" >&2
  exit 1
}
for source in *.dot; do
  # dot lays out with a wide font, so that the labels fit whichever font a reader has.
  dot -Tsvg "$source" \
    | sed -E -e '/^<!--|^ *-->|^<\?xml|^<!DOCTYPE|^ "http/d' \
      -e 's/ font-family="[^"]*"//; s/ (fill|stroke)="[^"]*"//g' \
      -e '/^<g id="graph0"/ r style.svg' >"${source%.dot}.svg"
done
