#!/usr/bin/env bash
# End-to-end tests against build/release. Installs the real clients beside the build, and runs
# everything with both loopback modes.
#   tests/e2e/run.sh RESULTS_DIR [full|quick|soak] [pytest arguments]
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
results="${1:?results directory}"
export RHUMB_E2E_MODE="${2:-full}"
shift; [ $# -gt 0 ] && shift
home="$here/../../build/e2e"
mkdir -p "$home"

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
exec "$home/venv/bin/python" -m pytest "$here" "$here/../faults" -q -p no:cacheprovider \
  --junitxml="$results/e2e.xml" "$@"
