#!/usr/bin/env bash
# Makes a bare Debian 12 root, clones this commit into it, and runs the README's two commands there
# with an empty compiler cache.
#   tests/fresh_root.sh               quickstart.sh, its answers, then tests/run.sh
#   tests/fresh_root.sh quickstart    the first command alone
#   tests/fresh_root.sh COMMAND...    another command, in the clone
# Needs root, debootstrap, and the package sources that this machine's apt, pip, npm, cargo and go
# are set up with. ../shared, where it exists, lies beside the clone. Prints the seconds of each
# command, and ends with the status of the first that failed.
set -euo pipefail
cd "$(dirname "$0")/.."

[ "$(id -u)" -eq 0 ] || { echo "$0: a root is made by root only" >&2; exit 2; }
command -v debootstrap >/dev/null ||
  { echo "$0: debootstrap is missing (apt install debootstrap)" >&2; exit 2; }

root="${RHUMB_FRESH_ROOT:-/var/tmp/rhumb-fresh-root}"
source="$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Codename: bookworm' |
  head -1)"
[ -n "$source" ] || { echo "$0: apt here knows no source of bookworm" >&2; exit 2; }
case "$root" in
  /*/*) ;;
  *)
    echo "$0: RHUMB_FRESH_ROOT is $root, and has to be an absolute path below a folder" >&2
    exit 2 ;;
esac

leave() { # Nothing of the machine may be mounted when the old root is deleted.
  local mounted
  for mounted in $(awk -v root="$root/" 'index($2, root) == 1 {print $2}' /proc/mounts | sort -r)
  do
    umount -l "$mounted"
  done
}
copy() { # copy PATH...: what the clients of this machine are set up with
  local path
  for path in "$@"; do
    [ -e "$path" ] || continue
    mkdir -p "$root$(dirname "$path")"
    cp -aL "$path" "$root$(dirname "$path")/" 2>/dev/null || true
  done
}

leave
rm -rf --one-file-system "$root"
trap leave EXIT
started=$(date +%s)
debootstrap --variant=minbase --include=ca-certificates,git bookworm "$root" "$source" \
  >"$root.log" 2>&1 || { tail -5 "$root.log" >&2; exit 1; }
copy /etc/apt/sources.list /etc/apt/sources.list.d /etc/apt/apt.conf.d /etc/apt/auth.conf.d \
  /etc/apt/keyrings /usr/share/keyrings /etc/resolv.conf /etc/hosts /etc/pip.conf /etc/npmrc \
  /etc/ssl/certs /usr/local/share/ca-certificates /root/.npmrc /root/.config/pip \
  /root/.cargo/config.toml /root/.config/go ${PIP_FIND_LINKS:+"$PIP_FIND_LINKS"}
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
git clone -q --no-hardlinks . "$root/root/src/rhumb"
[ -d ../shared ] && cp -a ../shared "$root/root/src/shared"
count="$(chroot "$root" dpkg-query -W | wc -l)"
took=$(($(date +%s) - started))
echo "a bare root with $count packages, commit $(git rev-parse --short HEAD): $took s"

settings=(HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
  LANG=C.UTF-8 TERM="${TERM:-dumb}")
clients='PIP_|NPM_CONFIG_|CARGO_|GOPROXY=|GOFLAGS=|GONOSUM|GOSUMDB=|SSL_CERT'
while IFS='=' read -r name value; do
  settings+=("$name=$value")
done < <(env | grep -E "^($clients|https?_proxy=|no_proxy=|RHUMB_)" || true)
status=0
inside() { # inside COMMAND: in the clone, with the clock
  local begun
  begun=$(date +%s)
  echo "== $*"
  if env -i "${settings[@]}" \
    chroot "$root" bash -c 'cd /root/src/rhumb && exec "$@"' bash "$@"; then
    echo "== $*: $(($(date +%s) - begun)) s"
  else
    [ "$status" -ne 0 ] || status=1
    echo "== $*: failed after $(($(date +%s) - begun)) s"
  fi
}
case "${1:-both}" in
  both | quickstart)
    inside packaging/quickstart.sh
    inside packaging/quickstart.sh stop
    [ "${1:-both}" = quickstart ] || inside tests/run.sh ;;
  *) inside "$@" ;;
esac
exit "$status"
