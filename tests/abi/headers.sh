#!/usr/bin/env bash
# Every SDK header alone, under both compilers, as C99, C11, C17 and C++20, pedantic, with no
# implicit padding in any struct, and again with short enums, whose sizes must not matter.
#   headers.sh <sdk/include>
set -euo pipefail

include_dir="$1"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
flags=(-pedantic -Wall -Wextra -Wpadded -Wno-unused-parameter -Werror -fsyntax-only
  -I "$include_dir" -I "$work")
failures=0
mkdir "$work/rhumb"

# A translation unit that takes the size of each struct of a header: compilers lay out, and complain
# about, only what is used.
unit() { # header
  echo "#include \"rhumb/$(basename "$1")\""
  local type
  for type in $(sed -nE 's/^\} (rhumb_[a-z0-9_]+_t);$/\1/p' "$1"); do
    echo "typedef char size_of_$type[sizeof($type)];"
  done
}

fail() {
  echo "FAILED: $1"
  failures=$((failures + 1))
}

compile() { # language standard compiler extra file
  "$3" -x "$1" -std="$2" $4 "${flags[@]}" "$5"
}

check_all() { # file
  local compiler standard extra
  for compiler in gcc clang; do
    for extra in "" -fshort-enums; do
      for standard in c99 c11 c17; do
        compile c "$standard" "$compiler" "$extra" "$1" ||
          fail "$2 as $standard with $compiler $extra"
      done
      compile c++ c++20 "$compiler" "$extra" "$1" || fail "$2 as c++20 with $compiler $extra"
    done
  done
}

# The check itself must catch what it is for.
cat > "$work/rhumb/padded.h" <<'C'
#include <stdint.h>
typedef struct rhumb_padded {
  uint32_t a;
  uint64_t b;
} rhumb_padded_t;
C
unit "$work/rhumb/padded.h" > "$work/padded.c"
for compiler in gcc clang; do
  for language in "c c99" "c++ c++20"; do
    if compile $language "$compiler" "" "$work/padded.c" 2>/dev/null; then
      echo "FAILED: $compiler takes a padded struct as ${language##* }: this check is blind"
      exit 1
    fi
  done
done

count=0
for header in "$include_dir"/rhumb/*.h; do
  unit "$header" > "$work/unit.c"
  check_all "$work/unit.c" "$(basename "$header")"
  count=$((count + 1))
done
[ "$count" -ge 9 ] || { echo "FAILED: only $count headers in $include_dir/rhumb"; exit 1; }
[ "$failures" -eq 0 ] || exit 1
echo "$count headers, 16 ways each"
