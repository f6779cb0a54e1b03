#!/usr/bin/env bash
# Boots systemd in a root where the packages are installed, and looks at the unit: boot.sh ROOT. The
# network is that of the machine. run.sh calls it.
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
inside sh -c 'apt-get purge -y rhumb rhumb-cli rhumb-sdk' >>"$log" 2>&1 || fail "purge"
[ ! -e "$root/var/lib/rhumb" ] || fail "purge left the data"
echo "the unit starts, reloads, restarts and stops under systemd"
