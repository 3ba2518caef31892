#!/bin/sh
# After the files are gone. The market's data and its owner stay: reading it again from the chain may be impossible.
set -e
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload || true
fi
if [ "$1" = purge ] || [ "$1" = 0 ]; then
  if [ -d /var/lib/spinscope ]; then
    echo "spinscope: the data stays in /var/lib/spinscope; remove it, and the user spinscope, if nobody needs it"
  fi
fi
