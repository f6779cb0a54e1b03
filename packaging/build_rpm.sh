#!/usr/bin/env bash
# Makes the RPM packages on Debian 12: packaging/build_rpm.sh [OUT]. OUT is build/packages if it is
# not given, and gets the .rpm files of this build alone. What is missing is installed first.
# RHUMB_JOBS limits how many compilers run at a time.
set -euo pipefail
cd "$(dirname "$0")/.."
root="$PWD"
mkdir -p "${1:-build/packages}"
out="$(cd "${1:-build/packages}" && pwd)"
. packaging/settings.sh

build="$root/build/package-rpm" # as deep as other build folders, for the compiler's cache
roots="$build/roots" lists="$build/lists" libdir=lib64
rm -rf "$roots" "$lists" "$build/rpmbuild"
mkdir -p "$roots/rhumb-debuginfo" "$lists" "$build/rpmbuild"
packaging/compile.sh "$build" "$libdir"
packaging/stage.sh "$build" "$libdir" "$roots" rpm "$version"
install -D -m 644 packaging/systemd/rhumb.service \
  "$roots/rhumb/usr/lib/systemd/system/rhumb.service"
for package in rhumb rhumb-cli rhumb-sdk rhumb-debuginfo; do
  install -D -m 644 LICENSE "$roots/$package/usr/share/licenses/$package/LICENSE"
done

# Debuggers find symbols by the build id. The private libraries have no symbols.
split() { # split FILE
  local id file
  id="$(readelf --notes "$1" | sed -nE 's/.*Build ID: ([0-9a-f]+).*/\1/p')"
  file="$roots/rhumb-debuginfo/usr/lib/debug/.build-id/${id:0:2}/${id:2}.debug"
  mkdir -p "${file%/*}"
  objcopy --only-keep-debug --compress-debug-sections "$1" "$file"
  chmod 644 "$file"
  strip --strip-unneeded --remove-section=.comment "$1"
}
for file in "$roots"/rhumb*/usr/bin/* "$roots/rhumb/usr/$libdir"/rhumb/plugins/*.so; do
  split "$file"
done
gzip -9n "$roots"/*/usr/share/man/man*/*

# Each package owns its files, and the directories that are named after us.
for package in rhumb rhumb-cli rhumb-sdk rhumb-debuginfo; do
  (cd "$roots/$package" && find . -mindepth 1 | sort | while read -r path; do
    file="${path#.}"
    if [ -d "$path" ] && [ ! -L "$path" ]; then
      grep -qiE '/rhumb|\.build-id' <<<"$file" && echo "%dir $file" || true
      continue
    fi
    case "$file" in
      /etc/*) echo "%config(noreplace) $file" ;;
      /usr/share/licenses/*) echo "%license $file" ;;
      /usr/share/doc/*) echo "%doc $file" ;;
      *) echo "$file" ;;
    esac
  done) >"$lists/$package"
done
names="$(find "$roots"/*/usr/"$libdir"/rhumb -maxdepth 1 -name '*.so*' -printf '%f\n' |
  sed -E 's/\.so.*//' | sort -u | sed 's/[.+]/\\\\&/g' | paste -sd '|')"

rpmbuild -bb packaging/rpm/rhumb.spec --define "_topdir $build/rpmbuild" \
  --define "_libdir /usr/$libdir" --define "roots $roots" --define "lists $lists" \
  --define "private_libraries $names" --define "rhumb_version $version" \
  --define "rhumb_maintainer $maintainer" --define "rhumb_commit $(git rev-parse HEAD)" \
  --define "rhumb_date $(date -u -d "@$SOURCE_DATE_EPOCH" '+%a %b %d %Y')" \
  --define "_buildhost rhumb" --define "use_source_date_epoch_as_buildtime 1" \
  --define "clamp_mtime_to_source_date_epoch 1" --define "_binary_payload w9.zstdio"
rm -f "$out"/rhumb*.rpm
mv "$build"/rpmbuild/RPMS/*/*.rpm "$out/"
ls -l "$out"
