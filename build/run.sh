#!/usr/bin/env bash
# Opens the app, or serves it when there is no display. Usage: build/run.sh APP SERVER
set -euo pipefail
app=$1 server=$2
if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
  exec "$app"
fi
echo "No display here: serving instead. Open the address below in a browser; stop with Ctrl+C."
exec "$server" serve
