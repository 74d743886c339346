#!/bin/bash
# Runs the C++ tests of the release build, then the Python tests against the installed wheel.
set -euo pipefail
cd "$(dirname "$0")/.."

echo "== C++ tests"
ctest --test-dir build/release --output-on-failure -j "$(nproc)" "$@" 2>&1 | \
  grep -vE '^( *[0-9]+/[0-9]+ Test .* Passed| *Start +[0-9]+:)' || status=$?
test "${PIPESTATUS[0]}" -eq 0
echo "== Python tests"
.venv/bin/python tools/check_installed.py
.venv/bin/python -m pytest -q tests/python tests/interop
