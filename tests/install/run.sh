#!/bin/bash
# Installs the library to a prefix, moves the build tree away, then builds and runs a consumer that
# finds it by find_package(iceframe): with Arrow from a pyarrow wheel and from find_package(Arrow).
# Another version of Arrow must be refused when the consumer is configured.
set -euo pipefail
cd "$(dirname "$0")/../.."

work=$(mktemp -d)
root=$PWD
hidden=$root/build/release.hidden
restore() {
  [ ! -d "$hidden" ] || mv "$hidden" "$root/build/release"
  rm -rf "$work"
}
trap restore EXIT

configure() { # configure NAME ARGUMENT…: the consumer, into $work/NAME
  local name=$1
  shift
  cmake -S "$work/consumer" -B "$work/$name" -G Ninja "$@" >"$work/$name.log" 2>&1
}

run() { # run NAME ARGUMENT…: configures, builds and runs the consumer
  configure "$@" || {
    cat "$work/$1.log" >&2
    exit 1
  }
  ninja -C "$work/$1" --quiet
  mkdir "$work/warehouse-$1"
  "$work/$1/consumer" "$work/warehouse-$1"
}

refuse() { # refuse NAME VERSION ARGUMENT…: configuring must fail and name what was found
  local name=$1 version=$2
  shift 2
  ! configure "$name" "$@" || {
    echo "Arrow $version was not refused" >&2
    exit 1
  }
  grep -qF "$version" "$work/$name.log" && grep -qF "26.0...<26.1" "$work/$name.log" || {
    cat "$work/$name.log" >&2
    exit 1
  }
}

cmake --install build/release --prefix "$work/prefix" --component cpp >"$work/install.log"
cp -r "$work/prefix" "$work/package"
arrow=$root/tests/install/arrow_package
folder=$(.venv/bin/python -c 'import pyarrow; print(pyarrow.__path__[0])')
export ARROW_VERSION=26.0.1
cmake -S . -B build/package -G Ninja -DICEFRAME_ARROW=package -DArrow_DIR="$arrow" \
  -DArrowCompute_DIR="$arrow" -DParquet_DIR="$arrow" -DARROW_FOLDER="$folder" \
  >"$work/package.log" 2>&1 || {
  cat "$work/package.log" >&2
  exit 1
}
# The library is the same; what finds Arrow for its users is not.
cp build/package/iceframeConfig.cmake "$work/package/lib/cmake/iceframe/" 2>/dev/null ||
  cp build/package/iceframeConfig.cmake "$work"/package/lib/*/cmake/iceframe/

mv build/release "$hidden"
cp -r tests/install/consumer "$work/consumer"
wheel=(-DCMAKE_PREFIX_PATH="$work/prefix")
run wheel "${wheel[@]}" -DICEFRAME_PYTHON="$root/.venv/bin/python"
package=(-DCMAKE_PREFIX_PATH="$work/package" -DArrow_DIR="$arrow" -DArrowCompute_DIR="$arrow"
  -DParquet_DIR="$arrow" -DARROW_FOLDER="$folder")
run package "${package[@]}"

ARROW_VERSION=25.0.0 refuse package-25 25.0.0 "${package[@]}"
mkdir -p "$work/other/pyarrow"
cat >"$work/other/pyarrow/__init__.py" <<'PYARROW'
import types

__version__ = "25.0.1"
cpp_build_info = types.SimpleNamespace(so_version="2500")
PYARROW
PYTHONPATH=$work/other refuse wheel-25 25.0.1 "${wheel[@]}" \
  -DICEFRAME_PYTHON="$root/.venv/bin/python"
