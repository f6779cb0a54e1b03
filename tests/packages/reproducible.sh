#!/usr/bin/env bash
# Builds all packages of this commit twice, in two folders and at two times, and compares them byte
# by byte.
#   tests/packages/reproducible.sh [cached]
# The second build starts with an empty compiler cache, so that it compiles everything again; with
# `cached` it uses the same cache as the first one. RHUMB_JOBS limits the compilers.
set -euo pipefail
cd "$(dirname "$0")/../.."

work="${RHUMB_REPRODUCIBLE:-/var/tmp/rhumb-reproducible}"
first="$work/one" second="$work/another/folder"
rm -rf "$work"
mkdir -p "$work" "$work/another"
for clone in "$first" "$second"; do
  git clone -q . "$clone"
done
build() { # build CLONE
  local begun
  begun=$(date +%s)
  (cd "$1" && packaging/build.sh && packaging/build_rpm.sh) >"$1.log" 2>&1 ||
    { tail -20 "$1.log" >&2; echo "FAILED: no packages in $1" >&2; exit 1; }
  echo "built in $1: $(($(date +%s) - begun)) s"
}
build "$first"
[ "${1:-}" = cached ] || export CCACHE_DIR="$work/cache"
(umask 027 && export TZ=Asia/Tokyo LANG=C && build "$second")

different=0
for package in "$first"/build/packages/*; do
  other="$second/build/packages/${package##*/}"
  if cmp "$package" "$other"; then
    echo "equal: $(sha256sum <"$package" | cut -c1-64) ${package##*/}"
  else
    different=1
  fi
done
[ "$(ls "$first/build/packages")" = "$(ls "$second/build/packages")" ] || different=1
[ "$different" = 0 ] || { echo "FAILED: the builds differ" >&2; exit 1; }
rm -rf "$work"
