#!/usr/bin/env bash
# End-to-end tests against build/release with the real clients, in both loopback modes.
#   tests/e2e/run.sh RESULTS_DIR [full|quick|soak] [pytest arguments]
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
results="${1:?results directory}"
export RHUMB_E2E_MODE="${2:-full}"
shift; [ $# -gt 0 ] && shift
home="$here/../../build/e2e"
"$here/install.sh"
# Two files at a time: the servers under test are idle for a third of it.
exec "$home/venv/bin/python" -m pytest "$here" "$here/../faults" "$here/../upgrade" \
  -q -p no:cacheprovider -n 2 --dist loadfile \
  --junitxml="$results/e2e.xml" "$@"
