# Functions for tests that install packages in a bare root, to be sourced at the top of the
# repository. They use $root, and set $server and $url.
. tests/bare_root.sh

# installed_begin ROOT: ends the script if it cannot make a root here. The root is left clean.
installed_begin() {
  root="$1" log="$1.rhumbd.log" server=
  if [ "$(id -u)" -ne 0 ]; then
    echo "SKIPPED: $0 needs root, to make a bare Debian 12 and to install there" >&2
    exit 0
  fi
  command -v debootstrap >/dev/null ||
    { echo "SKIPPED: debootstrap is missing (apt install debootstrap)" >&2; exit 0; }
  bare_root_needs
  trap installed_end EXIT
}
installed_end() {
  [ -z "$server" ] || kill -KILL "$server" 2>/dev/null || true
  bare_root_leave "$root"
}
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
start() { # start [OPTIONS]: starts the server as its user
  : >"$log" # or the port of the server before would be read
  env -i PATH=/usr/sbin:/usr/bin:/bin chroot --userspec=rhumb:rhumb "$root" \
    /usr/bin/rhumbd --config /etc/rhumb/rhumb.yaml --port 0 "$@" >"$log" 2>&1 &
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
# Libraries outside the private directory that the packages do not name as dependencies.
stranger_libraries() { # stranger_libraries FILE...: globs in the root
  inside sh -c "ldd $* | grep '=>' |
    grep -vE '/rhumb/|lib(c|m|gcc_s|stdc\\+\\+|crypto)\\.so\\.[0-9]+ => /lib' | sort -u" || true
}
