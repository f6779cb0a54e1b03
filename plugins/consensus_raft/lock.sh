#!/usr/bin/env bash
# Makes Cargo.lock from crates.lock.txt (name, version and checksum of every crate, also of
# transitive ones), so that the build uses exactly those crates. The tree contains no address of a
# registry; cargo uses its own.
#   lock.sh DIR            writes DIR/Cargo.lock beside DIR/Cargo.toml; fails if cargo resolves
#                          other crates
#   lock.sh DIR --update   resolves anew, for the oldest supported compiler, and rewrites
#                          crates.lock.txt
set -euo pipefail

list="$(cd "$(dirname "$0")" && pwd)/crates.lock.txt"
cargo="${CARGO:-cargo}"
cd "$1"

crates() {
  awk '/^\[\[package\]\]/ {name = version = ""}
       /^name = / {name = $3} /^version = / {version = $3}
       /^checksum = / {line = name " " version " " $3; gsub(/"/, "", line); print line}' Cargo.lock
}

# The resolver must not pick crates that need a newer compiler than Cargo.toml.
export CARGO_RESOLVER_INCOMPATIBLE_RUST_VERSIONS=fallback
rm -f Cargo.lock
"$cargo" generate-lockfile --quiet
if [ "${2:-}" = --update ]; then
  crates >"$list"
fi
source=$(sed -n 's/^source = "\(.*\)"$/\1/p' Cargo.lock | sort -u)
if [ -z "$source" ] || [ "$(wc -l <<<"$source")" -ne 1 ]; then
  echo "lock.sh: expected crates from exactly one registry" >&2
  exit 1
fi

# The file lists packages without their dependencies. Cargo completes it and prefers the listed
# versions.
{
  echo 'version = 3'
  awk -v source="$source" '{
    printf "\n[[package]]\nname = \"%s\"\nversion = \"%s\"\n", $1, $2
    printf "source = \"%s\"\nchecksum = \"%s\"\n", source, $3
  }' "$list"
} >Cargo.lock
"$cargo" update --workspace --quiet
if [ "${2:-}" = --update ]; then
  crates >"$list"
fi
if ! diff -u "$list" <(crates) >&2; then
  echo "lock.sh: cargo resolves other crates than those in crates.lock.txt" >&2
  echo "lock.sh: lock.sh DIR --update renews the list" >&2
  exit 1
fi
