# SPDX-License-Identifier: Apache-2.0
"""Plan the same table with PyIceberg and with iceframe_planning_bench, and print the ratios.

    python bench/python/planning_vs_pyiceberg.py build/release/iceframe_planning_bench [FOLDER]

The table (100 000 data files in 100 manifests, 20 columns of bounds) is made in FOLDER once, by
the benchmark program; without FOLDER it goes below the folder for temporary files and is removed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyiceberg
from pyiceberg.expressions import And, BooleanExpression, EqualTo, GreaterThanOrEqual, LessThan
from pyiceberg.table import StaticTable

ONE_ROW = EqualTo("id", 54321 * 7919 % 100_000 * 1000 + 5)
DAY_MICROS = 86_400_000_000
DAY = 19700 + 42
# Name, our benchmark, filter, files expected, and the most that ours may take of PyIceberg's time.
CASES = [
    ("one row, cold", "BM_PlanOneRowCold", ONE_ROW, 1, 1 / 40),
    ("one row, manifests cached", "BM_PlanOneRowCached", ONE_ROW, 1, 1 / 2000),
    ("one day, cold", "BM_PlanOneDayCold", None, 1000, 1 / 8),
    ("one day, manifests cached", "BM_PlanOneDayCached", None, 1000, 1 / 8),
]


def one_day() -> BooleanExpression:
    """Return the filter of one partition."""

    def at(day: int) -> str:
        return time.strftime("%Y-%m-%dT00:00:00+00:00", time.gmtime(day * 86_400))

    return And(GreaterThanOrEqual("ts", at(DAY)), LessThan("ts", at(DAY + 1)))


def run_ours(program: str, folder: str) -> dict[str, float]:
    """Return the milliseconds of each benchmark, by name."""
    output = subprocess.run(
        [program, "--benchmark_filter=OneRow|OneDay", "--benchmark_format=json"],
        env={**os.environ, "ICEFRAME_BENCH_TABLE": folder},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    results = json.loads(output)["benchmarks"]
    return {result["name"].split("/")[0]: result["real_time"] for result in results}


def run_pyiceberg(table: StaticTable, row_filter: BooleanExpression, expected: int) -> float:
    """Return the milliseconds of a second plan_files: files and PyIceberg's caches are warm."""
    elapsed = 0.0
    for _ in range(2):
        start = time.perf_counter()
        files = list(table.scan(row_filter=row_filter).plan_files())
        elapsed = (time.perf_counter() - start) * 1000
        if len(files) != expected:
            raise SystemExit(f"PyIceberg planned {len(files)} files, not {expected}")
    return elapsed


def compare(program: str, folder: str) -> bool:
    """Print one line per case; return whether all aims are met."""
    ours = run_ours(program, folder)
    table = StaticTable.from_metadata(f"file://{folder}/metadata/v1.metadata.json")
    one_row_ms = run_pyiceberg(table, ONE_ROW, 1)
    one_day_ms = run_pyiceberg(table, one_day(), 1000)
    print(f"PyIceberg {pyiceberg.__version__}, {os.cpu_count()} cores")
    all_met = True
    for name, benchmark, row_filter, _, aim in CASES:
        theirs_ms = one_row_ms if row_filter is not None else one_day_ms
        ratio = theirs_ms / ours[benchmark]
        is_met = ratio * aim >= 1
        all_met &= is_met
        print(
            f"{name:28} ours {ours[benchmark]:9.2f} ms  PyIceberg {theirs_ms:9.1f} ms"
            f"  {ratio:8.1f} x  (aim {1 / aim:.0f} x: {'met' if is_met else 'MISSED'})"
        )
    return all_met


def main() -> int:
    """Run the comparison; the exit status says whether all aims are met."""
    if len(sys.argv) not in (2, 3):
        raise SystemExit(__doc__)
    program = str(Path(sys.argv[1]).resolve())
    if len(sys.argv) == 3:
        folder = Path(sys.argv[2]).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        return 0 if compare(program, str(folder)) else 1
    with tempfile.TemporaryDirectory(prefix="iceframe-bench-") as temporary:
        return 0 if compare(program, temporary) else 1


if __name__ == "__main__":
    sys.exit(main())
