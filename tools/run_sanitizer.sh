#!/bin/bash
# Builds the C++ tests under a sanitizer and runs them: each program once, as a whole.
#   tools/run_sanitizer.sh asan|tsan [LAYER …]
#   BUILD_ONLY=1 tools/run_sanitizer.sh asan|tsan
# TSan runs the suites that work on our own threads. libarrow is not instrumented, but its mutexes
# are seen. (Were calls from libarrow ignored, as in called_from_lib, each hand-over through an
# arrow::Future would look like a race.) tests/tsan_suppressions.txt says what is left out.
set -euo pipefail
cd "$(dirname "$0")/.."

preset=${1:-}
layers=("${@:2}")
case $preset in
  asan)
    export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1
    export LSAN_OPTIONS=suppressions=$PWD/tests/lsan_suppressions.txt:print_suppressions=0
    export UBSAN_OPTIONS=print_stacktrace=1
    ;;
  tsan)
    [ ${#layers[@]} -gt 0 ] || layers=(runtime io catalog datafile table planning execution streaming session)
    export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1
    TSAN_OPTIONS+=:suppressions=$PWD/tests/tsan_suppressions.txt:print_suppressions=0
    ;;
  *)
    echo "usage: tools/run_sanitizer.sh asan|tsan [LAYER …]" >&2
    exit 2
    ;;
esac

build=build/$preset
mkdir -p build
cmake --preset "$preset" >"$build.log" 2>&1 || { tail -40 "$build.log" >&2; exit 1; }
programs=$(ninja -C "$build" -t targets all | sed -nE 's/^(iceframe_[a-z_]+_test): .*/\1/p')
if [ ${#layers[@]} -gt 0 ]; then
  programs=$(printf 'iceframe_%s_test\n' "${layers[@]}" | grep -xF "$programs")
fi
mapfile -t targets <<<"$programs"
start=$SECONDS
ninja -C "$build" -j "$(nproc)" -k 0 --quiet "${targets[@]}"
echo "$preset: built in $((SECONDS - start)) s"
[ -z "${BUILD_ONLY:-}" ] || exit 0

run_program() { # run_program PROGRAM: says what it took, and on a failure what it wrote
  local log="$1.log" start=$SECONDS result=ok
  timeout 900 "$1" --gtest_brief=1 >"$log" 2>&1 || result="FAILED ($?)"
  printf '%-28s %-12s %4d s\n' "${1##*/}" "$result" $((SECONDS - start))
  [ "$result" = ok ] || { tail -150 "$log"; return 1; }
}
export -f run_program
printf '%s\n' "${targets[@]/#/$build/}" | xargs -P "$(nproc)" -I{} bash -c 'run_program {}'
