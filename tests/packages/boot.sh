#!/usr/bin/env bash
# Boots systemd in a root where the packages are installed, and looks at the unit: boot.sh ROOT.
# Then it installs the packages of ROOT/newer, goes back to those of ROOT/packages, removes and
# purges them. The network is that of the machine. run.sh calls it.
set -euo pipefail
cd "$(dirname "$0")/../.."

root="$1"
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
python3 tests/packages/answers.py "$url" write || fail "wrong answers"
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
inside systemctl stop rhumb
[ "$(unit Result) $(unit ExecMainStatus)" = "success 0" ] || fail "it did not stop cleanly"
[ "$(unit NRestarts)" = 0 ] || fail "it ended by itself"
inside systemd-analyze security rhumb | tail -1
inside systemctl start rhumb
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
echo "remove keeps data and configuration, and purge deletes them"
