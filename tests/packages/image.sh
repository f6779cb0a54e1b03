#!/usr/bin/env bash
# Builds the image of packaging/docker/Dockerfile on a bare Debian 12 in place of debian:12-slim,
# and runs it as its user, with the files read-only.
#   tests/packages/image.sh [DIR]   DIR has the packages of packaging/build.sh (build/packages)
# Skipped without root, and where buildah cannot run.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/packages/installed.sh

installed_begin "${RHUMB_IMAGE_ROOT:-/var/tmp/rhumb-image-root}"
packages="$(cd "${1:-build/packages}" && pwd)"
command -v buildah >/dev/null ||
  { echo "SKIPPED: buildah is missing (apt install buildah)" >&2; exit 0; }
storage="$root.storage" view="$root.view" built=
image() { buildah --root "$storage" --runroot "$storage.run" --storage-driver vfs "$@"; }
finish() {
  [ -z "$server" ] || kill -KILL "$server" 2>/dev/null || true
  bare_root_leave "$view"
  ! mountpoint -q "$view" || umount -l "$view"
  bare_root_leave "$root"
  [ -z "$built" ] || image umount --all >/dev/null || true
  rm -rf --one-file-system "$storage" "$storage.run" "$view"
}
trap finish EXIT

bare_root_make "$root" ca-certificates
bare_root_leave "$root"
base="$(image from scratch 2>"$root.log")" ||
  { cat "$root.log" >&2; echo "SKIPPED: buildah cannot run here" >&2; exit 0; }
image add --quiet "$base" "$root" / >/dev/null
image commit --quiet --rm "$base" rhumb-base >/dev/null
image build --quiet --pull-never --isolation chroot --format docker --build-arg BASE=rhumb-base \
  --file packaging/docker/Dockerfile --tag rhumb "$packages" >"$root.log" 2>&1 ||
  { tail -30 "$root.log" >&2; fail "the image is not built"; }

image inspect --type image rhumb >"$root.json"
setting() { # setting EXPRESSION: of the image's configuration
  python3 -c "import json; config = json.load(open('$root.json'))['Docker']['config']; print($1)"
}
user="$(setting 'config["User"]')"
[ "$user" = 6333:6333 ] || fail "it runs as $user"
entrypoint="$(setting '" ".join(config["Entrypoint"])')"
health="$(setting 'config["Healthcheck"]["Test"][3]')"

# A read-only view of the image with a volume for the data, as a container has it.
built="$(image from --pull-never rhumb)"
files="$(image mount "$built")"
mkdir -p "$view"
mount --bind "$files" "$view"
mount -o remount,bind,ro "$view"
mount -t tmpfs -o uid=6333,gid=6333,mode=750 tmpfs "$view/var/lib/rhumb"
mount -t proc proc "$view/proc"
mount --rbind /dev "$view/dev"
port="$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])')"
url="http://127.0.0.1:$port"
# In the image, as its user. It is no function, so that $! is the process of the server.
run=(env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin RHUMB_HTTP_HOST=0.0.0.0 RHUMB_HTTP_PORT="$port"
  chroot --userspec="$user" "$view")
! "${run[@]}" $entrypoint >"$log" 2>&1 || fail "without a key it listens to everyone"
grep -q 'insecure' "$log" || { cat "$log" >&2; fail "it ended for another reason"; }

! "${run[@]}" bash -c "$health" 2>/dev/null || fail "it is healthy and does not run"
"${run[@]}" $entrypoint --insecure >"$log" 2>&1 &
server=$!
for _ in $(seq 600); do
  "${run[@]}" bash -c "$health" 2>/dev/null && break
  kill -0 "$server" 2>/dev/null || { cat "$log" >&2; fail "rhumbd ended"; }
  sleep 0.1
done
"${run[@]}" bash -c "$health" || fail "it is not healthy"
python3 tests/packages/answers.py "$url" write || fail "wrong answers"
[ "$(awk '/^Uid:/ {print $2}' "/proc/$server/status")" = 6333 ] || fail "it runs as another user"
stop
echo "the image answers as user 6333 with its files read-only"
