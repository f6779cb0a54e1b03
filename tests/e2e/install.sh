#!/usr/bin/env bash
# Installs the real clients beside the build, in build/e2e. Does nothing if they are there.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
home="$here/../../build/e2e"
mkdir -p "$home"
exec 9>"$home/lock" # a second one waits for the first
flock 9

if ! cmp -s "$here/requirements.txt" "$home/installed-requirements.txt"; then
  python3 -m venv --clear "$home/venv"
  "$home/venv/bin/pip" install -q --disable-pip-version-check -r "$here/requirements.txt"
  cp "$here/requirements.txt" "$home/installed-requirements.txt"
fi
if ! cmp -s "$here/package.json" "$home/node/package.json"; then
  rm -rf "$home/node" && mkdir -p "$home/node"
  (cp "$here/package.json" "$home/node.json" && cd "$home/node" && cp ../node.json package.json &&
    npm install --silent --no-audit --no-fund --no-package-lock)
fi
