# Sourced by the scripts beside it. Waits until a server has written its address, and prints HOST:PORT.
# Usage: wait_server DATA_DIR PID
wait_server() {
  local data=$1 pid=$2
  for _ in $(seq 600); do
    if [ -s "$data/server.addr" ]; then
      cat "$data/server.addr"
      return
    fi
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
  done
  echo "the server did not start" >&2
  return 1
}
