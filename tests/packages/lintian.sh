#!/usr/bin/env bash
# Checks the form of the Debian packages by lintian, which may have neither errors nor warnings.
# packaging/debian/*.lintian-overrides explain those that stay.
#   tests/packages/lintian.sh [DIR]   DIR has the packages of packaging/build.sh (build/packages)
# Skipped without lintian.
set -euo pipefail
cd "$(dirname "$0")/../.."
packages="$(cd "${1:-build/packages}" && pwd)"
command -v lintian >/dev/null || { echo "SKIPPED: lintian is missing (apt install lintian)" >&2
  exit 0; }
lintian --fail-on error,warning "$packages"/rhumb*.deb ||
  { echo "FAILED: lintian" >&2; exit 1; }
echo "lintian has no complaint about $(ls "$packages"/rhumb*.deb | wc -l) packages"
