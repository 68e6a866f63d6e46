#!/usr/bin/env bash
# Makes .curl/, the newest curl that Debian has with all that it needs, beside that of the machine. Does
# nothing if it is there.

set -euo pipefail
cd "$(dirname "$0")/../../../.."
home=$PWD/.curl

! "$home/curl" --version >/dev/null 2>&1 || exit 0

rm -rf "$home"
mkdir -p "$home"/{state,lists/partial,archives/partial,root}
# The mirror of this machine is known once its lists are.
mirrors() { apt-get indextargets --format "\$(REPO_URI)" 'Created-By: Packages' 'Origin: Debian'; }
[[ -n $(mirrors) ]] || apt-get -qq update
mirror=$(mirrors | head -n 1)
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror sid main" >"$home/sources.list"
: >"$home/status" # as if nothing were installed, so that all it needs comes along
apt=(
  apt-get -qq -o Dir::Etc::SourceList="$home/sources.list" -o Dir::Etc::SourceParts=-
  -o Dir::State="$home/state" -o Dir::State::Lists="$home/lists" -o Dir::State::Status="$home/status"
  -o Dir::Cache="$home" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=
  -o APT::Sandbox::User= -o Acquire::Languages=none
)
"${apt[@]}" update
"${apt[@]}" --yes --no-install-recommends --download-only install curl
for package in "$home"/archives/*.deb; do
  dpkg-deb --extract "$package" "$home/root"
done
rm -rf "$home"/{state,lists,archives,status,sources.list}
libraries=$(echo "$home"/root/usr/lib/*-linux-gnu)
printf '#!/usr/bin/env bash\nexec %q --library-path %q %q "$@"\n' \
  "$(echo "$libraries"/ld-linux*.so.*)" "$libraries" "$home/root/usr/bin/curl" >"$home/curl"
chmod +x "$home/curl"
"$home/curl" --version
