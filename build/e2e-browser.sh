#!/usr/bin/env bash
# Runs the browser tests of the page against a server of its own: demo market, free port, new data directory.
# Usage: build/e2e-browser.sh SERVER
set -euo pipefail
server=$(realpath "$1")
cd "$(dirname "$0")/.."
. build/wait-server.sh

home=$(mktemp -d)
data=$home/data
mkdir "$data"
# The person's own configuration stays out of it.
env HOME="$home" XDG_CONFIG_HOME="$home" "$server" serve --cluster demo --listen 127.0.0.1:0 --data-dir "$data" \
  >"$home/server.log" 2>&1 &
pid=$!
stop() {
  local code=$?
  trap - EXIT
  kill "$pid" 2>/dev/null || true
  if ! wait "$pid" && [ "$code" = 0 ]; then
    echo "e2e: the server ended badly" >&2
    code=1
  fi
  [ "$code" = 0 ] || sed 's/^/server: /' "$home/server.log" >&2
  rm -rf "$home"
  exit "$code"
}
trap stop EXIT

address=$(wait_server "$data" "$pid")
echo "e2e: browser tests against http://$address/"
cd frontend
SPINSCOPE_BASE=http://$address npm run --silent e2e
