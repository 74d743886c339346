#!/bin/bash
# Installs the library to a prefix, moves the build tree away, then builds and runs a consumer that
# finds it by find_package(iceframe).
set -euo pipefail
cd "$(dirname "$0")/../.."

work=$(mktemp -d)
root=$PWD
hidden=$root/build/release.hidden
restore() {
  [ ! -d "$hidden" ] || mv "$hidden" "$root/build/release"
  rm -rf "$work"
}
trap restore EXIT

cmake --install build/release --prefix "$work/prefix" --component cpp >"$work/install.log"
mv build/release "$hidden"
cp -r tests/install/consumer "$work/consumer"
cmake -S "$work/consumer" -B "$work/build" -G Ninja -DCMAKE_PREFIX_PATH="$work/prefix" \
  -DICEFRAME_PYTHON="$root/.venv/bin/python" >"$work/configure.log" || {
  cat "$work/configure.log" >&2
  exit 1
}
ninja -C "$work/build" --quiet
mkdir "$work/warehouse"
"$work/build/consumer" "$work/warehouse"
