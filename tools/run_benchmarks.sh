#!/bin/bash
# Runs the C++ benchmarks of the release build, then the comparisons with other engines: tables of
# ratios. The exit status says whether all of their aims are met.
set -euo pipefail
cd "$(dirname "$0")/.."

echo "== $(date -u '+%Y-%m-%d %H:%M UTC'), commit $(git rev-parse --short HEAD 2>/dev/null || echo '?')"
grep -m1 '^model name' /proc/cpuinfo | sed 's/.*: //' || true
echo "$(nproc) cores, load $(cut -d' ' -f1-3 /proc/loadavg)"
for program in build/release/*_bench; do
  [ -x "$program" ] || continue
  echo "== $(basename "$program")"
  # The library's own remarks on the machine repeat what stands above.
  "$program" --benchmark_min_time=0.2 2>/dev/null
done
status=0
for script in bench/python/*_vs_*.py; do
  [ -f "$script" ] || continue
  echo "== $script"
  .venv/bin/python "$script" || status=1
done
exit "$status"
