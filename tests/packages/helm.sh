#!/usr/bin/env bash
# Prints the path of helm: the one that is installed, or one that is built into build/go from the Go
# module proxy, which takes minutes the first time.
set -euo pipefail
cd "$(dirname "$0")/../.."

helm="$(command -v helm || true)"
if [ -z "$helm" ]; then
  helm="$PWD/build/go/bin/helm"
  [ -x "$helm" ] || GOBIN="$PWD/build/go/bin" go install helm.sh/helm/v3/cmd/helm@v3.22.0 >&2
fi
echo "$helm"
