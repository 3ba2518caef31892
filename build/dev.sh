#!/usr/bin/env bash
# Serves the demo market and, beside it, the page with hot reload (Vite hands /api and /socket.io on to the server).
# A change of Go code needs a restart. SPINSCOPE_BASE=http://127.0.0.1:5051 uses a server that runs already.
set -euo pipefail
cd "$(dirname "$0")/.."
. build/wait-server.sh

processes=()
data=
stop() {
  trap - EXIT
  [ ${#processes[@]} = 0 ] || kill "${processes[@]}" 2>/dev/null || true
  wait
  [ -z "$data" ] || rm -rf "$data"
}
trap stop EXIT
trap 'exit 130' INT TERM

if [ -z "${SPINSCOPE_BASE:-}" ]; then
  go build -o build/bin/spinscope-dev .
  data=$(mktemp -d)
  build/bin/spinscope-dev serve --cluster demo --listen 127.0.0.1:0 --data-dir "$data" &
  processes+=($!)
  SPINSCOPE_BASE=http://$(wait_server "$data" $!)
fi
export SPINSCOPE_BASE
cd frontend
node_modules/.bin/vite & # in the background, so that a signal ends all of it
processes+=($!)
wait $!
