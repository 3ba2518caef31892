#!/usr/bin/env bash
# Prints the version of what is checked out: 0.1.0 at the tag v0.1.0; after it 0.1.1-dev.COMMITS, which comes before
# 0.1.1; before the first tag, and where there is no git, that of the newest release in CHANGELOG.md as -dev. What is
# not committed adds +dirty.
set -euo pipefail
cd "$(dirname "$0")/.."

next=$(grep -oEm1 '^## [0-9]+\.[0-9]+\.[0-9]+' CHANGELOG.md | cut -d' ' -f2)
if ! git rev-parse --git-dir >/dev/null 2>&1; then
  echo "$next-dev"
  exit
fi

dirty=
git diff --quiet HEAD 2>/dev/null || dirty=+dirty
if described=$(git describe --tags --long --match 'v[0-9]*' 2>/dev/null); then
  IFS=- read -r tag commits _ <<<"$described"
  version=${tag#v}
  if [ "$commits" = 0 ]; then
    echo "$version$dirty"
    exit
  fi
  next=${version%.*}.$((${version##*.} + 1))
else
  commits=$(git rev-list --count HEAD)
fi
echo "$next-dev.$commits$dirty"
