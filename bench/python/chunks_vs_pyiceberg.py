# SPDX-License-Identifier: Apache-2.0
"""Read lineitem in chunks under 100 MB, beside the same scan without a limit and PyIceberg.

    python bench/python/chunks_vs_pyiceberg.py [LAKE]

LAKE is the folder that `make bench` made its tables in (build/bench/tpch-1 unless given). Each way
of reading has a process of its own each round, and they take turns; rows are counted and dropped.
Peak is the process's highest resident memory above what it had after a first small read. A ratio
is the median of the rounds' ratios.
"""

from __future__ import annotations

import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROUNDS = 5
LIMIT_MB = 100
CHUNK_ROWS = 10_000
ROOT = Path(__file__).parents[2]


def status_bytes(name: str) -> int:
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").open())
    return int(lines[name].split()[0]) * 1024


def count_rows(how: str, lake: Path, filter_expr: str | None) -> int:
    """Read lineitem, or what matches, and return how many rows there were."""
    config = {"uri": f"sqlite:///{lake}/catalog.db", "warehouse": f"file://{lake}/warehouse"}
    if how == "pyiceberg":
        from pyiceberg.catalog.sql import SqlCatalog

        table = SqlCatalog("lake", **config).load_table("bench.lineitem")
        scan = table.scan() if filter_expr is None else table.scan(row_filter=filter_expr)
        return sum(len(batch) for batch in scan.to_arrow_batch_reader())
    from iceframe import IceFrame

    ice = IceFrame({"type": "sql", "name": "lake", **config})
    if how == "scan":
        stream = ice.scan("bench.lineitem", filter_expr=filter_expr)
        return sum(batch.num_rows for batch in iter(stream.next_batch, None))
    limit = LIMIT_MB if how == "limited" else None
    chunks = ice.read_table_chunked(
        "bench.lineitem", CHUNK_ROWS, max_memory_mb=limit, filter=filter_expr
    )
    return sum(len(chunk) for chunk in chunks)


def measure(how: str, lake: Path) -> None:
    """Print rows, seconds and bytes above the base, in this process."""
    count_rows(how, lake, "l_orderkey < 100")
    base = status_bytes("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")
    start = time.perf_counter()
    rows = count_rows(how, lake, None)
    seconds = time.perf_counter() - start
    print(rows, seconds, status_bytes("VmHWM") - base)


WAYS = {
    "scan": "iceframe scan, no limit",
    "chunks": f"iceframe chunks of {CHUNK_ROWS}, no limit",
    "limited": f"iceframe chunks of {CHUNK_ROWS}, {LIMIT_MB} MB",
    "pyiceberg": "PyIceberg to_arrow_batch_reader",
}


def main() -> None:
    if len(sys.argv) == 4 and sys.argv[1] == "--measure":
        return measure(sys.argv[2], Path(sys.argv[3]))
    lake = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build/bench/tpch-1"
    if not (lake / "catalog.db").exists():
        print(f"no tables in {lake}; make bench makes them")
        return None
    seconds: dict[str, list[float]] = {how: [] for how in WAYS}
    peaks: dict[str, list[int]] = {how: [] for how in WAYS}
    for _ in range(ROUNDS):
        for how in WAYS:
            command = [sys.executable, __file__, "--measure", how, str(lake)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            rows, took, peak = done.stdout.split()
            seconds[how].append(float(took))
            peaks[how].append(int(peak))
    print(f"{rows} rows of lineitem, {platform.machine()}, {ROUNDS} rounds")
    for how, name in WAYS.items():
        rates = [other / own for other, own in zip(seconds["scan"], seconds[how], strict=True)]
        print(
            f"{name:40} {statistics.median(seconds[how]):7.2f} s, "
            f"{statistics.median(rates):5.2f} × the scan's rate, "
            f"peak {max(peaks[how]) / 2**20:6.0f} MiB above the base"
        )
    return None


if __name__ == "__main__":
    main()
