#!/usr/bin/env bash
# Runs the browser tests of the page against servers of its own: demo market, free port, new data directory; first
# without a token, then the tests that are about one. Usage: build/e2e-browser.sh SERVER
set -euo pipefail
server=$(realpath "$1")
cd "$(dirname "$0")/.."
. build/wait-server.sh

home=$(mktemp -d)
pid=
stop() {
  local code=$?
  trap - EXIT
  [ -z "$pid" ] || kill "$pid" 2>/dev/null || true
  [ "$code" = 0 ] || sed 's/^/server: /' "$home/server.log" >&2
  rm -rf "$home"
  exit "$code"
}
trap stop EXIT
trap 'exit 130' INT TERM

# serve DATA [NAME=VALUE…] starts a server; the person's own configuration stays out of it.
serve() {
  local data=$home/$1
  shift
  mkdir "$data"
  env HOME="$home" XDG_CONFIG_HOME="$home" "$@" "$server" serve --cluster demo --listen 127.0.0.1:0 --data-dir "$data" \
    >"$home/server.log" 2>&1 &
  pid=$!
  address=$(wait_server "$data" "$pid")
  echo "e2e: browser tests against http://$address/"
}

# end stops the server, which must end well.
end() {
  kill "$pid"
  wait "$pid" || { echo "e2e: the server ended badly" >&2; exit 1; }
  pid=
}

serve open
(cd frontend && SPINSCOPE_BASE=http://$address SPINSCOPE_DATA=$home/open npm run --silent e2e)
end

token=$(head -c 12 /dev/urandom | od -An -tx1 | tr -d ' \n')
serve guarded SPINSCOPE_SERVER_TOKEN="$token"
(cd frontend && SPINSCOPE_BASE=http://$address SPINSCOPE_TOKEN=$token \
  node --test --test-name-pattern='^a server with a token' e2e/page.test.mjs)
end
