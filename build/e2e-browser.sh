#!/usr/bin/env bash
# Runs the browser tests of the page against servers of its own: demo market, free port, new data directory; first
# without a token, then the tests that are about a disturbed market and about a token. Usage: build/e2e-browser.sh
# SERVER [shots]; with "shots" only the pictures are compared, and with SPINSCOPE_SHOTS_UPDATE=1 taken anew.
set -euo pipefail
server=$(realpath "$1")
only=${2:-}
cd "$(dirname "$0")/.."
. build/wait-server.sh

home=$(mktemp -d)
pid=
market=
tests=
# A program of this script ends with it, even if the script is killed outright.
beside=(setpriv --pdeathsig TERM)
stop() {
  local code=$?
  trap - EXIT
  trap '' INT TERM HUP # once is enough
  # Their data must not go before they have ended.
  for one in ${tests:+-$tests} $pid $market; do
    kill -- "$one" 2>/dev/null && wait "${one#-}" 2>/dev/null || true
  done
  [ "$code" = 0 ] || sed 's/^/server: /' "$home/server.log" >&2 || true
  rm -rf "$home"
  exit "$code"
}
trap stop EXIT
trap 'exit 130' INT TERM HUP

# in_page NAME=VALUE… COMMAND… runs tests in the page's directory. A signal is heard at once: the shell waits for what it
# has put beside itself, not for what stands before it.
in_page() {
  set -m # a group of their own, which ends as one
  "${beside[@]}" env -C frontend "$@" &
  tests=$!
  set +m
  local code=0
  wait "$tests" || code=$?
  tests=
  return "$code"
}

# serve DATA [NAME=VALUE…] starts a server on the market of $cluster; the person's own configuration stays out of it.
cluster="--cluster demo"
serve() {
  local data=$home/$1
  shift
  mkdir "$data"
  # shellcheck disable=SC2086 # several flags
  "${beside[@]}" env HOME="$home" XDG_CONFIG_HOME="$home" "$@" "$server" serve $cluster --listen 127.0.0.1:0 --data-dir "$data" \
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

# A market of six hours that ends with 9 October 2025: all its candles are closed, and nothing happens any more.
still() {
  "${beside[@]}" "$server" simnet --listen 127.0.0.1:0 --seed 3 --start 1760054400 --rest --log-level error >"$home/market.log" 2>&1 &
  market=$!
  for _ in $(seq 600); do
    grep -q PubSub "$home/market.log" && break
    sleep 0.1
  done
  rpc=$(grep -o 'http://[0-9.:]*' "$home/market.log")
  cluster="--cluster custom --rpc-url $rpc --ws-url $(grep -o 'ws://[0-9.:]*' "$home/market.log")"
}

still
serve still SPINSCOPE_METADATA_IPFS_GATEWAY="${rpc%/}/ipfs/"
in_page SPINSCOPE_STILL="http://$address" node --test e2e/shots.test.mjs
end
kill "$market"
market=
cluster="--cluster demo"
[ "$only" != shots ] || exit 0

serve open
in_page SPINSCOPE_BASE="http://$address" SPINSCOPE_DATA="$home/open" \
  SPINSCOPE_SERVER="$server" node e2e/run.mjs
end

serve unsteady
in_page SPINSCOPE_UNSTEADY=1 SPINSCOPE_BASE="http://$address" node --test e2e/corrected.test.mjs
end

token=$(head -c 12 /dev/urandom | od -An -tx1 | tr -d ' \n')
serve guarded SPINSCOPE_SERVER_TOKEN="$token"
in_page SPINSCOPE_BASE="http://$address" SPINSCOPE_TOKEN="$token" \
  node --test --test-name-pattern='^a server with a token' e2e/page.test.mjs e2e/hands.test.mjs e2e/export.test.mjs
end
