#!/bin/bash
# Builds the C++ tests under a sanitizer and runs them.
#   tools/run_sanitizer.sh asan|tsan
# TSan runs the suites that work on our own threads; libarrow is not instrumented, so what it
# reports from inside there is suppressed (tests/tsan_suppressions.txt).
set -euo pipefail
cd "$(dirname "$0")/.."

preset=$1
mkdir -p build
cmake --preset "$preset" >"build/$preset.log" 2>&1 || { tail -40 "build/$preset.log" >&2; exit 1; }
case $preset in
  asan)
    targets=(all)
    filter=(-E '^$')
    export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1
    export LSAN_OPTIONS=suppressions=$PWD/tests/lsan_suppressions.txt:print_suppressions=0
    export UBSAN_OPTIONS=print_stacktrace=1
    ;;
  tsan)
    targets=(iceframe_runtime_test iceframe_io_test iceframe_catalog_test iceframe_table_test iceframe_planning_test)
    filter=(-R '^(runtime|io|catalog|table|planning)\.')
    export TSAN_OPTIONS=suppressions=$PWD/tests/tsan_suppressions.txt:halt_on_error=1:second_deadlock_stack=1
    ;;
  *)
    echo "usage: tools/run_sanitizer.sh asan|tsan" >&2
    exit 2
    ;;
esac
ninja -C "build/$preset" -j "$(nproc)" --quiet "${targets[@]}"
ctest --test-dir "build/$preset" --output-on-failure -j "$(nproc)" "${filter[@]}" >"build/$preset.tests" 2>&1 || {
  grep -vE '^( *[0-9]+/[0-9]+ Test .* Passed| *Start +[0-9]+:)' "build/$preset.tests" | tail -150
  exit 1
}
tail -3 "build/$preset.tests"
