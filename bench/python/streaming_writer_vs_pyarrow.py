# SPDX-License-Identifier: Apache-2.0
"""How many rows a second a StreamingWriter takes, beside what the disk and pyarrow alone do.

Each figure is the best of several runs, those compared by turns. Rows have five columns; committing
goes on beside the writing, and the time until all is committed is given apart.
"""

import os
import pathlib
import tempfile
import time
from collections.abc import Callable

import pyarrow as pa

from iceframe import IceFrame
from iceframe.streaming import StreamingWriter

COLUMNS = {"id": "long", "user": "string", "kind": "string", "value": "double", "ok": "boolean"}
SCHEMA = pa.schema(
    [
        ("id", pa.int64()),
        ("user", pa.string()),
        ("kind", pa.string()),
        ("value", pa.float64()),
        ("ok", pa.bool_()),
    ]
)
SYNCS = int(os.environ.get("SYNCS", "1000"))
SINGLE_ROWS = 300_000
LISTED_ROWS = 1_000_000
LIST_ROWS = 10_000
ARROW_ROWS = 10_000_000
BATCH_ROWS = 100_000
RUNS = int(os.environ.get("RUNS", "3"))
#: Commits happen by size, as under a steady load.
OPTIONS = {"batch_size": 1_000_000, "flush_interval_seconds": 3600}


def row(number: int) -> dict[str, object]:
    return {
        "id": number,
        "user": f"user {number % 1000}",
        "kind": "click",
        "value": number * 0.5,
        "ok": True,
    }


class Bench:
    """A table, and writers on it."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        os.environ["ICEFRAME_STREAMING_STATE_FOLDER"] = str(folder / "state")
        self.ice = IceFrame(
            {"uri": f"sqlite:///{folder}/catalog.db", "warehouse": f"file://{folder}"}
        )
        self.num_tables = 0

    def rate(self, num_rows: int, write: Callable[[StreamingWriter], None]) -> tuple[float, float]:
        """Returns rows a second until all were taken, and until all were committed."""
        self.num_tables += 1
        table = f"t{self.num_tables}"
        self.ice.create_table(table, COLUMNS)
        writer = StreamingWriter(self.ice, table, **OPTIONS)
        begin = time.perf_counter()
        write(writer)
        taken = time.perf_counter()
        writer.close()
        committed = time.perf_counter()
        assert self.ice.count_rows(table) == num_rows
        self.ice.drop_table(table)
        return num_rows / (taken - begin), num_rows / (committed - begin)

    def syncs(self) -> float:
        """Returns how often a second the disk appends a row's bytes and syncs them."""
        path = self.folder / "syncs"
        with path.open("wb", buffering=0) as file:
            begin = time.perf_counter()
            for _ in range(SYNCS):
                file.write(b"x" * 700)
                os.fdatasync(file.fileno())
            taken = time.perf_counter() - begin
        path.unlink()
        return SYNCS / taken


def best(runs: list[tuple[float, float]]) -> tuple[float, float]:
    return max(run[0] for run in runs), max(run[1] for run in runs)


def blocking(bench: Bench) -> None:
    def write(writer: StreamingWriter) -> None:
        for i in range(SYNCS):
            writer.write(row(i))

    ratios, rates = [], []
    for _ in range(max(RUNS, 5)):
        syncs = bench.syncs()
        taken, _ = bench.rate(SYNCS, write)
        ratios.append(taken / ((syncs + bench.syncs()) / 2))
        rates.append((taken, syncs))
    taken, syncs = max(rates)
    print(f"single dicts, waited for    {taken:12,.0f} rows/s; fdatasync alone {syncs:,.0f}/s;"
          f" ratio of each run {', '.join(f'{ratio:.2f}' for ratio in ratios)}")  # fmt: skip


def single(bench: Bench) -> None:
    rows = [row(i) for i in range(SINGLE_ROWS)]

    def write(writer: StreamingWriter) -> None:
        for one in rows:
            writer.write(one, wait=False)

    taken, committed = best([bench.rate(SINGLE_ROWS, write) for _ in range(RUNS)])
    print(f"single dicts, wait=False    {taken:12,.0f} rows/s; committed {committed:,.0f}")


def lists(bench: Bench) -> None:
    rows = [row(i) for i in range(LISTED_ROWS)]
    parts = [rows[i : i + LIST_ROWS] for i in range(0, LISTED_ROWS, LIST_ROWS)]

    def write(writer: StreamingWriter) -> None:
        for part in parts:
            writer.write(part)

    runs, plain = [], []
    for _ in range(RUNS):
        runs.append(bench.rate(LISTED_ROWS, write))
        begin = time.perf_counter()
        for part in parts:
            pa.Table.from_pylist(part, schema=SCHEMA)
        plain.append(LISTED_ROWS / (time.perf_counter() - begin))
    taken, committed = best(runs)
    print(f"lists of {LIST_ROWS} dicts        {taken:12,.0f} rows/s; committed {committed:,.0f};"
          f" pyarrow's Table.from_pylist {max(plain):,.0f}")  # fmt: skip


def batches(bench: Bench) -> None:
    batch = pa.RecordBatch.from_pylist([row(i) for i in range(BATCH_ROWS)], schema=SCHEMA)

    def write(writer: StreamingWriter) -> None:
        for _ in range(ARROW_ROWS // BATCH_ROWS):
            writer.write(batch)

    taken, committed = best([bench.rate(ARROW_ROWS, write) for _ in range(RUNS)])
    print(f"Arrow batches of {BATCH_ROWS}     {taken:12,.0f} rows/s; committed {committed:,.0f};"
          f" {batch.nbytes / BATCH_ROWS:.0f} B a row")  # fmt: skip


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(pathlib.Path(folder))
        for part in (blocking, single, lists, batches):
            part(bench)


if __name__ == "__main__":
    main()
