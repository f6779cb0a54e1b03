#!/usr/bin/env bash
# One command from a fresh Debian 12 to answers: installs what is missing, builds, starts a server,
# loads 10,000 programs, asks questions.
#   packaging/quickstart.sh        does all of that and leaves the server running; on a used machine
#                                  it does only what is left to do
#   packaging/quickstart.sh stop   ends the server; the data stay in build/quickstart
set -euo pipefail
cd "$(dirname "$0")/.."

port="${RHUMB_QUICKSTART_PORT:-6333}"
home="$PWD/build/quickstart"
bin="$PWD/build/release/bin"
pid_file="$home/rhumbd.pid"
url="http://127.0.0.1:$port"
demo="tests/data/demo"

# A process that ended but that nobody has waited for yet (containers without an init) does not run.
running() {
  [ -f "$pid_file" ] || return 1
  local state
  state="/proc/$(cat "$pid_file")/status"
  grep -q '^Name:.*rhumbd' "$state" 2>/dev/null && ! grep -q '^State:.*Z' "$state"
}

stop() {
  if ! running; then echo "no server of the quickstart is running"; rm -f "$pid_file"; return; fi
  local pid; pid=$(cat "$pid_file")
  kill -TERM "$pid"
  while running; do sleep 0.1; done
  rm -f "$pid_file"
  echo "stopped; the data stay in build/quickstart/data"
}

case "${1:-}" in
  stop) stop; exit 0 ;;
  "") ;;
  *) echo "usage: $0 [stop]" >&2; exit 2 ;;
esac

packaging/dependencies.sh build
echo "== building (Release)"
export CCACHE_BASEDIR="$PWD" CCACHE_NOHASHDIR=1 # a fresh clone finds what another one compiled
cmake --preset release -DRHUMB_TESTS=OFF >/dev/null
cmake --build build/release

mkdir -p "$home"
if running; then
  echo "== the server is running already (process $(cat "$pid_file"))"
else
  echo "== starting rhumbd on $url"
  nohup "$bin/rhumbd" --data "$home/data" --port "$port" >"$home/rhumbd.log" 2>&1 &
  echo $! >"$pid_file"
fi
curl -fsS -o /dev/null --retry 300 --retry-delay 0 --retry-max-time 30 --retry-connrefused \
  --retry-all-errors "$url/readyz" 2>/dev/null || true
if ! running; then
  echo "rhumbd ended; its log:" >&2
  tail -20 "$home/rhumbd.log" >&2
  rm -f "$pid_file"
  exit 1
fi
curl -fsS -o /dev/null "$url/readyz" ||
  { echo "rhumbd is not ready after 30 s: see $home/rhumbd.log" >&2; exit 1; }

points=$("$bin/rhumb" collections show programs --url "$url" -o json 2>/dev/null |
  sed -nE 's/^ *"points_count": ([0-9]+).*/\1/p' || true)
if [ "${points:-0}" != 10000 ]; then
  echo "== importing the demo set: 10,000 programs of Debian with their embeddings"
  "$bin/rhumb" import programs "$demo/points.ndjson.zst" --vectors "$demo/vectors.f16" \
    --create --size 384 --index section:keyword --index installed_kb:integer --url "$url"
fi

ask() { # ask ROW [more options]
  local row="$1"; shift
  local question
  question="$(sed -n "$((row + 2))p" "$demo/questions.json" | sed -E 's/^"//; s/",?$//')"
  printf '\n» %s\n' "$question${2:+   (only where $2)}"
  "$bin/rhumb" search programs --vector "$demo/questions.f16:$row" --limit 3 --fields summary \
    --url "$url" ${1:+--filter "$1"}
}
echo
echo "== three questions"
ask 0
ask 6
games='{"key":"section","match":{"value":"games"}}'
small='{"key":"installed_kb","range":{"lt":2000}}'
ask 1 "{\"must\":[$games,$small]}" "section is games and installed_kb < 2000"

cat <<TEXT

The server runs on $url (log: build/quickstart/rhumbd.log). Go on with
  build/release/bin/rhumb search programs --like gimp --fields summary
  curl -s $url/collections/programs
  packaging/quickstart.sh stop
TEXT
