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

. tests/bare_root.sh

bare_root_needs
root="${RHUMB_FRESH_ROOT:-/var/tmp/rhumb-fresh-root}"
trap 'bare_root_leave "$root"' EXIT
started=$(date +%s)
bare_root_make "$root" ca-certificates,git
bare_root_copy "$root" /etc/pip.conf /etc/npmrc /root/.npmrc /root/.config/pip \
  /root/.cargo/config.toml /root/.config/go ${PIP_FIND_LINKS:+"$PIP_FIND_LINKS"}
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
