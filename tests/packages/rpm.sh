#!/usr/bin/env bash
# Checks the RPM packages: their form by rpmlint, what they require, and that the server answers
# after `rpm --nodeps` into a bare Debian 12. No RPM distribution is at hand.
#   tests/packages/rpm.sh [DIR]   DIR has the packages of packaging/build_rpm.sh (build/packages)
# Skipped without root.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/packages/installed.sh

installed_begin "${RHUMB_RPM_ROOT:-/var/tmp/rhumb-rpm-root}"
packages="$(cd "${1:-build/packages}" && pwd)"

# rpmlint's own result counts no warnings. packaging/rpm/rpmlint.toml explains those that stay.
rpmlint --config packaging/rpm/rpmlint.toml "$packages"/rhumb*.rpm >"$root.log" 2>&1 || true
grep -q ' 0 errors, 0 warnings' "$root.log" || { cat "$root.log" >&2; fail "rpmlint"; }

requires() {
  local rpm name
  for rpm in "$packages"/rhumb*.rpm; do
    name="$(rpm -qp --queryformat '%{name}' "$rpm")"
    rpm -qpR "$rpm" | sed -E "s/ = [0-9].*/ = VERSION/; s/^/$name: /" | grep -v 'rpmlib('
  done | sort -u
}
requires | diff -u packaging/rpm/requires.txt - || fail "the packages require other things"
echo "rpmlint has no complaint; $(requires | wc -l) requirements are those of requires.txt"

bare_root_make "$root" ca-certificates
quietly apt-get update
quietly apt-get install -y --no-install-recommends systemd-standalone-sysusers
begun=$(now)
install() { # install OPTION: rpm succeeds even where a script of a package failed
  rpm --root "$root" --force-debian --nodeps "$@" "$packages"/rhumb{,-cli,-sdk}-[0-9]*.rpm \
    >"$root.log" 2>&1 && ! grep -iE 'warning|error|fail' "$root.log" >&2 ||
    { cat "$root.log" >&2; fail "rpm $*"; }
}
install --install
start
python3 tests/packages/answers.py "$url" write || fail "wrong answers"
echo "from the install to the first answer: $(ms_since "$begun") ms"
[ "$(awk '/^Uid:/ {print $2}' "/proc/$server/status")" = "$(inside id -u rhumb)" ] ||
  fail "rhumbd does not run as rhumb"
inside rhumb collections --url "$url" | grep -q cities || fail "the command line sees no collection"
for plugin in $(cd "$root" && ls usr/lib64/rhumb/plugins/*.so); do
  inside rhumb-plugin-check --manifest "/$plugin" | grep -q '^engine' || fail "$plugin is refused"
done
strangers="$(stranger_libraries '/usr/bin/rhumb*' '/usr/lib64/rhumb/*.so*' \
  '/usr/lib64/rhumb/plugins/*')"
[ -z "$strangers" ] || fail "libraries from elsewhere: $strangers"
stop

sed -i 's/^  workers: 0$/  workers: 3/' "$root/etc/rhumb/rhumb.yaml"
install --upgrade --replacepkgs
grep -qx '  workers: 3' "$root/etc/rhumb/rhumb.yaml" || fail "the edited configuration is lost"
start
python3 tests/packages/answers.py "$url" read || fail "the data are lost"
stop
rpm --root "$root" --force-debian --nodeps --erase rhumb rhumb-cli rhumb-sdk 2>"$root.log"
[ ! -e "$root/usr/bin/rhumbd" ] || fail "rhumbd is left"
[ -f "$root/etc/rhumb/rhumb.yaml.rpmsave" ] || fail "the edited configuration is deleted"
[ -d "$root/var/lib/rhumb/log" ] || fail "the data are deleted"
left="$(cd "$root" && find usr -path '*rhumb*')"
[ -z "$left" ] || fail "left after erase: $left"
echo "installed again and erased; the data and the edited configuration are kept"
