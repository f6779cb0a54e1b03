#!/usr/bin/env bash
# Installs the Debian packages in a bare Debian 12 root, starts the server there as its user without
# systemd, asks it for answers, then removes, reinstalls and purges the packages and looks for what
# is left. Then systemd boots in the same root and runs the unit (boot.sh).
#   tests/packages/run.sh [DIR]   DIR has the packages of packaging/build.sh (build/packages)
# Needs root, debootstrap, and the package sources that this machine's apt is set up with. Skipped
# without root.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/bare_root.sh

if [ "$(id -u)" -ne 0 ]; then
  echo "SKIPPED: tests/packages needs root, to make a bare Debian 12 and to install there" >&2
  exit 0
fi
bare_root_needs
packages="$(cd "${1:-build/packages}" && pwd)"
root="${RHUMB_PACKAGES_ROOT:-/var/tmp/rhumb-packages-root}"
log="$root.rhumbd.log"
server=
finish() {
  [ -z "$server" ] || kill -KILL "$server" 2>/dev/null || true
  bare_root_leave "$root"
}
trap finish EXIT
fail() { echo "FAILED: $*" >&2; exit 1; }
now() { date +%s%N; }
ms_since() { echo $((($(now) - $1) / 1000000)); }
inside() { # inside COMMAND...: in the root, as its root
  env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive chroot "$root" "$@"
}
quietly() { # quietly COMMAND...: its output only if it fails
  inside "$@" >"$root.log" 2>&1 || { tail -30 "$root.log" >&2; fail "$*"; }
}
# What packages leave behind would be here. The accounts, caches and logs of apt are its own.
files() {
  (cd "$root" && find . -xdev \( -path ./proc -o -path ./dev -o -path ./packages -o -path ./tmp \
    -o -path ./var/cache -o -path ./var/lib/apt -o -path ./var/lib/dpkg -o -path ./var/log \) \
    -prune -o -print | sort)
}

start() { # starts the server as its user; sets server and url
  : >"$log" # or the port of the server before would be read
  env -i PATH=/usr/sbin:/usr/bin:/bin chroot --userspec=rhumb:rhumb "$root" \
    /usr/bin/rhumbd --config /etc/rhumb/rhumb.yaml --port 0 >"$log" 2>&1 &
  server=$!
  local port=
  until port="$(sed -nE 's/.*"serving".*"port":([0-9]+).*/\1/p' "$log")" && [ -n "$port" ]; do
    kill -0 "$server" 2>/dev/null || { cat "$log" >&2; fail "rhumbd ended"; }
    sleep 0.05
  done
  url="http://127.0.0.1:$port"
}
stop() {
  kill -TERM "$server"
  local status=0
  wait "$server" || status=$?
  server=
  [ "$status" -eq 0 ] || { tail -5 "$log" >&2; fail "SIGTERM ended rhumbd with status $status"; }
}

begun=$(now)
bare_root_make "$root" ca-certificates
mkdir "$root/packages"
cp "$packages"/rhumb*.deb "$root/packages/"
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
strangers="$(inside sh -c 'ldd /usr/bin/rhumb* /usr/lib/*/rhumb/*.so* /usr/lib/*/rhumb/plugins/*' |
  grep '=>' | grep -vE '/rhumb/|lib(c|m|gcc_s|stdc\+\+)\.so\.[0-9]+ => /lib' | sort -u)" || true
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

command -v systemd-nspawn >/dev/null || { echo "SKIPPED: the unit, for which systemd-nspawn" \
  "is missing (apt install systemd-container)" >&2; exit 0; }
quietly apt-get install -y --no-install-recommends systemd systemd-sysv dbus
quietly sh -c 'apt-get install -y --no-install-recommends /packages/*.deb'
bare_root_leave "$root"
tests/packages/boot.sh "$root"
