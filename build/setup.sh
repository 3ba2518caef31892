#!/usr/bin/env bash
# Installs what building, running and testing Spinscope need on a Debian 12 machine that has Go, Node, make and git.
# Usage: build/setup.sh run|test|package|test-package   (run: what the app needs; test: also what the tests drive;
# package: also what packing needs; test-package: all of it, and what looks at packages). Safe to repeat.
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:-run}

build_packages=(build-essential pkg-config libgtk-3-dev libwebkit2gtk-4.1-dev)
test_packages=(xvfb openbox xdotool x11-utils imagemagick scrot dbus dbus-x11 at-spi2-core gir1.2-atspi-2.0
  python3-gi python3-venv fonts-dejavu-core chromium clang nginx-light groff-base zsh fish)

package_packages=(nsis minisign python3-venv)

packages=("${build_packages[@]}")
case $what in
  test) packages+=("${test_packages[@]}") ;;
  package) packages+=("${package_packages[@]}") ;;
  test-package)
    packages+=("${test_packages[@]}" "${package_packages[@]}" lintian rpm p7zip-full file desktop-file-utils appstream skopeo zstd
      curl systemd)
    ;;
esac

missing=()
for package in "${packages[@]}"; do
  [ "$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null)" = "install ok installed" ] || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  command -v apt-get >/dev/null || { echo "setup: please install: ${missing[*]}" >&2; exit 1; }
  sudo=()
  [ "$(id -u)" = 0 ] || sudo=(sudo)
  echo "setup: installing ${missing[*]}"
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null

  # The tests start an nginx of their own; Debian's would take port 80 of this machine.
  if [[ " ${missing[*]} " == *" nginx-light "* ]] && [ -d /run/systemd/system ]; then
    "${sudo[@]}" systemctl disable --now --quiet nginx
  fi
fi
