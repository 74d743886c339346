# SPDX-License-Identifier: Apache-2.0
"""Plan the same table with PyIceberg and with iceframe_planning_bench, and print the ratios.

    python bench/python/planning_vs_pyiceberg.py [PROGRAM [FOLDER]]

PROGRAM is build/release/iceframe_planning_bench unless given. The table (100 000 data files in 100
manifests, 20 columns of bounds) is made in FOLDER once, by the benchmark program; without FOLDER
it goes below the folder for temporary files and is removed.

The two take turns, a few rounds long, so that what else the machine does hits both. A ratio is
the median of the rounds' ratios; CPU is that of all threads.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pyiceberg
from pyiceberg.expressions import And, BooleanExpression, EqualTo, GreaterThanOrEqual, LessThan
from pyiceberg.table import StaticTable

ROUNDS = 3
DEFAULT_PROGRAM = "build/release/iceframe_planning_bench"
ONE_ROW = EqualTo("id", 54321 * 7919 % 100_000 * 1000 + 5)
DAY_MICROS = 86_400_000_000
DAY = 19700 + 42
# Name, our benchmark, PyIceberg's filter, and how many times faster ours has to be.
CASES = [
    ("one row, cold", "BM_PlanOneRowCold", "one row", 40),
    ("one row, manifests cached", "BM_PlanOneRowCached", "one row", 2000),
    ("one day, cold", "BM_PlanOneDayCold", "one day", 8),
    ("one day, manifests cached", "BM_PlanOneDayCached", "one day", 8),
]


@dataclass(frozen=True)
class Timing:
    """Milliseconds that one plan took."""

    wall: float
    cpu: float


def one_day() -> BooleanExpression:
    """Return the filter of one partition."""

    def at(day: int) -> str:
        return time.strftime("%Y-%m-%dT00:00:00+00:00", time.gmtime(day * 86_400))

    return And(GreaterThanOrEqual("ts", at(DAY)), LessThan("ts", at(DAY + 1)))


def run_ours(program: str, folder: str) -> dict[str, Timing]:
    """Return the mean of each benchmark's iterations, by name."""
    output = subprocess.run(
        [program, "--benchmark_filter=OneRow|OneDay", "--benchmark_format=json"],
        env={**os.environ, "ICEFRAME_BENCH_TABLE": folder},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return {
        result["name"].split("/")[0]: Timing(result["real_time"], result["cpu_time"])
        for result in json.loads(output)["benchmarks"]
    }


def run_pyiceberg(table: StaticTable, row_filter: BooleanExpression, expected: int) -> Timing:
    """Return what one plan_files takes."""
    wall, cpu = time.perf_counter(), time.process_time()
    files = list(table.scan(row_filter=row_filter).plan_files())
    timing = Timing((time.perf_counter() - wall) * 1000, (time.process_time() - cpu) * 1000)
    if len(files) != expected:
        raise SystemExit(f"PyIceberg planned {len(files)} files, not {expected}")
    return timing


def machine() -> str:
    """Return what the figures were seen on."""
    model = platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = names[0].split(":")[1].strip() if names else model
    return f"{model}, {os.cpu_count()} cores"


def compare(program: str, folder: str) -> bool:
    """Print one line per case; return whether all aims are met."""
    run_ours(program, folder)  # makes the table
    table = StaticTable.from_metadata(f"file://{folder}/metadata/v1.metadata.json")
    run_pyiceberg(table, one_day(), 1000)  # warms its caches
    ours: list[dict[str, Timing]] = []
    theirs: list[dict[str, Timing]] = []
    for _ in range(ROUNDS):
        ours.append(run_ours(program, folder))
        theirs.append(
            {
                "one row": run_pyiceberg(table, ONE_ROW, 1),
                "one day": run_pyiceberg(table, one_day(), 1000),
            }
        )
    print(f"{time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC, {machine()}", end="")
    print(f", load {os.getloadavg()[0]:.1f}, PyIceberg {pyiceberg.__version__}, {ROUNDS} rounds")
    print(f"{'milliseconds, min / median':28}{'ours':>18}{'PyIceberg':>20}{'ratio':>9}{'CPU':>9}")
    all_met = True
    for name, benchmark, peer, aim in CASES:
        pairs = [(mine[benchmark], their[peer]) for mine, their in zip(ours, theirs, strict=True)]
        my_walls = [mine.wall for mine, _ in pairs]
        their_walls = [their.wall for _, their in pairs]
        ratio = statistics.median(their.wall / mine.wall for mine, their in pairs)
        cpu_ratio = statistics.median(their.cpu / mine.cpu for mine, their in pairs)
        is_met = ratio >= aim
        all_met &= is_met
        print(
            f"{name:28}{min(my_walls):8.2f} / {statistics.median(my_walls):7.2f}"
            f"{min(their_walls):10.0f} / {statistics.median(their_walls):7.0f}"
            f"{ratio:9.0f}{cpu_ratio:9.0f}  (aim {aim}: {'met' if is_met else 'MISSED'})"
        )
    return all_met


def main() -> int:
    """Run the comparison; the exit status says whether all aims are met."""
    if len(sys.argv) > 3:
        raise SystemExit(__doc__)
    program = str(Path(sys.argv[1] if len(sys.argv) > 1 else DEFAULT_PROGRAM).resolve())
    if len(sys.argv) == 3:
        folder = Path(sys.argv[2]).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        return 0 if compare(program, str(folder)) else 1
    with tempfile.TemporaryDirectory(prefix="iceframe-bench-") as temporary:
        return 0 if compare(program, temporary) else 1


if __name__ == "__main__":
    sys.exit(main())
