#!/bin/bash
# Makes the virtual environment with the first Python that is new enough: $PYTHON, then python3,
# then python3.13 … python3.11.
set -euo pipefail

venv=$1
for candidate in "${PYTHON:-}" python3 python3.13 python3.12 python3.11; do
  [ -n "$candidate" ] && command -v "$candidate" >/dev/null || continue
  "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue
  echo "== Virtual environment in $venv ($("$candidate" --version))"
  "$candidate" -m venv "$venv"
  "$venv/bin/python" -m pip install -q --disable-pip-version-check --upgrade pip
  exit 0
done
echo "iceframe: no Python 3.11 or newer found; set PYTHON=/path/to/python3" >&2
exit 1
