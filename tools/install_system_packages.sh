#!/bin/bash
# Installs the Debian packages that the build needs and that are missing. Says so in one line
# where it can't.
#   tools/install_system_packages.sh [PACKAGE …]   those named, in place of what the build needs
set -euo pipefail

packages=(
  build-essential ccache cmake ninja-build pkg-config python3-dev python3-venv
  libcurl4 libdeflate-dev libpq5 librdkafka-dev libsnappy-dev libsqlite3-dev libyaml-dev libzstd-dev
  libgtest-dev libgmock-dev libbenchmark-dev
)
[ $# -eq 0 ] || packages=("$@")

if ! command -v dpkg-query >/dev/null; then
  echo "iceframe: this is no Debian system; please install: ${packages[*]}" >&2
  exit 0
fi

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "iceframe: missing packages and no sudo to install them; as root: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi
echo "== Debian packages: ${missing[*]}"
log=$(mktemp)
if ! { "${as_root[@]}" apt-get update -qq && \
       "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
         --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
  tail -20 "$log" >&2
  echo "iceframe: apt-get could not install: ${missing[*]}" >&2
  exit 1
fi
rm -f "$log"
