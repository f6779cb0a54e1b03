#!/usr/bin/env bash
# Installs the Debian packages in a bare Debian 12 with systemd, as README.md says, boots it, and
# looks at the unit. It imports the demo, upgrades to newer packages, goes back, removes and purges
# the packages, and looks for what is left. The network is that of the machine.
#   tests/packages/boot.sh [DIR]   DIR has the packages of packaging/build.sh (build/packages)
# Skipped without root, and without systemd-nspawn.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/packages/installed.sh

installed_begin "${RHUMB_BOOT_ROOT:-/var/tmp/rhumb-boot-root}"
packages="$(cd "${1:-build/packages}" && pwd)"
command -v systemd-nspawn >/dev/null || { echo "SKIPPED: systemd-nspawn is missing" \
  "(apt install systemd-container)" >&2; exit 0; }

# newer DIR DEB...: the same packages with a later version. The configuration of the newer one has
# another comment, so that dpkg has to choose between it and what the operator edited.
newer() {
  local out="$1" deb
  shift
  mkdir "$out"
  for deb in "$@"; do
    rm -rf "$root.deb"
    dpkg-deb -R "$deb" "$root.deb"
    sed -i -E 's/^(Version: .*)/\1+newer/; s/(rhumb-cli \(= [^)]+)\)/\1+newer)/' \
      "$root.deb/DEBIAN/control"
    [ ! -f "$root.deb/etc/rhumb/rhumb.yaml" ] ||
      echo "# The newer version says more." >>"$root.deb/etc/rhumb/rhumb.yaml"
    dpkg-deb --root-owner-group -Znone -b "$root.deb" "$out/$(basename "$deb")" >/dev/null
  done
  rm -rf "$root.deb"
}

bare_root_make "$root" ca-certificates
mkdir -p "$root/packages" "$root/demo" "$root/build/packages"
cp "$packages"/rhumb{,-cli,-sdk}_*.deb "$root/packages/"
cp "$root"/packages/*.deb "$root/build/packages/"
cp tests/data/demo/{points.ndjson.zst,vectors.f16,questions.f16} "$root/demo/"
quietly apt-get update
quietly apt-get install -y --no-install-recommends systemd systemd-sysv dbus
line="$(grep '^apt install ./build/packages/' README.md)"
begun=$(now)
quietly sh -c "cd / && $line -y"
echo "installed in $(ms_since "$begun") ms"
newer "$root/newer" "$root"/packages/*.deb
bare_root_leave "$root"

log="$root.boot.log"
fail() { tail -20 "$log" >&2; echo "FAILED: $*" >&2; exit 1; }
port="$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])')"
url="http://127.0.0.1:$port"
echo "RHUMB_HTTP_PORT=$port" >"$root/etc/default/rhumb"

systemd-nspawn --register=no --keep-unit --boot --directory "$root" </dev/null >"$log" 2>&1 &
container=$!
finish() {
  kill -TERM "$container" 2>/dev/null && wait "$container" || true
  installed_end
}
trap finish EXIT
inside() { nsenter --target "$init" --all "$@"; }
unit() { inside systemctl show rhumb --property "$1" --value; }
ready() {
  curl -fsS -o /dev/null --retry 600 --retry-delay 0 --retry-max-time 60 --retry-connrefused \
    --retry-all-errors "$url/readyz" 2>>"$log" || fail "the unit does not answer"
}

ready
init="$(cat "/proc/$container/task/$container/children" | awk '{print $1}')"
[ "$(inside systemctl is-enabled rhumb)" = enabled ] || fail "the unit is not enabled"
[ "$(unit ActiveState)" = active ] || fail "the unit is $(unit ActiveState)"
resident() { awk '/^VmRSS:/ {print int($2 / 1024)}' <(inside cat "/proc/$(unit MainPID)/status"); }
echo "the idle service has $(resident) MiB in memory"
python3 tests/packages/answers.py "$url" write || fail "wrong answers"
inside rhumb import programs /demo/points.ndjson.zst --vectors /demo/vectors.f16 --create \
  --size 384 --index section:keyword --index installed_kb:integer --url "$url" >>"$log" 2>&1 ||
  fail "the demo is not imported"
demo() { # demo WHEN: all points are there, and a search finds the nearest
  local points
  points="$(inside rhumb collections show programs --url "$url" -o json |
    sed -nE 's/^ *"points_count": ([0-9]+).*/\1/p')"
  [ "$points" = 10000 ] || fail "$1: $points points of the demo"
  inside rhumb search programs --vector /demo/questions.f16:0 --limit 3 --fields summary \
    --url "$url" >"$root.found" 2>>"$log" && [ "$(wc -l <"$root.found")" -ge 3 ] ||
    fail "$1: the demo is not found"
}
demo "after the import"
echo "the demo is imported and searched; the service has $(resident) MiB in memory"
state="$(inside cat "/proc/$(unit MainPID)/status")"
for line in "NoNewPrivs: 1" "Seccomp: 2" "CapBnd: 0000000000000000"; do
  tr '\t' ' ' <<<"$state" | grep -qx "$line" || fail "the process is not confined: $line"
