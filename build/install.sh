#!/usr/bin/env bash
# Installs the built program as PREFIX/bin/spinscope, with its manual pages and the completions of bash, zsh and fish.
# Usage: build/install.sh BIN PREFIX
# It builds nothing, so that it can run as root where only somebody else has Go and Node.
set -euo pipefail
bin=$1 prefix=$2
here=$(dirname "$0")

if [ -x "$bin/spinscope" ]; then
  install -D -m 0755 "$bin/spinscope" "$prefix/bin/spinscope"
  install -D -m 0644 "$here/linux/spinscope.desktop" "$prefix/share/applications/spinscope.desktop"
  install -D -m 0644 "$here/appicon.svg" "$prefix/share/icons/hicolor/scalable/apps/spinscope.svg"
elif [ -x "$bin/spinscope-server" ]; then
  install -D -m 0755 "$bin/spinscope-server" "$prefix/bin/spinscope"
else
  echo "install: nothing is built yet: run \`make build\` for the app, or \`make server\` for the server alone" >&2
  exit 1
fi

# What the table of commands has become (make gen).
(cd "$here/share" && find . -type f -printf '%P\0') | while IFS= read -rd '' file; do
  install -D -m 0644 "$here/share/$file" "$prefix/share/$file"
done
echo "installed $prefix/bin/spinscope"
