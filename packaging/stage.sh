#!/usr/bin/env bash
# Puts what compile.sh made into the roots of the packages: stage.sh BUILD LIBDIR ROOTS deb|rpm
# VERSION fills ROOTS/rhumb, ROOTS/rhumb-cli and ROOTS/rhumb-sdk. Each gets its programs, the
# libraries that it carries, the notes about these, and a list of its parts.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
build="$1" private="usr/$2/rhumb" roots="$3" format="$4" version="$5"

for part in server:rhumb cli:rhumb-cli sdk:rhumb-sdk; do
  DESTDIR="$roots/${part#*:}" cmake --install "$build" --component "${part%:*}"
done

carry() { # carry PACKAGE OPTIONS...
  local package="$1"
  shift
  "$here/private_libraries.py" "$roots/$package" --into "$private" \
    --notes "usr/share/doc/$package/private" "$@"
}
carry rhumb-cli --compiled CLI/CLI.hpp --compiled nlohmann/json.hpp
carry rhumb --provided "$roots/rhumb-cli" --compiled boost/version.hpp \
  --compiled hnswlib/hnswlib.h --compiled nlohmann/json.hpp
carry rhumb-sdk --compiled nlohmann/json.hpp

# Boost's file has two megabytes.
find "$roots"/*/usr/share/doc -name '*.copyright' -size +1M -exec gzip -9n {} +

parts() { # parts PACKAGE OPTIONS...
  local package="$1"
  shift
  "$here/sbom.py" "$roots/$package" "$package" "$version" --into "$private" --format "$format" "$@"
}
parts rhumb --cargo "$build/plugins/consensus_raft/stage/Cargo.toml"
parts rhumb-cli
parts rhumb-sdk

install -D -m 644 "$here/systemd/rhumb.sysusers" "$roots/rhumb/usr/lib/sysusers.d/rhumb.conf"
