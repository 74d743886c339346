#!/bin/bash
# Builds the fuzz targets (clang) and runs each for some seconds from its corpus.
#   tools/run_fuzzers.sh SECONDS [TARGET…]
# New inputs go to build/fuzz/corpus; only what is worth keeping is copied to tests/fuzz/corpus.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-20}
shift || true

cmake --preset fuzz > /dev/null
cmake --build build/fuzz --target fuzzers
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
  for source in tests/fuzz/fuzz_*.cc; do
    targets+=("$(basename "$source" .cc)")
  done
fi
for target in "${targets[@]}"; do
  echo "== $target, $seconds s"
  found="build/fuzz/corpus/$target"
  mkdir -p "$found"
  "build/fuzz/$target" -max_total_time="$seconds" -max_len=65536 -rss_limit_mb=2048 \
    -timeout=10 -artifact_prefix="build/fuzz/" -print_final_stats=1 "$found" \
    "tests/fuzz/corpus/$target" 2>&1 | grep -E 'ERROR|SUMMARY|crash|stat::|cov:' | tail -12
done
