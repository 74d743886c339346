#!/bin/bash
# Builds the wheel for other Pythons than the one of .venv, installs it in an environment of its
# own, checks that it is ours, and runs the Python tests there. One line per version at the end.
#   tools/check_pythons.sh [--quick] [VERSION …]   without versions: 3.11, 3.12 and 3.13 but .venv's
# --quick leaves out what takes longest and depends least on the Python: Iceberg Java, many
# processes that append, the demo; and lets the interpreter end twice per case in place of 10 times.
# Comes after `make build`, with whose objects ccache answers here. Versions that are not present
# are named, and no failure.
set -uo pipefail
cd "$(dirname "$0")/.."

root=$PWD
flags=()
if [ "${1:-}" = --quick ]; then
  shift
  export ICEFRAME_TEST_EXITS=2
  for name in concurrent_appends examples java_interop; do
    flags+=("--ignore=tests/python/test_$name.py")
  done
fi
own=$(.venv/bin/python -c 'import sys; print("%d.%d" % sys.version_info[:2])') || {
  echo "no .venv yet: make build" >&2
  exit 1
}
versions=("$@")
[ ${#versions[@]} -gt 0 ] || for version in 3.11 3.12 3.13; do
  [ "$version" = "$own" ] || versions+=("$version")
done
# The library sees the same headers as in `make build`, whichever Python they come with.
headers=$(.venv/bin/python -c 'import pyarrow; print(pyarrow.get_include())')
mkdir -p build

find_python() { # find_python VERSION: the path of one that runs, has headers and a GIL
  local candidate
  while read -r candidate; do
    "$candidate" - "$1" 2>/dev/null <<'PROGRAM' && { echo "$candidate"; return; }
import ensurepip, pathlib, sys, sysconfig, venv
headers = pathlib.Path(sysconfig.get_path("include"), "Python.h")
sys.exit(sys.argv[1] != "%d.%d" % sys.version_info[:2] or not headers.exists()
         or bool(sysconfig.get_config_var("Py_GIL_DISABLED")))
PROGRAM
  done < <(type -ap "python$1"; ls -d "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1".*/bin/python 2>/dev/null)
  return 1
}

prepare() { # prepare PYTHON VENV: an environment with what builds the wheel and what tests it
  "$1" -m venv --clear "$2" &&
    "$2/bin/python" -m pip install -q --disable-pip-version-check \
      -r tools/requirements/build.txt -r tools/requirements/test.txt || return
  diff -rq "$headers" "$("$2/bin/python" -c 'import pyarrow; print(pyarrow.get_include())')" || {
    echo "pyarrow's headers are not those of .venv" >&2
    return 1
  }
}

# The same compiler by the same name, in a folder as deep as build/release: ccache compares both.
build_wheel() { # build_wheel VENV BUILD DIST
  rm -rf "$3"
  CC=cc CXX=c++ "$1/bin/python" -m pip wheel . -q --no-build-isolation --no-deps \
    --disable-pip-version-check -w "$3" -C build-dir="$2" \
    -C cmake.define.ICEFRAME_PYTHON="$root/.venv/bin/python" -C cmake.define.ICEFRAME_WERROR=ON &&
    "$1/bin/python" -m pip install -q --disable-pip-version-check --force-reinstall --no-deps \
      "$3"/iceframe-*.whl &&
    "$1/bin/python" tools/check_installed.py
}

check() { # check VERSION PYTHON: sets `result`
  local venv=build/venv-$1 log=build/python-$1.log start=$SECONDS built
  result="no environment"
  prepare "$2" "$venv" || return
  result="no wheel"
  build_wheel "$venv" "build/python-$1" "build/dist-$1" || return
  built=$((SECONDS - start))
  "$venv/bin/python" -m pytest -q tests/python ${flags[@]+"${flags[@]}"} 2>&1 | tee "$log"
  local status=${PIPESTATUS[0]}
  result="$(tail -1 "$log" | sed -E 's/^=+ | =+$//g; s/ in [0-9].*//'), $((SECONDS - start)) s ($built before the tests)"
  return "$status"
}

lines=()
failures=0
for version in "${versions[@]}"; do
  if ! python=$(find_python "$version"); then
    lines+=("python $version: not present (none that runs, with Python.h, venv and a GIL)")
    continue
  fi
  full=$("$python" -c 'import platform; print(platform.python_version())')
  echo "== Python $full ($python)"
  check "$version" "$python" || {
    failures=$((failures + 1))
    result="FAILED, $result"
  }
  lines+=("python $full: $result")
done
printf '%s\n' "${lines[@]}"
exit $((failures > 0))
