#!/bin/bash
# Makes a Debian system with Python and nothing else, installs the wheel from dist/ (`make wheel`)
# in it, and runs the README's Python, a query by expression and the command line there. Says why,
# and fails, where such a system can't be made.
#   tests/install/bare.sh [SUITE]   bookworm by default
set -euo pipefail
cd "$(dirname "$0")/../.."

suite=${1:-bookworm}
work=$(mktemp -d)
system=$work/system
cleanup() {
  ! mountpoint -q "$system/proc" || umount "$system/proc"
  rm -rf "$work"
}
trap cleanup EXIT

fail() {
  echo "bare.sh: $1" >&2
  [ ! -s "${2:-}" ] || tail -5 "$2" >&2
  exit 1
}

[ "$(id -u)" -eq 0 ] || fail "a system can be made and entered by root only; you are $(id -un)"
command -v mmdebstrap >/dev/null || tools/install_system_packages.sh mmdebstrap ||
  fail "mmdebstrap is missing"
mmdebstrap --quiet --variant=minbase --include=python3,python3-venv "$suite" "$system" \
  >"$work/log" 2>&1 || fail "mmdebstrap could not make a Debian $suite:" "$work/log"
mount --bind /proc "$system/proc" 2>"$work/log" || echo "without /proc: $(cat "$work/log")"

version=$(chroot "$system" python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
name=cp${version/./}
mkdir "$system/wheels"
cp dist/iceframe-*-"$name-$name"-manylinux*.whl "$system/wheels/" ||
  fail "dist/ has no wheel for Python $version, that of Debian $suite: make wheel"
# Fetched from outside: the system has no certificates, and needs none.
.venv/bin/python -m pip download -q --disable-pip-version-check --only-binary :all: \
  --python-version "$version" -d "$system/wheels" --find-links "$system/wheels" \
  --platform manylinux_2_34_"$(uname -m)" --platform manylinux_2_28_"$(uname -m)" \
  --platform manylinux2014_"$(uname -m)" --platform any iceframe==1.0.0 >"$work/log" 2>&1 ||
  fail "what iceframe depends on could not be fetched:" "$work/log"

cp README.md tests/install/bare.py "$system/root/"
env -i HOME=/root LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot "$system" /bin/sh -eu <<'COMMANDS'
cd /root
python3 -m venv env
env/bin/pip install -q --disable-pip-version-check --no-index --find-links /wheels iceframe
env/bin/python bare.py README.md
env/bin/iceframe --uri sqlite:///catalog.db \
  --warehouse file:///tmp/warehouse query users --format csv
COMMANDS
