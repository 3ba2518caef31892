#!/usr/bin/env bash
# Tests the desktop app in the real webview, on X servers of its own. APP is built with the tag devtools.
# Usage: build/e2e-desktop.sh APP [go test flags]
set -euo pipefail
app=$(realpath "$1")
shift
cd "$(dirname "$0")/.."
log=$(mktemp)
trap 'rm -f "$log"' EXIT

go test -tags "${DESKTOP_TAGS:-desktop,production,webkit2_41}" -timeout 5m ./app
SPINSCOPE_DESKTOP=$app SPINSCOPE_SHOTS=$PWD/test-results/desktop \
  go test -count=1 -timeout 20m -v "$@" ./app/e2e | tee "$log"
if grep -q SKIPPED "$log"; then
  echo "e2e-desktop: tests were skipped, see above" >&2
  exit 1
fi
