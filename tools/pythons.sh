# shellcheck shell=bash
# Functions about the Pythons of this machine, for other scripts here to source.

own_version() { # the version of .venv's Python, as 3.11
  .venv/bin/python -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null || {
    echo "no .venv yet: make build" >&2
    return 1
  }
}

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
