#!/bin/bash
# Refuses names that say nothing, and paths of somebody's machine.
set -uo pipefail
cd "$(dirname "$0")/.."

found=0
# Users of the package's name import iceframe.utils.
if git ls-files src python | grep -vx 'python/iceframe/utils.py' | grep -iE '(^|/)[a-z_]*(utils?|helpers?|common|misc)[a-z_]*\.'; then
  echo "a file is named for nothing in particular" >&2
  found=1
fi
if git grep -nE '(/home/|/root/|/work/)[a-z]' -- . ':!tools/check_words.sh' ':!tests/golden' ':!tests/fuzz/corpus'; then
  echo "a path of one machine stands in the tree" >&2
  found=1
fi
exit $found
