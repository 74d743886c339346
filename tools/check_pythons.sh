#!/bin/bash
# Installs the wheels of other Pythons than the one of .venv (`make wheel`) in environments of their
# own, checks that they are ours, and runs the Python tests there. One line per version at the end.
#   tools/check_pythons.sh [--quick] [VERSION …]   without versions: 3.11, 3.12 and 3.13 but .venv's
# --quick leaves out what takes longest and depends least on the Python: other engines, matrices of
# types, many processes that append, servers of catalogs, objects and metrics, the demo; and lets the interpreter end twice per case in place
# of 10 times. Versions that are not present are named, and no failure. They are tested side by side.
set -uo pipefail
cd "$(dirname "$0")/.."
. tools/pythons.sh

flags=()
if [ "${1:-}" = --quick ]; then
  shift
  export ICEFRAME_TEST_EXITS=2
  for name in batch_bytes concurrent_appends concurrent_creation evolved_tables examples \
    export_matrix foreign_filters foreign_metadata foreign_writers java_interop kafka_kills overwrites \
    object_stores page_checksums postgres postgres_faults private_libraries prometheus \
    rest_catalog rest_faults rest_vended types_everywhere; do
    flags+=("--ignore=tests/python/test_$name.py")
  done
fi
own=$(own_version) || exit 1
versions=("$@")
[ ${#versions[@]} -gt 0 ] || for version in 3.11 3.12 3.13; do
  [ "$version" = "$own" ] || versions+=("$version")
done
mkdir -p build

prepare() { # prepare VERSION PYTHON VENV: an environment with the wheel and what tests it
  local name=cp${1/./} wheels=()
  PYTHON=$2 tools/make_venv.sh "$3" &&
    "$3/bin/python" -m pip install -q --disable-pip-version-check \
      -r tools/requirements/build.txt -r tools/requirements/test.txt || return
  mapfile -t wheels < <(ls -t dist/iceframe-*-"$name-$name"-manylinux*.whl 2>/dev/null)
  [ ${#wheels[@]} -gt 0 ] || {
    echo "no wheel for Python $1 in dist/: make wheel" >&2
    return 1
  }
  "$3/bin/python" -m pip install -q --disable-pip-version-check --force-reinstall --no-deps \
    "${wheels[0]}" && "$3/bin/python" tools/check_installed.py
}

check() { # check VERSION PYTHON: leaves one line in build/python-VERSION.result
  local venv=build/venv-$1 log=build/python-$1.log start=$SECONDS built folder status=1
  local result="no environment with the wheel"
  if prepare "$1" "$2" "$venv" >"$log" 2>&1; then
    built=$((SECONDS - start))
    # A folder of its own: runs side by side would clean up each other's.
    folder=$(mktemp -d)
    "$venv/bin/python" -m pytest -q --basetemp "$folder/pytest" tests/python \
      ${flags[@]+"${flags[@]}"} >>"$log" 2>&1
    status=$?
    rm -rf "$folder"
    result="$(tail -1 "$log" | sed -E 's/^=+ | =+$//g; s/ in [0-9].*//'), $((SECONDS - start)) s ($built before the tests)"
  fi
  [ "$status" -eq 0 ] || { result="FAILED, $result" && tail -60 "$log"; }
  echo "python $("$2" -c 'import platform; print(platform.python_version())'): $result" >"build/python-$1.result"
  return "$status"
}

declare -A running
for version in "${versions[@]}"; do
  if python=$(find_python "$version"); then
    echo "== Python $version ($python)"
    check "$version" "$python" &
    running[$version]=$!
  else
    echo "python $version: not present (none that runs, with Python.h, venv and a GIL)"
  fi
done
failures=0
for version in "${!running[@]}"; do
  wait "${running[$version]}" || failures=$((failures + 1))
  cat "build/python-$version.result"
done
exit $((failures > 0))
