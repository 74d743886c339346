# SPDX-License-Identifier: Apache-2.0
"""Compact 1 000 small files, beside PyIceberg's reading and overwriting of the same table.

    python bench/python/compaction_vs_pyiceberg.py [FILES [ROWS]]

PyIceberg has no compaction: people read the table and overwrite it. Each round makes both tables
anew (FILES commits of ROWS rows in one go through the engine's writer), and the two take turns,
each in a process of its own. Elapsed time from the opened catalog to the commit's end; a ratio is
the median of the rounds' ratios. Both results are compared with what was written.
"""

from __future__ import annotations

import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 3


def config_of(folder: Path) -> dict[str, str]:
    return {"uri": f"sqlite:///{folder}/catalog.db", "warehouse": f"file://{folder}/warehouse"}


def fill(folder: Path, files: int, rows: int) -> None:
    """Make the table; one commit each would take most of the bench's time, so 50 share one."""
    import pyarrow as pa

    from iceframe import IceFrame

    ice = IceFrame({"type": "sql", "name": "lake", **config_of(folder)})
    ice.create_table("t", {"id": "long", "name": "string", "value": "double", "at": "timestamp"})
    for begin in range(0, files, 50):
        with ice.transaction("t") as transaction:
            for file in range(begin, min(begin + 50, files)):
                ids = pa.array(range(file * rows, (file + 1) * rows), pa.int64())
                columns = {
                    "id": ids,
                    "name": pa.array([f"name-{i % 977}" for i in range(rows)]),
                    "value": pa.array([i * 0.37 for i in range(rows)]),
                    "at": pa.array(
                        [1_700_000_000_000_000 + i * 1_000_003 for i in range(rows)],
                        pa.timestamp("us"),
                    ),
                }
                transaction.append(pa.table(columns))


def compact(how: str, folder: Path) -> None:
    """Print the seconds and how many files are left, in this process."""
    if how == "pyiceberg":
        from pyiceberg.catalog.sql import SqlCatalog

        table = SqlCatalog("lake", **config_of(folder)).load_table("default.t")
        start = time.perf_counter()
        table.overwrite(table.scan().to_arrow())
        seconds = time.perf_counter() - start
    else:
        from iceframe import IceFrame

        ice = IceFrame({"type": "sql", "name": "lake", **config_of(folder)})
        ice.get_table("t")
        start = time.perf_counter()
        ice.compact_data_files("t")
        seconds = time.perf_counter() - start
    print(seconds)


def check(folder: Path, files: int, rows: int) -> int:
    from iceframe import IceFrame

    ice = IceFrame({"type": "sql", "name": "lake", **config_of(folder)})
    ids = ice.read_table("t", ["id"])["id"]
    assert ids.len() == files * rows
    assert ids.n_unique() == files * rows
    return len(ice.get_table("t").scan().plan_files())


def main() -> None:
    if len(sys.argv) == 4 and sys.argv[1] == "--compact":
        return compact(sys.argv[2], Path(sys.argv[3]))
    files = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    rows = int(sys.argv[2]) if len(sys.argv) > 2 else 5000
    seconds: dict[str, list[float]] = {"iceframe": [], "pyiceberg": []}
    left = {}
    for _ in range(ROUNDS):
        for how in seconds:
            with tempfile.TemporaryDirectory() as name:
                folder = Path(name)
                (folder / "warehouse").mkdir()
                fill(folder, files, rows)
                command = [sys.executable, __file__, "--compact", how, name]
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                seconds[how].append(float(done.stdout))
                left[how] = check(folder, files, rows)
    print(f"{files} files of {rows} rows, {platform.machine()}, {ROUNDS} rounds")
    for how, times in seconds.items():
        print(f"{how:10} {statistics.median(times):7.2f} s, {left[how]} files left")
    pairs = zip(seconds["iceframe"], seconds["pyiceberg"], strict=True)
    print(f"ratio {statistics.median(ours / theirs for ours, theirs in pairs):.2f}")
    return None


if __name__ == "__main__":
    main()
