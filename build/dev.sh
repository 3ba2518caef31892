#!/usr/bin/env bash
# Serves the demo market and, beside it, the page with hot reload (Vite hands /api and /socket.io on to the server).
# A change of Go code needs a restart. SPINSCOPE_BASE=http://127.0.0.1:5051 uses a server that runs already.
set -euo pipefail
cd "$(dirname "$0")/.."
. build/wait-server.sh

if [ -z "${SPINSCOPE_BASE:-}" ]; then
  go build -o build/bin/spinscope-dev .
  data=$(mktemp -d)
  build/bin/spinscope-dev serve --cluster demo --listen 127.0.0.1:0 --data-dir "$data" &
  pid=$!
  stop() {
    trap - EXIT
    kill "$pid" 2>/dev/null || true
    wait "$pid" || true
    rm -rf "$data"
  }
  trap stop EXIT
  trap 'exit 130' INT TERM
  SPINSCOPE_BASE=http://$(wait_server "$data" "$pid")
fi
export SPINSCOPE_BASE
cd frontend
npm run dev
