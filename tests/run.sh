#!/usr/bin/env bash
# Installs what is missing, builds, runs every test, and closes with one line: N passed, N failed, N skipped.
#   tests/run.sh          what CI runs (under 25 minutes on two cores, from clean)
#   tests/run.sh quick    unit and end-to-end tests of the Release build only
#   tests/run.sh soak     the long forms as well
set -uo pipefail
cd "$(dirname "$0")/.."

mode="${1:-full}"
case "$mode" in full | quick | soak) ;; *) echo "usage: $0 [quick|soak]" >&2; exit 2 ;; esac

packaging/dependencies.sh test || exit 1
results="$PWD/build/results"
rm -rf "$results" && mkdir -p "$results"
export CCACHE_DIR="${CCACHE_DIR:-$PWD/build/ccache}"
started=$(date +%s)
say() { printf '\n== %s (%d s)\n' "$*" $(($(date +%s) - started)); }

export RHUMB_SIM_SECONDS="${RHUMB_SIM_SECONDS:-120}"
[ "$mode" = soak ] && export RHUMB_SIM_SECONDS=1800 RHUMB_SOAK=1
[ "$mode" = quick ] && export RHUMB_SIM_SECONDS=10

# stage PRESET LABELS [TARGETS...]: builds, then runs the tests with these labels, one results file a test program.
stage() {
  local preset="$1" labels="$2"
  shift 2
  say "$preset: build"
  cmake --preset "$preset" -DRHUMB_TESTS=ON >"$results/$preset-configure.log" 2>&1 || { tail -30 "$results/$preset-configure.log"; return 1; }
  cmake --build "build/$preset" ${@:+--target "$@"} 2>&1 | tail -40 >"$results/$preset-build.log"
  if [ "${PIPESTATUS[0]}" -ne 0 ]; then cat "$results/$preset-build.log"; return 1; fi
  say "$preset: tests ($labels)"
  GTEST_OUTPUT="xml:$results/$preset/" ctest --test-dir "build/$preset" -L "$labels" -j2 --output-on-failure \
    --output-junit "$results/$preset-ctest.xml" 2>&1 | tee "$results/$preset-ctest.log" | grep -vE '^ +Start |Passed +[0-9.]+ sec$'
}

failed=0
if [ "$mode" = quick ]; then
  stage release 'unit|concurrent|conformance|tidy|abi' || failed=1
else
  stage release 'tidy|abi|sim' || failed=1
  export ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1
  stage asan-ubsan 'unit|conformance' || failed=1
  export TSAN_OPTIONS="suppressions=$PWD/tests/tsan.supp halt_on_error=1 second_deadlock_stack=1"
  stage tsan 'concurrent' || failed=1
  unset ASAN_OPTIONS UBSAN_OPTIONS TSAN_OPTIONS
fi
say "end to end, with the real clients"
tests/e2e/run.sh "$results" "$mode" || failed=1

say "done"
python3 tests/summary.py "$results" tests/skipped.txt || failed=1
exit "$failed"
