#!/usr/bin/env bash
# Makes the Debian packages on Debian 12: packaging/build.sh [OUT]. OUT is build/packages if it is
# not given, and gets the .deb files of this build alone. What is missing is installed first.
# RHUMB_JOBS limits how many compilers run at a time.
set -euo pipefail
cd "$(dirname "$0")/.."
root="$PWD"
mkdir -p "${1:-build/packages}"
out="$(cd "${1:-build/packages}" && pwd)"

. packaging/settings.sh
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

 -- $maintainer  $(date -u -R -d "@$SOURCE_DATE_EPOCH")
TEXT
mkdir "$stage/debian/source"
echo '3.0 (native)' >"$stage/debian/source/format"

(cd "$stage" && dpkg-buildpackage --build=binary --no-sign)
rm -f "$out"/rhumb*.deb
mv "${stage%/*}"/*.deb "$out/"
ls -l "$out"
