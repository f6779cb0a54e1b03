#!/usr/bin/env bash
# Makes Cargo.lock from crates.lock.txt (name, version, checksum of every crate, transitive ones too), so that the
# build takes exactly those and no registry's address is kept in the tree: cargo knows its own.
#   lock.sh DIR            writes DIR/Cargo.lock beside DIR/Cargo.toml; fails where cargo resolves anything else
#   lock.sh DIR --update   resolves anew, for the oldest supported compiler, and rewrites crates.lock.txt
set -euo pipefail

list="$(cd "$(dirname "$0")" && pwd)/crates.lock.txt"
cargo="${CARGO:-cargo}"
cd "$1"

crates() {
  awk '/^\[\[package\]\]/ {name = version = ""}
       /^name = / {name = $3} /^version = / {version = $3}
       /^checksum = / {line = name " " version " " $3; gsub(/"/, "", line); print line}' Cargo.lock
}

# The resolver must not pick crates that ask for a newer compiler than Cargo.toml does.
export CARGO_RESOLVER_INCOMPATIBLE_RUST_VERSIONS=fallback
rm -f Cargo.lock
"$cargo" generate-lockfile --quiet
if [ "${2:-}" = --update ]; then
  crates >"$list"
fi
source=$(sed -n 's/^source = "\(.*\)"$/\1/p' Cargo.lock | sort -u)
if [ -z "$source" ] || [ "$(wc -l <<<"$source")" -ne 1 ]; then
  echo "lock.sh: cargo resolves from no registry, or from more than one" >&2
  exit 1
fi

# Packages without their dependencies: cargo completes the file and prefers the versions it finds in it.
{
  echo 'version = 3'
  awk -v source="$source" '{
    printf "\n[[package]]\nname = \"%s\"\nversion = \"%s\"\nsource = \"%s\"\nchecksum = \"%s\"\n", $1, $2, source, $3
  }' "$list"
} >Cargo.lock
"$cargo" update --workspace --quiet
if [ "${2:-}" = --update ]; then
  crates >"$list"
fi
if ! diff -u "$list" <(crates) >&2; then
  echo "lock.sh: cargo resolves other crates than crates.lock.txt names (lock.sh DIR --update renews the list)" >&2
  exit 1
fi
