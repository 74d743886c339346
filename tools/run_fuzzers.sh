#!/bin/bash
# Runs every fuzz target for some seconds each, from its corpus.
#   tools/run_fuzzers.sh SECONDS
set -euo pipefail
cd "$(dirname "$0")/.."
echo "no fuzz targets yet"
