#!/bin/bash
# Runs the C++ benchmarks of the release build, then the comparisons with other engines.
set -euo pipefail
cd "$(dirname "$0")/.."

for program in build/release/*_bench; do
  [ -x "$program" ] || continue
  echo "== $(basename "$program")"
  "$program" --benchmark_min_time=0.2
done
for script in bench/python/*_vs_*.py; do
  [ -f "$script" ] || continue
  echo "== $script"
  .venv/bin/python "$script"
done
