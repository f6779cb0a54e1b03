#!/usr/bin/env bash
# Builds the fuzz targets with clang and runs each for some seconds on its corpus.
#   tests/fuzz/run.sh RESULTS_DIR SECONDS [TARGET...]
# Findings of a target are in build/fuzz/findings. `build/asan-ubsan/bin/fuzz_TARGET FILE` repeats
# one.
# New inputs stay in build/fuzz/corpus.
set -uo pipefail
cd "$(dirname "$0")/../.."
results="$1" seconds="$2"
shift 2
targets=("$@")
[ ${#targets[@]} -gt 0 ] ||
  targets=(http_parser bodies numbers filters frames log_records segment_files archives)

cmake --preset asan-ubsan -DRHUMB_TESTS=ON >"$results/fuzz-configure.log" 2>&1 ||
  { tail -30 "$results/fuzz-configure.log"; exit 1; }
cmake --build build/asan-ubsan --target fuzz >"$results/fuzz-build.log" 2>&1 ||
  { grep -E -A12 'FAILED|error' "$results/fuzz-build.log" | head -60; exit 1; }

export UBSAN_OPTIONS=print_stacktrace=1
mkdir -p build/fuzz/findings
failed=0
xml=""
for target in "${targets[@]}"; do
  mkdir -p "build/fuzz/corpus/$target"
  seed="${RHUMB_SEED:-$RANDOM}"
  log="$results/fuzz-$target.log"
  if "build/asan-ubsan/bin/fuzz_$target" -seed="$seed" -max_total_time="$seconds" -timeout=10 \
    -rss_limit_mb=2048 -max_len=8192 -artifact_prefix="build/fuzz/findings/$target-" \
    -print_final_stats=1 "build/fuzz/corpus/$target" "tests/fuzz/corpus/$target" >"$log" 2>&1; then
    xml+="<testcase classname=\"fuzz\" name=\"$target\"/>"
  else
    failed=1
    xml+="<testcase classname=\"fuzz\" name=\"$target\"><failure/></testcase>"
    tail -40 "$log"
  fi
  runs=$(sed -nE 's/^stat::number_of_executed_units: //p' "$log")
  echo "fuzz $target: seed $seed, ${runs:-0} inputs in $seconds s"
done
echo "<testsuites><testsuite name=\"fuzz\">$xml</testsuite></testsuites>" >"$results/fuzz.xml"
exit "$failed"
