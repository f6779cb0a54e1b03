#!/usr/bin/env bash
# porcupine judges histories of concurrent requests against build/release: first the server as it
# is, killed and restarted all the time, then with each of the faults of planted/faults.cc, which
# have to be found.
#   tests/linear/run.sh RESULTS_DIR [full|quick|soak]
# By hand, also against several servers: build/linear/linear -help
set -uo pipefail
cd "$(dirname "$0")/../.."
results="$PWD/$1" mode="${2:-full}"
case "$1" in /*) results="$1" ;; esac
home="$PWD/build/linear" bin="$PWD/build/release/bin"
mkdir -p "$home" "$results/linear"

failed=0
xml=""
count() { # count NAME STATUS
  if [ "$2" -eq 0 ]; then
    xml+="<testcase classname=\"linear\" name=\"$1\"/>"
  else
    failed=1
    xml+="<testcase classname=\"linear\" name=\"$1\"><failure/></testcase>"
  fi
}
finish() {
  echo "<testsuites><testsuite name=\"linear\">$xml</testsuite></testsuites>" >"$results/linear.xml"
  exit "$failed"
}

(cd tests/linear && go vet ./... && go test ./... && go build -o "$home/linear" .) \
  >"$results/linear/build.log" 2>&1
built=$?
count model "$built"
[ "$built" -eq 0 ] || { tail -20 "$results/linear/build.log"; finish; }
cmake --build build/release --target rhumbd rhumbd_planted >>"$results/linear/build.log" 2>&1 || {
  tail -20 "$results/linear/build.log"
  count server 1
  finish
}

# judged NAME STATUS_WANTED SECONDS SERVER [ARGUMENTS...]
judged() {
  local name="$1" wanted="$2" seconds="$3" server="$4" folder="$home/$1"
  shift 4
  rm -rf "$folder"
  "$home/linear" -out "$folder" -seconds "$seconds" -seed "${RHUMB_SEED:-0}" \
    -server "$server --data {data} --port {port}" "$@" >"$results/linear/$name.log" 2>&1
  local status=$?
  echo "linear $name: $(tr '\n' ';' <"$results/linear/$name.log")"
  [ "$status" -eq "$wanted" ]
  count "$name" $?
  [ "$status" -eq "$wanted" ] && rm -rf "$folder"
}

seconds=20
[ "$mode" = quick ] && seconds=5
[ "$mode" = soak ] && seconds=900
judged one_shard 0 "$seconds" "$bin/rhumbd"
judged three_shards 0 "$((seconds / 4))" "$bin/rhumbd" -shards 3
for fault in skip identity; do  # at most 60 seconds, because it ends with the first wrong history
  RHUMB_PLANTED="$fault" judged "planted_$fault" 1 60 "$bin/rhumbd_planted" -every 0 -round 1
done
finish
