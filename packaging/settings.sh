# What the builds of all packages share, to be sourced at the top of the repository: the version,
# the time and the compiler's cache.
packaging/dependencies.sh package
export CCACHE_BASEDIR="$PWD" CCACHE_NOHASHDIR=1 # a fresh clone finds what another one compiled
# debhelper sets another HOME for the build, and these caches and settings are in ours.
CCACHE_DIR="${CCACHE_DIR:-$(ccache --get-config cache_dir)}"
export CCACHE_DIR CARGO_HOME="${CARGO_HOME:-$HOME/.cargo}"
[ -d "$HOME/.rustup" ] && export RUSTUP_HOME="${RUSTUP_HOME:-$HOME/.rustup}"
umask 022

# A commit that is no release sorts before the release that it leads to.
version="$(sed -nE 's/^project\(rhumb VERSION ([0-9.]+).*/\1/p' CMakeLists.txt)"
SOURCE_DATE_EPOCH="$(git log -1 --format=%ct)"
export SOURCE_DATE_EPOCH LC_ALL=C.UTF-8 TZ=UTC
if [ "$(git describe --exact-match --tags 2>/dev/null)" != "v$version" ]; then
  version+="~$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y%m%d.%H%M%S).$(git rev-parse --short=8 HEAD)"
fi
maintainer="$(sed -n 's/^Maintainer: //p' packaging/debian/control)"
