#!/usr/bin/env bash
# Installs Debian's Chromium with its driver, and makes .browser/ with axe-core, which finds barriers for
# people with disabilities. Does nothing if all of it is there.

set -euo pipefail
cd "$(dirname "$0")/../../../.."
home=$PWD/.browser

axe="axe-core@4.11.0"
checksum=e9e5863c33a874f09bc01acd9234b7e3c871479f5eef8802fa582544465e6d01 # of axe.min.js

if ! command -v chromium >/dev/null || ! command -v chromedriver >/dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium chromium-driver >/dev/null
fi
if ! sha256sum --check --status <<<"$checksum  $home/axe.min.js" 2>/dev/null; then
  rm -rf "$home"
  mkdir -p "$home"
  # A package of npm is an archive; nothing of it is run here.
  (cd "$home" && npm pack --silent "$axe" >/dev/null)
  tar -xzf "$home"/axe-core-*.tgz -C "$home" --strip-components=1 package/axe.min.js
  rm "$home"/axe-core-*.tgz
  sha256sum --check --status <<<"$checksum  $home/axe.min.js" || {
    echo "axe.min.js is not the one that is expected" >&2
    exit 1
  }
fi
