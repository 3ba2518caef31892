#!/usr/bin/env bash
# Tries what `make package` has made as those who install it would, as root: Debian's packages are installed, upgraded
# and removed, the rest is unpacked and run. All that is done to a copy of this machine's files that lies over them in
# memory, which only this script sees and which is gone at its end. Usage: build/test-package.sh NEW OLD AGAIN PUBLIC_KEY
# (NEW: a dist directory; OLD: one of an earlier version; AGAIN: NEW made a second time; the key NEW was signed with);
# with --possible it only finds out whether this machine lets it
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "${1:-}" != --inside ]; then
  [ "$(id -u)" = 0 ] || { echo "test-package: installing needs root" >&2; exit 1; }
  copy='
    over=/mnt
    mount -t tmpfs none "$over"
    mkdir "$over"/{upper,work,root}
    mount -t overlay overlay -o "lowerdir=/,upperdir=$over/upper,workdir=$over/work" "$over/root"
  '
  # CI asks first: a sandbox may forbid mounting.
  [ "${1:-}" != --possible ] || exec unshare --mount --propagation private bash -euc "$copy"
  # shellcheck disable=SC2016 # for the shell inside
  exec unshare --mount --propagation private bash -euc "$copy"'
    for dir in /proc /sys /dev /tmp "$PWD"; do
      mkdir -p "$over/root$dir"
      mount --rbind "$dir" "$over/root$dir"
    done
    exec chroot "$over/root" bash -c "cd \"\$0\" && exec build/test-package.sh --inside \"\$@\"" "$PWD" "$@"
  ' bash "$(realpath "$1")" "$(realpath "$2")" "$(realpath "$3")" "$(realpath "$4")"
fi
shift

new=$1 old=$2 again=$3 key=$4
. build/wait-server.sh
export DEBIAN_FRONTEND=noninteractive
data=/var/lib/spinscope

# Whatever of it is on this machine is not here.
dpkg --purge spinscope spinscope-server >/dev/null 2>&1 || true
rm -rf "$data" /etc/spinscope /usr/bin/spinscope
! getent passwd spinscope >/dev/null || userdel spinscope

work=$(mktemp -d)
chmod 755 "$work"
pid=
chain=
stop() {
  local code=$?
  trap - EXIT
  for one in $pid $chain; do kill "$one" 2>/dev/null || true; done
  wait
  rm -rf "$work"
  [ "$code" = 0 ] || echo "test-package: FAILED after: ${step:-nothing}" >&2
  exit "$code"
}
trap stop EXIT
trap 'exit 130' INT TERM HUP

passed=0
begin() { step=$1; }
ok() {
  echo "ok: $step"
  passed=$((passed + 1))
}
fail() {
  echo "test-package: $step: $*" >&2
  exit 1
}
one() { # one DIR PATTERN: the one file there that is called so
  local found
  found=$(find "$1" -maxdepth 1 -name "$2")
  [ -f "$found" ] || fail "no single $2 in $1"
  echo "$found"
}
versionOf() { dpkg-deb -f "$1" Version; }

