#!/usr/bin/env bash
# Compiles what the packages hold: compile.sh BUILD LIBDIR. BUILD is the build folder, and LIBDIR
# the directory of libraries below /usr (lib64). RHUMB_JOBS limits how many compilers run at a time.
#
# The outputs are meant to depend neither on the folder of the sources nor on the time, so that two
# builds of one commit are equal (tests/packages/reproducible.sh).
set -euo pipefail
source="$(cd "$(dirname "$0")/.." && pwd)"
mkdir -p "$1"
build="$(cd "$1" && pwd)" libdir="$2"

# Paths as debuggers and messages show them. The last map that fits counts.
sources=/usr/src/rhumb
paths="-ffile-prefix-map=$source=$sources -ffile-prefix-map=$build=$sources/build/package"
cargo_home="${CARGO_HOME:-$HOME/.cargo}"
export RUSTFLAGS="--remap-path-prefix=$cargo_home=/usr/src/cargo"
RUSTFLAGS+=" --remap-path-prefix=$(rustc --print sysroot)=/usr/src/rust"
RUSTFLAGS+=" --remap-path-prefix=$source=$sources --remap-path-prefix=$build=$sources/build/package"

# A backtrace needs functions and lines. -g1 costs no time to compile, and -g takes a third more.
export CARGO_PROFILE_RELEASE_DEBUG=line-tables-only CARGO_PROFILE_RELEASE_STRIP=none
flags="-g1 $paths"
hardening=-Wl,-z,relro,-z,now

# debhelper and rpmbuild set flags of their own, with which the programs would be other ones than
# those that the tests and the benchmarks run.
unset CFLAGS CXXFLAGS CPPFLAGS LDFLAGS
cd "$source"
cmake --preset release -B "$build" -DRHUMB_TESTS=OFF \
  -DCMAKE_INSTALL_PREFIX=/usr -DCMAKE_INSTALL_LIBDIR="$libdir" \
  -DCMAKE_INSTALL_SYSCONFDIR=/etc -DCMAKE_INSTALL_LOCALSTATEDIR=/var \
  -DCMAKE_C_FLAGS="$flags" -DCMAKE_CXX_FLAGS="$flags" \
  -DCMAKE_EXE_LINKER_FLAGS="$hardening" -DCMAKE_MODULE_LINKER_FLAGS="$hardening" \
  -DRHUMB_CARGO_TARGET_DIR="$build/cargo"
cmake --build "$build" ${RHUMB_JOBS:+--parallel "$RHUMB_JOBS"}
