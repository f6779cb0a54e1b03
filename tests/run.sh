#!/usr/bin/env bash
# Installs what is missing, builds, runs every test, and prints how long each stage took beside its
# budget (tests/budget.tsv). Ends with one line: N passed, N failed, N skipped.
#   tests/run.sh          what CI runs
#   tests/run.sh quick    unit and end-to-end tests of the Release build only
#   tests/run.sh soak     also the long forms, without a budget
set -uo pipefail
cd "$(dirname "$0")/.."

mode="${1:-full}"
case "$mode" in full | quick | soak) ;; *) echo "usage: $0 [quick|soak]" >&2; exit 2 ;; esac

results="$PWD/build/results"
rm -rf "$results" && mkdir -p "$results"
export CCACHE_BASEDIR="$PWD" CCACHE_NOHASHDIR=1  # a fresh clone uses what another one compiled
started=$(date +%s)
times="$results/stages.tsv"
say() { # say STAGE: its seconds are counted from here to the next
  local now
  now=$(date +%s)
  [ -z "${running:-}" ] || printf '%s\t%d\n' "$running" $((now - since)) >>"$times"
  running="$1" since=$now
  printf '\n== %s (%d s)\n' "$1" $((now - started))
}
say "dependencies"
packaging/dependencies.sh test || exit 1

export RHUMB_SIM_SECONDS="${RHUMB_SIM_SECONDS:-120}"
[ "$mode" = soak ] && export RHUMB_SIM_SECONDS=1800 RHUMB_FUZZ_SECONDS=60 RHUMB_SOAK=1
[ "$mode" = quick ] && export RHUMB_SIM_SECONDS=10

# stage PRESET FOLDERS [CTEST ARGUMENTS...] builds these folders of tests/, then runs them. Each
# test program writes one results file.
stage() {
  local preset="$1" folders="$2"
  shift 2
  say "$preset: build"
  cmake --preset "$preset" -DRHUMB_TESTS=ON -DRHUMB_TEST_FOLDERS="$folders" \
    >"$results/$preset-configure.log" 2>&1 ||
    { tail -30 "$results/$preset-configure.log"; return 1; }
  cmake --build "build/$preset" >"$results/$preset-build.log" 2>&1 ||
    { grep -E -A12 'FAILED|error' "$results/$preset-build.log" | head -80; return 1; }
  say "$preset: tests"
  GTEST_OUTPUT="xml:$results/$preset/" ctest --test-dir "build/$preset" -j2 --output-on-failure \
    "$@" --output-junit "$results/$preset-ctest.xml" 2>&1 |
    tee "$results/$preset-ctest.log" | grep -vE '^ +Start |Passed +[0-9.]+ sec$'
}

units="base;model;settings;net;plugin;peer;query;router;auth;index;storage;payload;consensus"
units+=";segment;shard;placement;gateway;worker;http;admin;app;cli;plugins"
failed=0
if [ "$mode" = quick ]; then
  stage release "$units;sdk;abi;conformance;sim;tidy;linear" || failed=1
else
  stage release "sdk;abi;conformance;sim;tidy;model_check;linear" || failed=1
  export ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1
  stage asan-ubsan "$units;fuzz" || failed=1
  export TSAN_OPTIONS="halt_on_error=1 second_deadlock_stack=1"
  # Every folder with a test that is labelled concurrent. worker was not tried under TSan yet.
  concurrent=$(grep -rlE --include=CMakeLists.txt 'LABELS .*\bconcurrent\b' tests |
    cut -d/ -f2 | sort -u | grep -vx worker | paste -sd ';')
  stage tsan "$concurrent" -L concurrent || failed=1
  unset ASAN_OPTIONS UBSAN_OPTIONS TSAN_OPTIONS
  say "fuzz targets"
  tests/fuzz/run.sh "$results" "${RHUMB_FUZZ_SECONDS:-8}" || failed=1
  say "kernels for 64-bit ARM"
  tests/neon/run.sh "$results" || failed=1
fi
say "histories of one node"
tests/linear/run.sh "$results" "$mode" || failed=1
say "end to end, with the real clients"
tests/e2e/run.sh "$results" "$mode" || failed=1
if [ "$mode" = soak ]; then
  say "old faults, planted again"
  python3 tests/planted/run.py --results "$results" || failed=1
fi

say "done"
python3 tests/budget.py tests/budget.tsv "$times" "$mode" || failed=1
python3 tests/summary.py "$results" tests/skipped.txt || failed=1
exit "$failed"
