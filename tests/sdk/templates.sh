#!/usr/bin/env bash
# Installs the SDK under a prefix of its own, builds each template against it outside of the tree,
# and checks the plugins with the installed checker.
#   templates.sh <cmake> <build directory> <where to work> <sanitizers, or empty> <cargo, or empty>
set -euo pipefail

cmake="$1" build="$2" work="$3" sanitizers="$4" cargo="$5"
rm -rf "$work"
mkdir -p "$work"
"$cmake" --install "$build" --component sdk --prefix "$work/prefix" > "$work/install.log"

flags=()
if [ -n "$sanitizers" ]; then
  # The installed kernels are instrumented, so all that links them must be.
  flags=(-DCMAKE_C_FLAGS="-fsanitize=$sanitizers" -DCMAKE_CXX_FLAGS="-fsanitize=$sanitizers"
    -DRHUMB_SANITIZE="$sanitizers")
fi
export CMAKE_GENERATOR="${CMAKE_GENERATOR:-Ninja}" # This build used Ninja, so it is installed.
export CMAKE_PREFIX_PATH="$work/prefix" RHUMB_SDK="$work/prefix" PATH="$work/prefix/bin:$PATH"
templates="$work/prefix/share/rhumb/sdk/template"
for template in c/my_flat cpp/my_index; do
  name="${template#*/}"
  cp -r "$templates/${template%/*}" "$work/$name"
  cd "$work/$name"
  "$cmake" -B build "${flags[@]}" > configure.log
  "$cmake" --build build
  rhumb-plugin-check "build/$name.so"
done

if [ -n "$sanitizers" ]; then # rustc would need the sanitizers' runtime.
  echo "the Rust template is not built with sanitizers"
  exit 0
fi
cp -r "$templates/rust" "$work/my_rust_flat"
cd "$work/my_rust_flat"
"$cargo" build --release --offline
"$cargo" test --release --offline
mkdir build
cp target/release/libmy_rust_flat.so build/my_rust_flat.so
rhumb-plugin-check build/my_rust_flat.so
