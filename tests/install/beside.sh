#!/bin/bash
# Runs the installed iceframe in one process with pyarrow 17, 21, 24 and 26, Daft and DataFusion:
# either imported first, by turns, in one process; with dlopen's flags as they are and RTLD_GLOBAL.
#   tests/install/beside.sh [CALLS]   calls per process, 10 000 by default
# What is installed for it stays in build/beside/.
set -euo pipefail
cd "$(dirname "$0")/../.."

calls=${1:-10000}
python=.venv/bin/python
folder=build/beside

install() { # install NAME REQUIREMENT…: into a folder of its own, once
  local name=$1
  shift
  [ ! -e "$folder/$name.ok" ] || return 0
  rm -rf "${folder:?}/$name"
  "$python" -m pip install -q --disable-pip-version-check --no-deps --target "$folder/$name" "$@"
  touch "$folder/$name.ok"
}

install engines daft==0.7.26 datafusion==55.0.0 cloudpickle==3.1.3 tqdm==4.67.3
for version in 17.0.0 21.0.0 24.0.0 26.0.0; do
  install "pyarrow-$version" "pyarrow==$version"
  for first in iceframe pyarrow; do
    for scope in local global; do
      PYTHONPATH=$folder/pyarrow-$version:$folder/engines \
        "$python" -W ignore tests/install/beside.py "$first" "$scope" "$calls"
    done
  done
done
