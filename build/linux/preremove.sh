#!/bin/sh
# Before the files go (.deb: remove or upgrade VERSION, .rpm: 0, or 1 when a newer version has come).
set -e
if [ "$1" = remove ] || [ "$1" = 0 ]; then
  if [ -d /run/systemd/system ]; then
    systemctl disable --now --quiet spinscope.service || true
  fi
fi
