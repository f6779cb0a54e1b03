#!/usr/bin/env bash
# Builds kernels, codes and the graph engine for 64-bit ARM, and runs the kernels' tests under qemu:
# on a processor with all extensions, and on one without dot products.
#   tests/neon/run.sh RESULTS_DIR
set -uo pipefail
cd "$(dirname "$0")/../.."
results="$1"
cmake -S tests/neon -B build/neon -G Ninja \
  -DCMAKE_TOOLCHAIN_FILE="$PWD/tests/neon/aarch64.cmake" -DCMAKE_BUILD_TYPE=RelWithDebInfo \
  -DCMAKE_CXX_FLAGS_RELWITHDEBINFO="-O1" >"$results/neon-configure.log" 2>&1 ||
  { tail -30 "$results/neon-configure.log"; exit 1; }
cmake --build build/neon --target test_neon index_rhumb_core >"$results/neon-build.log" 2>&1 ||
  { grep -E -A12 'FAILED|error' "$results/neon-build.log" | head -60; exit 1; }
failed=0
for processor in max cortex-a53; do
  timeout 300 qemu-aarch64 -cpu "$processor" build/neon/test_neon --gtest_brief=1 \
    --gtest_output="xml:$results/neon/$processor.xml" || failed=1
done
exit "$failed"
