#!/usr/bin/env bash
# Installs the Debian packages in a bare Debian 12 root, starts the server there as its user without
# systemd, asks it for answers, then removes, reinstalls and purges the packages and looks for what
# is left. boot.sh does the same with systemd.
#   tests/packages/run.sh [DIR]   DIR has the packages of packaging/build.sh (build/packages)
# Needs root, debootstrap, and the package sources that this machine's apt is set up with. Skipped
# without root.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/packages/installed.sh

installed_begin "${RHUMB_PACKAGES_ROOT:-/var/tmp/rhumb-packages-root}"
packages="$(cd "${1:-build/packages}" && pwd)"
# What packages leave behind would be here. Caches and logs of apt are its own, and sysusers copies
# /etc/shadow to /etc/shadow- when it makes the account.
files() {
  (cd "$root" && find . -xdev \( -path ./proc -o -path ./dev -o -path ./packages -o -path ./tmp \
    -o -path ./var/cache -o -path ./var/lib/apt -o -path ./var/lib/dpkg -o -path ./var/log \
    -o -path './etc/*-' \) \
    -prune -o -print | sort)
}

python3 tests/packages/parts.py "$packages"/rhumb{,-cli,-sdk}_*.deb
begun=$(now)
bare_root_make "$root" ca-certificates
mkdir "$root/packages"
for package in rhumb rhumb-cli rhumb-sdk; do
  cp "$packages/$package"_*.deb "$root/packages/"
done
quietly apt-get update
echo "a bare root with $(inside dpkg-query -W | wc -l) packages: $(ms_since "$begun") ms"
files >"$root.before"
inside dpkg-query -W -f '${Package}\n' >"$root.packages"

begun=$(now)
quietly sh -c 'apt-get install -y --no-install-recommends /packages/*.deb'
echo "installed in $(ms_since "$begun") ms"
start
python3 tests/packages/answers.py "$url" write || fail "wrong answers"
echo "from the install to the first answer: $(ms_since "$begun") ms"

[ "$(awk '/^Uid:/ {print $2}' "/proc/$server/status")" = "$(inside id -u rhumb)" ] ||
  fail "rhumbd does not run as rhumb"
[ "$(inside stat -c '%U:%G %a' /var/lib/rhumb)" = "rhumb:rhumb 750" ] ||
  fail "/var/lib/rhumb is $(inside stat -c '%U:%G %a' /var/lib/rhumb)"
inside rhumb --version
inside rhumbd --version
inside rhumb collections --url "$url" | grep -q cities || fail "the command line sees no collection"
for plugin in $(cd "$root" && ls usr/lib/*/rhumb/plugins/*.so); do
  inside rhumb-plugin-check --manifest "/$plugin" | grep -q '^engine' || fail "$plugin is refused"
done
# Our packages bring the maker of accounts along, and nothing else.
brought="$(inside dpkg-query -W -f '${Package}\n' | grep -vxFf "$root.packages" | paste -sd ' ')"
[ "$brought" = "rhumb rhumb-cli rhumb-sdk systemd-standalone-sysusers" ] ||
  [ "$brought" = "rhumb rhumb-cli rhumb-sdk" ] || fail "installed with: $brought"
# No program takes a library of the system that the packages do not name.
strangers="$(stranger_libraries '/usr/bin/rhumb*' '/usr/lib/*/rhumb/*.so*' \
  '/usr/lib/*/rhumb/plugins/*')"
[ -z "$strangers" ] || fail "libraries from elsewhere: $strangers"
stop

quietly apt-get remove -y rhumb rhumb-cli rhumb-sdk
[ ! -e "$root/usr/bin/rhumbd" ] || fail "rhumbd is left after remove"
[ -f "$root/etc/rhumb/rhumb.yaml" ] || fail "remove took the configuration"
[ -d "$root/var/lib/rhumb/log" ] || fail "remove took the data"
echo "removed; data and configuration are kept"

quietly sh -c 'apt-get install -y --no-install-recommends /packages/*.deb'
start
python3 tests/packages/answers.py "$url" read || fail "the data are not there again"
stop
echo "installed again; the data are there"

quietly apt-get purge -y --auto-remove rhumb rhumb-cli rhumb-sdk
grep -vxFf "$root.packages" <(inside dpkg-query -W -f '${Package}\n') >"$root.left" || true
files | grep -vxFf "$root.before" >>"$root.left" || true
[ ! -s "$root.left" ] || { head -20 "$root.left" >&2; fail "left after purge"; }
[ -n "$(inside getent passwd rhumb)" ] || fail "the account is gone; its files may be anywhere"
echo "purged; nothing is left but the account"
