#!/usr/bin/env bash
# Builds with coverage counters, runs the unit and concurrent tests, and prints the share of lines
# and branches that ran, by folder.
#   tests/coverage.sh [CTEST ARGUMENTS...]      for example: tests/coverage.sh -R shard
# The whole report lies in build/coverage/coverage.json (gcovr's summary). Needs gcovr (apt install
# gcovr).
set -euo pipefail
cd "$(dirname "$0")/.."
command -v gcovr >/dev/null || { echo "$0: gcovr is missing (apt install gcovr)" >&2; exit 2; }

export CCACHE_BASEDIR="$PWD" CCACHE_NOHASHDIR=1
cmake --preset coverage -DRHUMB_TESTS=ON -DRHUMB_BENCHMARKS=OFF >/dev/null
cmake --build build/coverage
find build/coverage -name '*.gcda' -delete
ctest --test-dir build/coverage -j2 -L 'unit|concurrent' --output-on-failure "$@" | tail -3
gcovr --root . --object-directory build/coverage \
  --filter 'host/' --filter 'plugins/' --filter 'sdk/' \
  --exclude-unreachable-branches --exclude-throw-branches \
  --json-summary build/coverage/coverage.json -j 2 >/dev/null
python3 - build/coverage/coverage.json <<'TABLE'
import collections
import json
import sys

NAMES = ("line_covered", "line_total", "branch_covered", "branch_total")
folders = collections.defaultdict(lambda: dict.fromkeys(NAMES, 0))
for file in json.load(open(sys.argv[1]))["files"]:
    folder = "/".join(file["filename"].split("/")[:2])
    for where in (folder, "all"):
        for name in NAMES:
            folders[where][name] += file[name]
print(f"{'folder':<26} {'lines':>14} {'%':>6} {'branches':>14} {'%':>6}")
for folder, n in sorted(folders.items(), key=lambda item: (item[0] == "all", item[0])):
    share = [100 * n[f"{kind}_covered"] / max(1, n[f"{kind}_total"]) for kind in ("line", "branch")]
    lines, branches = (
        f"{n[f'{kind}_covered']}/{n[f'{kind}_total']}" for kind in ("line", "branch")
    )
    print(f"{folder:<26} {lines:>14} {share[0]:>6.1f} {branches:>14} {share[1]:>6.1f}")
TABLE
