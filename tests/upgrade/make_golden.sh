#!/usr/bin/env bash
# Makes the golden directory of the format that a rhumbd writes: a data directory that this program
# made and that was left by SIGKILL, and the answers that the program gave.
#   tests/upgrade/make_golden.sh BINARY OUT    writes OUT.tar.xz and OUT.json
# BINARY lies in the bin/ of a build or an installation, so that it finds its plugins.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
binary="$(realpath "${1:?the program rhumbd}")"
RHUMB_BIN="$(dirname "$binary")" exec python3 "$here/make_golden.py" "${2:?the name of the result}"
