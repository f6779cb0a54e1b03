#!/usr/bin/env bash
# Installs what Rhumb is built and tested with, from the package sources of this machine.
#   packaging/dependencies.sh build     what a Release build and a run need
#   packaging/dependencies.sh package   the same and what the builds of packages need
#   packaging/dependencies.sh packages  the same and what tests/packages needs (root)
#   packaging/dependencies.sh test      as build, and what the tests need
#   packaging/dependencies.sh bench     the same and what tests/bench compares with
set -euo pipefail

mode="${1:-build}"
case "$mode" in
  build | package | packages | test | bench) ;;
  *) echo "usage: $0 [build|package|packages|test|bench]" >&2; exit 2 ;;
esac
tests=1 # whether the tests' packages are wanted
case "$mode" in build | package | packages) tests= ;; esac

build_packages=(
  g++ cmake ninja-build mold ccache pkg-config git ca-certificates curl
  libpoco-dev libboost-dev libuv1-dev libsimdjson-dev nlohmann-json3-dev libyaml-cpp-dev
  libcli11-dev libsqlite3-dev libhnswlib-dev libroaring-dev libxxhash-dev libzstd-dev zlib1g-dev
  libssl-dev prometheus-cpp-dev protobuf-compiler
)
test_packages=(
  clang clang-format clang-tidy libclang-rt-14-dev libgtest-dev python3 python3-venv black
  nodejs npm procps strace e2fsprogs mount make zstd g++-aarch64-linux-gnu qemu-user
  prometheus groff fish zsh
)
package_packages=(debhelper dpkg-dev patchelf python3 rpm createrepo-c apt-utils gpg)
package_test_packages=(debootstrap systemd-container lintian rpmlint dnf gpg-agent buildah crun)
packages=("${build_packages[@]}")
[ -n "$tests" ] && packages+=("${test_packages[@]}")
case "$mode" in package | packages) packages+=("${package_packages[@]}") ;; esac
[ "$mode" = packages ] && packages+=("${package_test_packages[@]}")
[ "$mode" = bench ] && packages+=(libfaiss-dev libbenchmark-dev valgrind)

# The Raft plugin needs Rust 1.71. A cargo that is new enough is used as it is. Otherwise Debian's
# own "web" build of it is installed. That build conflicts with Debian's older rustc and with
# rustup, so it is asked for only when nothing fits.
cargo_fits() {
  command -v cargo >/dev/null && command -v rustc >/dev/null || return 1
  local minor
  minor=$(rustc --version 2>/dev/null | sed -nE 's/^rustc 1\.([0-9]+).*/\1/p')
  [ -n "$minor" ] && [ "$minor" -ge 71 ]
}
if ! cargo_fits; then
  packages+=(rustc-web cargo-web)
  [ -z "$tests" ] || packages+=(rustfmt-web)
fi

# The harness of histories needs Go 1.19; one that is here is used as it is.
go_fits() {
  command -v go >/dev/null || return 1
  local minor
  minor=$(go env GOVERSION 2>/dev/null | sed -nE 's/^go1\.([0-9]+).*/\1/p')
  [ -n "$minor" ] && [ "$minor" -ge 19 ]
}
[ -z "$tests" ] || go_fits || packages+=(golang-go)

# A node that is not Debian's brings its own npm; Debian's npm would conflict with it.
if [ -n "$tests" ] && command -v node >/dev/null && command -v npm >/dev/null; then
  packages=("${packages[@]/#nodejs/}")
  packages=("${packages[@]/#npm/}")
fi

missing=()
for package in "${packages[@]}"; do
  [ -n "$package" ] || continue
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' ||
    missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

sudo=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null ||
    { echo "these packages are missing, without root and sudo: ${missing[*]}" >&2; exit 1; }
  sudo=(sudo)
fi
echo "installing: ${missing[*]}"
"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -q
"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -q --no-install-recommends "${missing[@]}"
