#!/bin/bash
# Makes the virtual environment, unless it is there, with $PYTHON where it is set, else with the
# first Python that is new enough of python3, python3.13 … python3.11.
#   tools/make_venv.sh VENV
set -euo pipefail

venv=$1
if [ -x "$venv/bin/python" ]; then
  there=$("$venv/bin/python" --version)
  [ -n "${PYTHON:-}" ] && [ "$("$PYTHON" --version 2>&1)" != "$there" ] || exit 0
  echo "iceframe: $venv is of $there, not of PYTHON=$PYTHON; remove both it and build/ by 'make clean'" >&2
  exit 1
fi
candidates=(python3 python3.13 python3.12 python3.11)
[ -z "${PYTHON:-}" ] || candidates=("$PYTHON")
for candidate in "${candidates[@]}"; do
  command -v "$candidate" >/dev/null || continue
  "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue
  echo "== Virtual environment in $venv ($("$candidate" --version))"
  "$candidate" -m venv "$venv"
  "$venv/bin/python" -m pip install -q --disable-pip-version-check --upgrade pip
  exit 0
done
if [ -n "${PYTHON:-}" ]; then
  echo "iceframe: PYTHON=$PYTHON is no Python 3.11 or newer that runs" >&2
else
  echo "iceframe: no Python 3.11 or newer found; set PYTHON=/path/to/python3" >&2
fi
exit 1
