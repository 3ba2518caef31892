#!/usr/bin/env bash
# Makes what build/test-package.sh tries, in a directory that is thrown away: the packages of this version, the same a
# second time under another umask and time zone, and those of an earlier version; signed with a throw-away key.
# Usage: build/test-package-make.sh SYSTEMS
set -euo pipefail
cd "$(dirname "$0")/.."
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
chmod 755 "$made" # apt reads packages as its own user

minisign -GW -p "$made/key.pub" -s "$made/key" >/dev/null
export SPINSCOPE_MINISIGN_KEY=$made/key
RELEASE_KEY=$(sed -n 2p "$made/key.pub")
export RELEASE_KEY RELEASE_PAGE=https://spinscope.example/release
make --no-print-directory package ONLY="$1" DIST="$made/new"
(umask 077 && TZ=Asia/Tokyo make --no-print-directory package ONLY="$1" DIST="$made/again" >/dev/null)
make --no-print-directory package ONLY=linux-amd64 DIST="$made/old" VERSION=0.0.1 >/dev/null
build/test-package.sh "$made/new" "$made/old" "$made/again" "$made/key.pub"
