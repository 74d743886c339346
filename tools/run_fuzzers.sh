#!/bin/bash
# Builds the fuzz targets (clang) and runs each for some seconds from its corpus, all cores busy.
# Fails on a crash, a leak, a hang or too much memory, and leaves the input in build/fuzz.
#   tools/run_fuzzers.sh SECONDS [TARGET…]
# Each run begins from the same seed, so that it takes the same way as the last one: SEED=0 takes another.
# New inputs go to build/fuzz/corpus; only what is worth keeping is copied to tests/fuzz/corpus.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-20}
shift || true
export SEED=${SEED:-20261130}
echo "seed $SEED"

tools/install_system_packages.sh clang-14 libclang-rt-14-dev
mkdir -p build
cmake --preset fuzz >build/fuzz.log 2>&1 || { tail -40 build/fuzz.log >&2; exit 1; }
ninja -C build/fuzz -j "$(nproc)" --quiet fuzzers
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
  for source in tests/fuzz/fuzz_*.cc; do
    targets+=("$(basename "$source" .cc)")
  done
fi

run_target() { # run_target TARGET SECONDS
  local found="build/fuzz/corpus/$1" kept="tests/fuzz/corpus/$1" log="build/fuzz/$1.log"
  local folders=("$found")
  [ -d "$kept" ] && folders+=("$kept")
  case $1 in # what other writers wrote
    fuzz_table_metadata) folders+=(tests/golden/metadata) ;;
    fuzz_avro | fuzz_manifest | fuzz_manifest_list) folders+=(tests/golden/manifests) ;;
  esac
  mkdir -p "$found"
  if "build/fuzz/$1" -max_total_time="$2" -seed="$SEED" -max_len=65536 -rss_limit_mb=2048 -timeout=10 \
    -artifact_prefix="build/fuzz/$1-" -print_final_stats=1 "${folders[@]}" >"$log" 2>&1; then
    printf '%-24s ok, %s runs, %s\n' "$1" \
      "$(sed -n 's/^stat::number_of_executed_units: //p' "$log")" \
      "$(grep -oE 'cov: [0-9]+' "$log" | tail -1)"
  else
    printf '%-24s FAILED\n' "$1"
    tail -60 "$log"
    return 1
  fi
}
export -f run_target
printf '%s\n' "${targets[@]}" | xargs -P "$(nproc)" -I{} bash -c "run_target {} $seconds"
