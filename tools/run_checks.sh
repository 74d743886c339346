#!/bin/bash
# The checks that read the source: layers, format, lint, types, sizes, headers, clang-tidy.
#   tools/run_checks.sh [CHECK …]   all of them without arguments
set -uo pipefail
cd "$(dirname "$0")/.."

bin=.venv/bin
failed=()

check_layers() { $bin/python tools/check_layers.py && $bin/python tools/draw_layers.py --check; }

check_format() {
  git ls-files '*.cc' '*.h' | xargs $bin/clang-format --dry-run --Werror &&
    $bin/ruff format -q --check . &&
    git ls-files '*CMakeLists.txt' '*.cmake' | xargs $bin/gersemi -q --check
}

check_lint() { $bin/ruff check -q . && tools/check_words.sh; }

check_types() { $bin/python tools/check_stub.py && $bin/python -m mypy; }

# Branches, lines and parameters of a function; a switch counts as one branch (-m), since closed
# sets are visited case by case. The aim is -C 15 -L 60: these may only go down. No call takes more
# than six arguments, Python's and the bindings' neither.
check_sizes() {
  $bin/lizard -w -m -C 20 -L 60 -a 6 src && $bin/lizard -w -m -C 1000 -L 1000 -a 6 python/bindings &&
    $bin/python tools/check_arguments.py
}

# Every header compiles alone, as the first line of a file would include it. (clang-tidy reads the
# sources one by one, so it has compiled those that a source really includes first.)
check_headers() {
  local arrow
  arrow=$($bin/python -c 'import pyarrow; print(pyarrow.get_include())')
  git ls-files 'src/*.h' | sed 's#^src/##' | grep -vxFf <(git ls-files 'src/*.cc' | xargs awk '
    FNR == 1 { is_first = 1 } is_first && /^#include/ { is_first = 0; gsub(/["<>]/, "", $2); print $2 }') | xargs -P "$(nproc)" -I{} sh -c \
    'echo "#include \"{}\"" | g++ -std=c++20 -fsyntax-only -Wall -Wextra -Werror -I src -isystem '"$arrow"' -x c++ - || { echo "header does not compile alone: {}" >&2; exit 1; }'
}

check_tidy() {
  cmake --preset tidy >build/tidy.log 2>&1 || { tail -20 build/tidy.log >&2; return 1; }
  git ls-files 'src/*.cc' | xargs -P "$(nproc)" -n 4 \
    $bin/clang-tidy -p build/tidy --quiet --warnings-as-errors='*' 2>build/tidy.err
}

checks=("$@")
[ ${#checks[@]} -gt 0 ] || checks=(layers format lint types sizes headers tidy)
for check in "${checks[@]}"; do
  start=$SECONDS
  if "check_$check"; then result=ok; else result=FAILED; failed+=("$check"); fi
  printf '%-8s %-6s %4d s\n' "$check" "$result" $((SECONDS - start))
done
if [ ${#failed[@]} -gt 0 ]; then
  echo "failed: ${failed[*]}" >&2
  exit 1
fi
