#!/bin/bash
# Runs the Python tests that do without pyarrow in an environment that has none (tests/python/
# conftest.py leaves out the rest), against the wheel for .venv's Python in dist/ (`make wheel`).
#   tools/check_without_pyarrow.sh [PYTEST ARGUMENT …]
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/pythons.sh

version=$(own_version)
name=cp${version/./}
venv=build/venv-without-pyarrow
[ -x "$venv/bin/python" ] || .venv/bin/python -m venv "$venv"
"$venv/bin/python" -m pip install -q --disable-pip-version-check -r tools/requirements/test.txt
"$venv/bin/python" -m pip install -q --disable-pip-version-check --force-reinstall --no-deps \
  dist/iceframe-*-"$name-$name"-manylinux*.whl
"$venv/bin/python" tools/check_installed.py
if "$venv/bin/python" -c 'import pyarrow' 2>/dev/null; then
  echo "$venv has pyarrow" >&2
  exit 1
fi
# Minutes of killed processes and broken connections, which know nothing of pyarrow.
"$venv/bin/python" -m pytest -q -p no:cacheprovider tests/python \
  --ignore tests/python/test_kafka_kills.py --ignore tests/python/test_postgres_faults.py \
  --ignore tests/python/test_rest_faults.py "$@"
