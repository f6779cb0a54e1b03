#!/usr/bin/env bash
# Installs what is missing, builds, runs every test, and prints how long each stage took beside its
# budget (tests/budget.tsv). Ends with one line: N passed, N failed, N skipped.
#   tests/run.sh          what CI runs. Stages that tests/budget.tsv groups are left out where the
#                         time is used, which happens with an empty compiler cache only
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

# The clients come over the network, so they are installed while the compilers work.
tests/e2e/install.sh >"$results/e2e-install.log" 2>&1 &

export RHUMB_SIM_SECONDS="${RHUMB_SIM_SECONDS:-60}"
[ "$mode" = soak ] && export RHUMB_SIM_SECONDS=1800 RHUMB_FUZZ_SECONDS=60 RHUMB_SOAK=1
[ "$mode" = quick ] && export RHUMB_SIM_SECONDS=10

# stage NAME PRESET FOLDERS [LABEL] builds the tests in these folders of tests/, or those with this
# label, then runs them. Each test program writes one results file.
stage() {
  local name="$1" preset="$2" folders="$3" label="${4:-}"
  local log="$results/${name// /-}"
  say "$name: build"
  cmake --preset "$preset" -DRHUMB_TESTS=ON -DRHUMB_TEST_FOLDERS="$folders" \
    -DRHUMB_TEST_LABEL="$label" \
    >"$log-configure.log" 2>&1 ||
    { tail -30 "$log-configure.log"; return 1; }
  cmake --build "build/$preset" >"$log-build.log" 2>&1 ||
    { grep -E -A12 'FAILED|error' "$log-build.log" | head -80; return 1; }
  say "$name: tests"
  GTEST_OUTPUT="xml:$log/" ctest --test-dir "build/$preset" -j2 --output-on-failure \
    --output-junit "$log-ctest.xml" 2>&1 |
    tee "$log-ctest.log" | grep -vE '^ +Start |Passed +[0-9.]+ sec$'
}

# What the engines stand on, the shards of points, what finds and reaches the shards, and what
# clients and operators meet.
engines="base;model;settings;net;archive;plugin;peer;query;router;auth;index;storage;payload"
engines+=";consensus;plugins"
shards="model;segment;shard"
gateway="placement;gateway;worker"
front="http;admin;app"
# Every folder with a test that is labelled concurrent.
concurrent=$(grep -rlE --include=CMakeLists.txt 'LABELS .*\bconcurrent\b' tests |
  xargs dirname | sed 's,^tests/,,' | sort -u | paste -sd ';')

asan() { # asan NAME FOLDERS
  ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1 \
    stage "$1" asan-ubsan "$2"
}
# Makes the packages and tries them. Where this machine lacks what that needs, all of it is skipped.
packages() {
  local log="$results/packages-build.log"
  say "packages: build"
  if packaging/dependencies.sh packages >"$log" 2>&1; then
    { packaging/build.sh && packaging/build_rpm.sh; } >>"$log" 2>&1 ||
      { tail -30 "$log"; return 1; }
    tests/packages/helm.sh >>"$log" 2>&1 || true # the tests of the chart say why it is missing
  else
    RHUMB_PACKAGES_MISSING="no packages: $(tail -1 "$log")"
    export RHUMB_PACKAGES_MISSING
  fi
  say "packages: tests"
  RHUMB_PACKAGES_MODE="$mode" build/e2e/venv/bin/python -m pytest tests/packages -q \
    -p no:cacheprovider -rs --durations=0 --junitxml="$results/packages.xml"
}
# The groups of stages that tests/budget.tsv names.
group() {
  case "$1" in
    asan-engines) asan "asan engines" "$engines" ;;
    asan-shards) asan "asan shards" "$shards" ;;
    asan-front) asan "asan front" "$front" ;;
    asan-gateway)
      asan "asan gateway" "$gateway;fuzz" || return
      say "fuzz targets"
      tests/fuzz/run.sh "$results" "${RHUMB_FUZZ_SECONDS:-8}"
      ;;
    tsan)
      TSAN_OPTIONS="halt_on_error=1 second_deadlock_stack=1" \
        stage tsan tsan "$concurrent" concurrent
      ;;
    arm)
      say "kernels for 64-bit ARM"
      tests/neon/run.sh "$results"
      ;;
    tidy)
      say "clang-tidy"
      python3 tests/tidy/clang_tidy.py "$results"
      ;;
    packages) packages ;;
    *) echo "tests/run.sh has no group '$1'" && false ;;
  esac
}

failed=0 left_out=""
release="cli;sdk;abi;conformance;sim;tidy;linear"
if [ "$mode" = quick ]; then
  stage release release "$engines;$shards;$gateway;$front;$release" || failed=1
else
  # Claims about large data are tested here. Sanitizers take less data.
  stage release release "$release;archive;model_check;plugins/index;plugins/index_rhumb" || failed=1
fi
say "histories of one node"
tests/linear/run.sh "$results" "$mode" || failed=1
say "end to end, with the real clients"
tests/e2e/run.sh "$results" "$mode" || failed=1
if [ "$mode" != quick ]; then
  order=$(python3 tests/budget.py order tests/budget.tsv "$(git rev-parse HEAD)") || failed=1
  for name in $order; do
    if [ "$mode" = soak ] ||
      python3 tests/budget.py fits tests/budget.tsv "$name" $(($(date +%s) - started)); then
      group "$name" || failed=1
    else
      left_out+=" $name"
    fi
  done
fi
if [ "$mode" = soak ]; then
  say "old faults, planted again"
  python3 tests/planted/run.py --results "$results" || failed=1
fi

say "done"
python3 tests/budget.py report tests/budget.tsv "$times" "$mode" || failed=1
[ -z "$left_out" ] || echo "left out, because the time was used:$left_out"
python3 tests/summary.py "$results" tests/skipped.txt || failed=1
exit "$failed"
