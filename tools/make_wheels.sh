#!/bin/bash
# Makes the wheels that are given to others, in dist/: for .venv's Python from what `make build`
# left, for the other versions that are present from builds of their own, where ccache knows all but
# the Python module. Each says by its tag on which systems it runs, and auditwheel refuses to say so
# where a library or a symbol is too new.
#   tools/make_wheels.sh [VERSION …]   without versions: 3.11 to 3.14, as far as they are present
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/pythons.sh

platform=manylinux_2_34_$(uname -m)
root=$PWD
own=$(own_version)
versions=("$@")
[ ${#versions[@]} -gt 0 ] || versions=(3.11 3.12 3.13 3.14)

# The same compiler by the same name, in a folder as deep as build/release: ccache compares both.
build_wheel() { # build_wheel VERSION PYTHON: leaves one in build/wheel-VERSION/
  local venv=build/venv-$1
  PYTHON=$2 tools/make_venv.sh "$venv" &&
    "$venv/bin/python" -m pip install -q --disable-pip-version-check -r tools/requirements/build.txt &&
    CC=cc CXX=c++ "$venv/bin/python" -m pip wheel . -q --no-build-isolation --no-deps \
      --disable-pip-version-check -w "build/wheel-$1" -C build-dir="build/python-$1" \
      -C cmake.define.ICEFRAME_PYTHON="$root/.venv/bin/python" -C cmake.define.ICEFRAME_WERROR=ON
}

tag() { # tag FOLDER: puts its wheel into dist/ with the platform's tag
  PATH=$root/.venv/bin:$PATH .venv/bin/python -m auditwheel repair --plat "$platform" --only-plat \
    -w dist "$1"/iceframe-*.whl >build/auditwheel.log 2>&1 || {
    cat build/auditwheel.log >&2
    return 1
  }
}

mkdir -p build dist
for version in "${versions[@]}"; do
  name=cp${version/./}
  rm -f dist/iceframe-*-"$name-$name"-*.whl
  folder=build/wheel
  if [ "$version" != "$own" ]; then
    python=$(find_python "$version") || {
      echo "python $version: not present (none that runs, with Python.h, venv and a GIL)"
      continue
    }
    folder=build/wheel-$version
    rm -rf "$folder"
    build_wheel "$version" "$python"
  fi
  tag "$folder"
  wheel=$(ls dist/iceframe-*-"$name-$name"-*.whl)
  echo "$wheel: $(($(stat -c %s "$wheel") / 1000)) kB"
done