done

inside systemctl reload rhumb || fail "it cannot be reloaded"
inside journalctl -u rhumb -o cat | grep -q 'the log level was read again' ||
  fail "a reload reads nothing"
inside systemctl restart rhumb || fail "it cannot be restarted"
ready
python3 tests/packages/answers.py "$url" read || fail "a restart lost data"
demo "after a restart"
inside systemctl stop rhumb
[ "$(unit Result) $(unit ExecMainStatus)" = "success 0" ] || fail "it did not stop cleanly"
[ "$(unit NRestarts)" = 0 ] || fail "it ended by itself"
# The threshold is in tenths.
inside systemd-analyze security --threshold=15 rhumb >"$root.security" ||
  { tail -1 "$root.security" >&2; fail "the unit is exposed more than 1.5"; }
tail -1 "$root.security"
# The memory limit of the server follows that of the unit: four fifths of it.
inside systemctl set-property --runtime rhumb MemoryMax=1G
begun=$(now)
inside systemctl start rhumb
echo "from start to ready with the demo: $(ms_since "$begun") ms"
limit="$(curl -fsS "$url/metrics" | awk '$1 == "rhumb_memory_limit_bytes" {print $2}')"
group=system.slice/rhumb.service
if inside test -e "/sys/fs/cgroup/$group/memory.max" ||
  inside test -e "/sys/fs/cgroup/memory/$group/memory.limit_in_bytes"; then
  [ "$limit" = 858993459 ] || fail "MemoryMax is 1 GiB, and the server's limit is $limit"
  echo "the server's memory limit follows MemoryMax"
else
  echo "NOT TRIED: this machine gives containers no control of memory, so MemoryMax has no effect"
fi
inside systemctl set-property --runtime rhumb MemoryMax=infinity
echo "the unit starts, reloads, restarts and stops under systemd"

# An upgrade and the way back. The operator edited the configuration, and so did the newer package.
config="$root/etc/rhumb/rhumb.yaml"
sed -i 's/^  workers: 0$/  workers: 3/' "$config"
echo "log: {level: debug}" >"$root/etc/rhumb/conf.d/10-operator.yaml"
change() { # change VERSION DEBS OPTIONS...: installs, and looks for the service and what was edited
  local version="$1" debs="$2" process
  shift 2
  process="$(unit MainPID)"
  inside sh -c "DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    -o Dpkg::Options::=--force-confold $* $debs" >>"$log" 2>&1 || fail "apt installs no $version"
  [ "$(inside dpkg-query -W -f '${Version}' rhumb)" = "$version" ] || fail "it is not $version"
  ready
  [ "$(unit ActiveState)" = active ] && [ "$(unit MainPID)" != "$process" ] ||
    fail "$version: the service was not restarted"
  python3 tests/packages/answers.py "$url" read || fail "$version: data are lost"
  demo "$version"
  grep -qx '  workers: 3' "$config" || fail "$version: the edited configuration is lost"
  [ -f "$root/etc/rhumb/conf.d/10-operator.yaml" ] || fail "$version: conf.d is lost"
}
version="$(inside dpkg-query -W -f '${Version}' rhumb)"
change "$version+newer" '/newer/*.deb'
grep -q 'newer version' "$config.dpkg-dist" || fail "the newer configuration is not there"
change "$version" '/packages/*.deb' --allow-downgrades
echo "the upgrade and the way back keep data and configuration"

inside apt-get remove -y rhumb rhumb-cli rhumb-sdk >>"$log" 2>&1 || fail "remove"
! curl -s -o /dev/null "$url/readyz" || fail "the server runs after remove"
[ -d "$root/var/lib/rhumb/log" ] && [ -f "$config" ] || fail "remove took data or configuration"
# The other packages left nothing, so apt knows no more of them.
inside apt-get purge -y rhumb >>"$log" 2>&1 || fail "purge"
[ ! -e "$root/var/lib/rhumb" ] || fail "purge left the data"
[ ! -e "$config" ] || fail "purge left the configuration"
# What the operator made stays. The lists and logs of apt and systemd keep the name, too.
left="$(cd "$root" && find . -xdev \( -path ./packages -o -path ./newer -o -path ./build \
  -o -path ./proc -o -path ./var/log -o -path ./var/cache -o -path ./run -o -path ./sys \) -prune \
  -o -name '*rhumb*' -print | sort | paste -sd ' ')"
[ "$left" = "./etc/default/rhumb ./etc/rhumb" ] || fail "left after purge: $left"
left="$(cd "$root/etc/rhumb" && find . -type f)"
[ "$left" = ./conf.d/10-operator.yaml ] || fail "left in /etc/rhumb: $left"
! inside systemctl cat rhumb >/dev/null 2>&1 || fail "systemd knows the unit after purge"
echo "remove keeps data and configuration, and purge leaves only what the operator made"
