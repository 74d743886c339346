#!/bin/bash
# Runs the comparison with other engines, then the C++ benchmarks of the release build and the
# planning of a large table: tables of ratios. The exit status says whether all engines gave the
# same answers. CASES (comma-separated names) leaves all but these cases out.
set -euo pipefail
cd "$(dirname "$0")/.."

status=0
.venv/bin/python -m bench.peers --cases "${CASES:-}" --engines "${ENGINES:-}" \
  --runs "${RUNS:-7}" --scale "${SCALE:-1}" --cores "${CORES:-2}" || status=1
[ -z "${CASES:-}" ] || exit "$status"

for program in build/release/*_bench; do
  [ -x "$program" ] || continue
  echo "== $(basename "$program")"
  # The library's own remarks on the machine repeat what stands above.
  "$program" --benchmark_min_time=0.2 2>/dev/null
done
for script in bench/python/*_vs_*.py; do
  [ -f "$script" ] || continue
  echo "== $script"
  .venv/bin/python "$script" || status=1
done
exit "$status"
