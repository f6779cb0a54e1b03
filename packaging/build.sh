#!/usr/bin/env bash
# Makes the Debian packages on Debian 12: packaging/build.sh [OUT]. OUT is build/packages if it is
# not given, and gets the .deb files of this build alone. What is missing is installed first.
# RHUMB_JOBS limits how many compilers run at a time.
set -euo pipefail
cd "$(dirname "$0")/.."
root="$PWD"
mkdir -p "${1:-build/packages}"
out="$(cd "${1:-build/packages}" && pwd)"

packaging/dependencies.sh package
export CCACHE_BASEDIR="$root" CCACHE_NOHASHDIR=1 # a fresh clone finds what another one compiled
# debhelper sets another HOME for the build, and these caches and settings are in ours.
CCACHE_DIR="${CCACHE_DIR:-$(ccache --get-config cache_dir)}"
export CCACHE_DIR CARGO_HOME="${CARGO_HOME:-$HOME/.cargo}"
[ -d "$HOME/.rustup" ] && export RUSTUP_HOME="${RUSTUP_HOME:-$HOME/.rustup}"

# A commit that is no release sorts before the release that it leads to.
version="$(sed -nE 's/^project\(rhumb VERSION ([0-9.]+).*/\1/p' CMakeLists.txt)"
SOURCE_DATE_EPOCH="$(git log -1 --format=%ct)"
export SOURCE_DATE_EPOCH
if [ "$(git describe --exact-match --tags 2>/dev/null)" != "v$version" ]; then
  version+="~$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y%m%d.%H%M%S).$(git rev-parse --short=8 HEAD)"
fi
# debian/ may not lie at the top of the repository, so it is staged beside a link to it.
stage="$root/build/package/debian/rhumb"
rm -rf "${stage%/*}"
mkdir -p "$stage"
ln -s "$root" "$stage/source"
cp -R packaging/debian "$stage/debian"
cp packaging/systemd/rhumb.service "$stage/debian/"
cat >"$stage/debian/changelog" <<TEXT
rhumb ($version) bookworm; urgency=medium

  * Built from commit
    $(git rev-parse HEAD).
    CHANGELOG.md in the sources says what changed.

 -- $(sed -n 's/^Maintainer: //p' packaging/debian/control)  $(date -u -R -d "@$SOURCE_DATE_EPOCH")
TEXT
mkdir "$stage/debian/source"
echo '3.0 (native)' >"$stage/debian/source/format"

(cd "$stage" && dpkg-buildpackage --build=binary --no-sign)
rm -f "$out"/rhumb*.deb
mv "${stage%/*}"/*.deb "$out/"
ls -l "$out"
