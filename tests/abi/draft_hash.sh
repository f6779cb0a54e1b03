#!/usr/bin/env bash
# The draft hash covers what binds host and plugin, and nothing else. Comments and line breaks keep
# the hash; a field, a type, a value or an order that changes gives another one.
#   draft_hash.sh <cmake> <sdk> <draft.h of this build>
set -euo pipefail

cmake="$1" sdk="$2" generated="$3"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
failures=0

hash_of() { "$cmake" -DHEADERS_DIR="$1" -P "$sdk/cmake/DraftHash.cmake" 2>&1 || true; }
fail() { echo "FAILED: $*"; failures=$((failures + 1)); }

original="$(hash_of "$sdk/include/rhumb")"
[[ "$original" =~ ^[0-9a-f]{64}$ ]] || { echo "FAILED: no hash: $original"; exit 1; }
grep -q "\"$original\"" "$generated" || fail "$generated carries another hash than its headers have"

# edited SAME|OTHER WHAT FILE SED-PROGRAM: the hash after this edit of a copy.
edited() {
  rm -rf "$work/rhumb"
  cp -r "$sdk/include/rhumb" "$work/rhumb"
  sed -i -E "$4" "$work/rhumb/$3"
  if cmp -s "$sdk/include/rhumb/$3" "$work/rhumb/$3"; then
    fail "$2: the edit did not match"
    return
  fi
  local now
  now="$(hash_of "$work/rhumb")"
  if [ "$1" = SAME ] && [ "$now" != "$original" ]; then fail "$2 changed the hash"; fi
  if [ "$1" = OTHER ] && [ "$now" = "$original" ]; then fail "$2 kept the hash"; fi
}

edited SAME "a changed comment" index.h '1s/index engines/engines of indexes/'
edited SAME "a comment of several lines" core.h \
  '0,/^typedef/s//\/* One line;\n * and "another", with ** stars. **\/\ntypedef/'
edited SAME "a comment to the end of the line" core.h \
  's/^(typedef int32_t rhumb_status_t;)/\1 \/\/ 32 bits/'
edited SAME "other indentation" index.h 's/^  /\t    /'
edited SAME "a declaration on two lines" index.h \
  's/^typedef struct rhumb_filter \{/typedef struct rhumb_filter\n{/'
edited SAME "a space before a parenthesis" plugin.h \
  's/rhumb_status_t\(RHUMB_CALL/rhumb_status_t (RHUMB_CALL/'
edited SAME "a macro wrapped elsewhere" plugin.h \
  's/^(  uint32_t struct_size, caps;) +\\$/  uint32_t struct_size, \\\n  caps; \\/'
edited OTHER "a field more" index.h 's/^(  uint64_t bit_count, pass_count;)/\1 uint64_t extra;/'
edited OTHER "a field of another type" index.h \
  's/^  uint64_t capacity_hint;/  uint32_t capacity_hint;/'
edited OTHER "two fields exchanged" index.h \
  's/uint64_t bit_count, pass_count;/uint64_t pass_count, bit_count;/'
edited OTHER "another value" core.h 's/RHUMB_TIMEOUT = 65/RHUMB_TIMEOUT = 75/'
edited OTHER "another constant" router.h 's/RHUMB_BUCKETS 4096u/RHUMB_BUCKETS 8192u/'
edited OTHER "a function commented out" index.h \
  's/^  (rhumb_status_t\(RHUMB_CALL ?\* ?stats\).*;)/\/* \1 *\//'

[ "$failures" -eq 0 ] || exit 1
echo "13 edits of the headers"
