#!/bin/sh
# After the files are there, of an installation or a newer version (.deb: configure VERSION, .rpm: 1 or 2).
set -e
if [ "$1" != configure ] && [ "$1" != 1 ] && [ "$1" != 2 ]; then
  exit 0
fi

if ! getent passwd spinscope >/dev/null; then
  useradd --system --user-group --no-create-home --home-dir /var/lib/spinscope --shell /usr/sbin/nologin spinscope
fi
chown root:spinscope /etc/spinscope/config.toml
install -d -m 0700 -o spinscope -g spinscope /var/lib/spinscope

if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  systemctl try-restart spinscope.service # a newer version takes the place of the one that runs
fi

# Whose market is the operator's choice, so nothing is started unasked.
if [ -z "$2" ] && [ "$1" != 2 ]; then
  echo "spinscope: choose the cluster in /etc/spinscope/config.toml, then: systemctl enable --now spinscope"
fi
