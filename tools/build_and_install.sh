#!/bin/bash
# Builds everything once (library, tests, Python module), packs the wheel from that same build and
# installs it into .venv, then checks that what gets imported is what was built here.
#   tools/build_and_install.sh JOBS
set -euo pipefail
cd "$(dirname "$0")/.."

mkdir -p build
jobs=$1
build=build/release
python=.venv/bin/python

echo "== Configure"
cmake --preset release -DICEFRAME_PYTHON_MODULE=ON -DICEFRAME_BENCH=ON >build/configure.log 2>&1 || {
  tail -40 build/configure.log >&2
  exit 1
}
echo "== Build (release, $jobs jobs)"
ninja -C "$build" -j "$jobs" --quiet
echo "== Wheel"
rm -rf build/wheel
"$python" -m pip wheel . -q --no-build-isolation --no-deps --disable-pip-version-check -w build/wheel
"$python" -m pip install -q --disable-pip-version-check --force-reinstall --no-deps build/wheel/iceframe-*.whl
"$python" tools/check_installed.py
