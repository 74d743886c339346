#!/bin/bash
# Runs the C++ tests of the release build, then the Python tests against the installed wheel.
set -euo pipefail
cd "$(dirname "$0")/.."

echo "== C++ tests"
status=0
ctest --test-dir build/release --output-on-failure -j "$(nproc)" "$@" \
  >build/ctest.log 2>&1 || status=$?
grep -vE '^( *[0-9]+/[0-9]+ Test .* Passed| *Start +[0-9]+:)' build/ctest.log || true
echo "== Python tests"
.venv/bin/python tools/check_installed.py
.venv/bin/python -m pytest -q tests/python || status=$?
[ "$status" -eq 0 ] || echo "tests failed" >&2
exit "$status"
