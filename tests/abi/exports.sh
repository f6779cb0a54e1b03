#!/usr/bin/env bash
# Each plugin exports rhumb_plugin_v1 and nothing else.   exports.sh <plugin directory>
set -euo pipefail

shopt -s nullglob
failures=0
plugins=("$1"/*.so)
[ ${#plugins[@]} -gt 0 ] || { echo "no plugins in $1"; exit 1; }
for plugin in "${plugins[@]}"; do
  exported="$(nm -D --defined-only "$plugin" | awk '{ print $NF }' | sort | tr '\n' ' ')"
  if [ "$exported" != "rhumb_plugin_v1 " ]; then
    echo "FAILED: $plugin exports: $exported"
    failures=$((failures + 1))
  fi
done
[ "$failures" -eq 0 ] || exit 1
echo "${#plugins[@]} plugins"