# serving COMMAND… starts a server whose data directory is $served, and waits until it is ready at $address.
serving() {
  rm -f "$served/server.addr" # of the one before
  setpriv --pdeathsig TERM "$@" >"$work/log" 2>&1 &
  pid=$!
  address=$(wait_server "$served" "$pid") || { cat "$work/log" >&2; fail "no server"; }
  address=127.0.0.1:${address##*:}
  curl -fsS --retry 20 --retry-delay 1 --retry-all-errors "http://$address/readyz" >/dev/null
}
# ended stops it; it must end well.
ended() {
  kill "$pid"
  wait "$pid" || { cat "$work/log" >&2; fail "the server ended badly"; }
  pid=
}
# gathered N waits until the server has stored so many events.
gathered() {
  for _ in $(seq 900); do
    total=$(curl -fsS "${@:2}" "http://$address/api/events/stats" | grep -o '"total":[0-9]*' | cut -d: -f2)
    [ "$total" -lt "$1" ] || return 0
    sleep 0.2
  done
  fail "only $total events"
}

# ---- checksums ----------------------------------------------------------------------------------------------------

begin "checksums and signature"
(cd "$new" && sha256sum --quiet -c SHA256SUMS)
[ "$(find "$new" -type f | wc -l)" = $(($(wc -l <"$new/SHA256SUMS") + 3)) ] || fail "a file has no checksum"
minisign -Vqm "$new/SHA256SUMS" -p "$key"
minisign -Vqm "$new/release.json" -p "$key"
grep -q '^release.json$' <(cut -d' ' -f3 "$new/SHA256SUMS") || fail "release.json has no checksum"
sed 's/^./0/' "$new/SHA256SUMS" >"$work/SHA256SUMS"
minisign -Vqm "$work/SHA256SUMS" -x "$new/SHA256SUMS.minisig" -p "$key" 2>/dev/null && fail "another text has the same signature"
ok

begin "made twice, the same"
diff "$new/SHA256SUMS" "$again/SHA256SUMS"
ok

# ---- what the packages say ----------------------------------------------------------------------------------------

begin "lintian"
lintian --allow-root --fail-on error,warning "$new"/*.deb
ok

begin "the unit and its words in the documents"
diff <(sed -n '/^\[Unit\]$/,/^```$/{/^```$/!p}' docs/operations.md) \
  <(grep -v ^Documentation build/linux/spinscope.service | sed 's|/usr/bin|/usr/local/bin|')
ok

begin ".rpm holds what .deb holds"
for name in spinscope spinscope-server; do
  mkdir "$work/deb" "$work/rpm"
  dpkg-deb -x "$(one "$new" "${name}_*_amd64.deb")" "$work/deb"
  rpm --root "$work/rpm" --dbpath /db --nodeps --noscripts -i "$(one "$new" "$name-[0-9]*.x86_64.rpm")" 2>/dev/null
  rm -rf "$work/rpm/db" "$work"/*/usr/share/{doc,lintian,licenses,zsh}
  find "$work/rpm" -type d -empty -delete
  diff -r "$work/deb" "$work/rpm"
  diff <(cd "$work/deb" && find . -printf '%p %M\n' | sort) <(cd "$work/rpm" && find . -printf '%p %M\n' | sort)
  rm -r "$work/deb" "$work/rpm"
done
ok

# ---- the server's package -----------------------------------------------------------------------------------------

install_deb() { apt-get install -y -qq --no-install-recommends "$1" >"$work/apt" 2>&1 || { cat "$work/apt" >&2; fail "apt-get"; }; }

# A simulated chain that goes on while servers come and go.
tar -C "$work" -xf "$(one "$new" 'spinscope-server-*-linux-amd64.tar.zst')" --strip-components=2 --wildcards '*/bin/spinscope'
setpriv --pdeathsig TERM "$work/spinscope" simnet --listen 127.0.0.1:0 --log-level error >"$work/chain.log" 2>&1 &
chain=$!
for _ in $(seq 600); do
  ! grep -q PubSub "$work/chain.log" || break
  sleep 0.1
done
market=(SPINSCOPE_SOLANA_CLUSTER=custom SPINSCOPE_SOLANA_RPC_URL="$(grep -o 'http://[0-9.:]*' "$work/chain.log")"
  SPINSCOPE_SOLANA_WS_URL="$(grep -o 'ws://[0-9.:]*' "$work/chain.log")")

# unit is the command line of the installed unit, run as its user with its directories, on the simulated market and any
# free port.
unit() {
  local command
  command=$(sed -n 's/^ExecStart=//p' /usr/lib/systemd/system/spinscope.service)
  # shellcheck disable=SC2086 # several words
  serving setpriv --reuid spinscope --regid spinscope --init-groups --no-new-privs \
    env -i "${market[@]}" SPINSCOPE_SERVER_LISTEN=127.0.0.1:0 $command
}
exported() {
  setpriv --reuid spinscope --regid spinscope --init-groups \
    env -i HOME="$data" /usr/bin/spinscope export events --cluster custom --data-dir "$data" --format jsonl 2>"$work/log" | sort >"$1"
  [ -s "$1" ] || fail "nothing is stored"
}

begin "the version before: installed, and the unit's command line run as its user"
before=$(one "$old" "spinscope-server_*_amd64.deb") after=$(one "$new" "spinscope-server_*_amd64.deb")
[ "$(versionOf "$before")" != "$(versionOf "$after")" ] || fail "both are $(versionOf "$after")"
dpkg --compare-versions "$(versionOf "$before")" lt "$(versionOf "$after")"
install_deb "$before"
grep -q "systemctl enable --now spinscope" "$work/apt" || fail "does not say how to start"
[ "$(stat -c '%U:%G %a' /etc/spinscope/config.toml)" = "root:spinscope 640" ] || fail "config.toml: $(stat -c '%U:%G %a' /etc/spinscope/config.toml)"
[ "$(stat -c '%U:%G %a' "$data")" = "spinscope:spinscope 700" ] || fail "$data: $(stat -c '%U:%G %a' "$data")"
spinscope version | grep -q "^spinscope $(versionOf "$before" | tr '~' -) " || fail "$(spinscope version)"
served=$data
unit
gathered 100
ended
exported "$work/before.jsonl"
ok

begin "systemd-analyze verify"
systemd-analyze verify /usr/lib/systemd/system/spinscope.service >"$work/verify" 2>&1 || fail "$(cat "$work/verify")"
! grep spinscope "$work/verify" || fail "see above"
ok

begin "an upgrade keeps data and settings"
sed -i 's/^listen = .*/listen = "127.0.0.1:5999"  # mine/' /etc/spinscope/config.toml
cp /etc/spinscope/config.toml "$work/mine.toml"
install_deb "$after"
grep -q "systemctl enable --now spinscope" "$work/apt" && fail "it speaks as if it were new"
cmp /etc/spinscope/config.toml "$work/mine.toml"
[ "$(stat -c '%U:%G %a' /etc/spinscope/config.toml)" = "root:spinscope 640" ] || fail "config.toml: $(stat -c '%U:%G %a' /etc/spinscope/config.toml)"
spinscope version | grep -q "^spinscope $(versionOf "$after" | tr '~' -) " || fail "$(spinscope version)"
unit
gathered $(($(wc -l <"$work/before.jsonl") + 1)) # and it goes on
ended
exported "$work/after.jsonl"
[ -z "$(comm -23 "$work/before.jsonl" "$work/after.jsonl" | head -1)" ] || fail "events are missing"
ok

begin "the app's package takes the server's place"
app=$(one "$new" "spinscope_*_amd64.deb")
install_deb "$app"
! dpkg -s spinscope-server 2>/dev/null | grep -q '^Status: install ok installed' || fail "both are installed"
[ -s /etc/spinscope/config.toml ] && [ ! -e /usr/lib/systemd/system/spinscope.service ] || fail "settings gone, or the unit still there"
ok

begin "removal leaves the data, and the settings until it is a purge"
install_deb "$after"
dpkg -L spinscope-server | while read -r path; do [ -d "$path" ] || echo "$path"; done >"$work/files"
dpkg --remove spinscope-server >/dev/null
cmp /etc/spinscope/config.toml "$work/mine.toml"
dpkg --purge spinscope-server >"$work/purge"
grep -q "stays in $data" "$work/purge" || fail "does not say that the data stays"
while read -r path; do [ ! -e "$path" ] || fail "$path is left"; done <"$work/files"
[ ! -e /etc/spinscope ] || fail "/etc/spinscope is left"
[ -n "$(find "$data" -name MANIFEST)" ] || fail "the data is gone"
ok

# ---- the app's package --------------------------------------------------------------------------------------------

begin "the app's package: entry, metadata, libraries"
install_deb "$app"
desktop-file-validate /usr/share/applications/spinscope.desktop
appstreamcli validate --no-net /usr/share/metainfo/*.Spinscope.metainfo.xml >"$work/appstream" || fail "$(cat "$work/appstream")"
# Every library that the program names itself is of a package that the package depends on.
depends=$(dpkg-deb -f "$app" Depends)
readelf -d /usr/bin/spinscope | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | while read -r library; do
  path=$(ldconfig -p | awk -v name="$library" '$1 == name && !found { print $NF; found = 1 }')
  package=$({ dpkg -S "$(realpath "$path")" "$path" 2>/dev/null || true; } | head -1 | cut -d: -f1)
  grep -qw -- "$package" <<<"$depends" || fail "$library is of $package, which is not among: $depends"
done
ok

begin "the app opens, and closes with Ctrl+Q"
home=$work/home
mkdir -p "$home/run"
cat >"$work/open" <<'OPEN'
set -e
openbox &
spinscope --cluster demo --listen 127.0.0.1:0 --data-dir "$HOME/data" &
app=$!
for _ in $(seq 900); do
  window=$(xdotool search --onlyvisible --name '^Spinscope' | head -1)
  [ -z "$window" ] || [ ! -s "$HOME/data/server.addr" ] || break
  kill -0 $app
  sleep 0.2
done
[ -n "$window" ]
# A chart is many colours, an empty window a few.
for _ in $(seq 100); do
  import -window root "$HOME/window.png"
  colours=$(identify -format %k "$HOME/window.png")
  [ "$colours" -lt 200 ] || break
  sleep 0.3
done
[ "$colours" -ge 200 ]
xdotool windowactivate --sync "$window" key ctrl+q
wait $app
OPEN
env HOME="$home" XDG_RUNTIME_DIR="$home/run" XDG_CONFIG_HOME="$home/.config" GDK_BACKEND=x11 NO_AT_BRIDGE=1 \
  timeout 400 xvfb-run -a -s '-screen 0 1280x800x24 -noreset' dbus-run-session bash "$work/open" >"$work/app.log" 2>&1 || {
  cat "$work/app.log" >&2
  fail "see above"
}
dpkg --purge spinscope >/dev/null
[ ! -e /usr/bin/spinscope ] || fail "the program is left"
[ -n "$(find "$home/data" -name MANIFEST)" ] || fail "the data is gone"
ok

# ---- the others ---------------------------------------------------------------------------------------------------

begin "archives"
for archive in "$new"/*-linux-amd64.tar.zst; do
  tar -C "$work" -xf "$archive"
  unpacked=$(find "$work" -maxdepth 1 -name 'spinscope*-[0-9]*' -type d)
  "$unpacked/bin/spinscope" version >"$work/version"
  grep -q "^spinscope $(versionOf "$after" | tr '~' -) " "$work/version" || fail "$(cat "$work/version")"
  [ -s "$unpacked/README.md" ] && [ -s "$unpacked/LICENCES.txt" ] && [ -s "$unpacked/share/man/man1/spinscope.1" ] || fail "files are missing"
  rm -r "$unpacked"
done
ok

begin "the container, as its own user by chroot"
image=$(one "$new" "*-container-amd64.tar")
skopeo copy -q "oci-archive:$image" "dir:$work/image"
mkdir "$work/root"
skopeo inspect --config "oci-archive:$image" >"$work/config.json"
for layer in $(python3 -c 'import json,sys; [print(l["digest"][7:]) for l in json.load(open(sys.argv[1]))["layers"]]' "$work/image/manifest.json"); do
  tar -C "$work/root" --same-owner -xpf "$work/image/$layer"
done
mapfile -t set < <(python3 -c 'import json,sys; print(*json.load(open(sys.argv[1]))["config"]["Env"], sep="\n")' "$work/config.json")
mapfile -t command < <(python3 -c 'import json,sys; c=json.load(open(sys.argv[1]))["config"]; print(*c["Entrypoint"]+c["Cmd"], sep="\n")' "$work/config.json")
user=$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["config"]["User"])' "$work/config.json")
contained=("$(command -v chroot)" --userspec="$user" "$work/root" "${command[@]}")
code=0
env -i "${set[@]}" SPINSCOPE_SOLANA_CLUSTER=demo "${contained[@]}" >"$work/log" 2>&1 || code=$?
[ "$code" = 2 ] && grep -q server.token "$work/log" || fail "without a token: exit code $code, $(cat "$work/log")"
served=$work/root/var/lib/spinscope
serving env -i "${set[@]}" SPINSCOPE_SOLANA_CLUSTER=demo SPINSCOPE_SERVER_LISTEN=0.0.0.0:0 SPINSCOPE_SERVER_TOKEN=of-the-test "${contained[@]}"
gathered 100 -H 'Authorization: Bearer of-the-test'
[ "$(curl -s -o /dev/null -w '%{http_code}' "http://$address/api/events/stats")" = 401 ] || fail "open to everybody"
ended
ok

if [ -f "$(find "$new" -name '*-setup.exe')" ]; then
  begin "the installer for Windows, unpacked"
  7z x -y -o"$work/setup" "$(one "$new" '*-setup.exe')" >/dev/null
  cmp "$work/setup/Spinscope.exe" "$(one "$new" 'spinscope-[0-9]*-windows-amd64.exe')"
  cmp "$work/setup/spinscope-server.exe" "$(one "$new" 'spinscope-server-[0-9]*-windows-amd64.exe')"
  [ -s "$work/setup/LICENCES.txt" ] && [ -s "$work/setup/uninstall.exe" ] || fail "$(ls "$work/setup")"
  file "$work/setup/Spinscope.exe" | grep -q 'PE32+ executable (GUI) x86-64' || fail "$(file "$work/setup/Spinscope.exe")"
  file "$work/setup/spinscope-server.exe" | grep -q 'PE32+ executable (console) x86-64' || fail "$(file "$work/setup/spinscope-server.exe")"
  7z l "$work/setup/Spinscope.exe" | grep -q '\.rsrc/.*version.txt' || fail "no version resource"
  [ "$(stat -c %s "$new"/*-setup.exe)" -le 25000000 ] || fail "larger than 25 MB"
  ok
fi

echo "$passed passed, 0 failed"
