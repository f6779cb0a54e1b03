#!/usr/bin/env bash
# Installs the SDK under a prefix of its own and builds both templates against it, out of tree, with the three commands they name.
#   templates.sh <cmake> <build directory> <where to work> <sanitizers, or empty>
set -euo pipefail

cmake="$1" build="$2" work="$3" sanitizers="$4"
rm -rf "$work"
mkdir -p "$work"
"$cmake" --install "$build" --component sdk --prefix "$work/prefix" > "$work/install.log"

flags=()
if [ -n "$sanitizers" ]; then # the installed kernels are instrumented: so must be what links them
  flags=(-DCMAKE_C_FLAGS="-fsanitize=$sanitizers" -DCMAKE_CXX_FLAGS="-fsanitize=$sanitizers" -DRHUMB_SANITIZE="$sanitizers")
fi
export CMAKE_GENERATOR="${CMAKE_GENERATOR:-Ninja}" # the one that is surely here: this build used it
export CMAKE_PREFIX_PATH="$work/prefix" PATH="$work/prefix/bin:$PATH"
for template in c/my_flat cpp/my_index; do
  cp -r "$work/prefix/share/rhumb/sdk/template/${template%/*}" "$work/${template#*/}"
  cd "$work/${template#*/}"
  "$cmake" -B build "${flags[@]}" > configure.log
  "$cmake" --build build
  rhumb-plugin-check "build/${template#*/}.so"
done
