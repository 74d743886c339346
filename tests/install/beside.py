# SPDX-License-Identifier: Apache-2.0
"""Calls iceframe and other users of Arrow by turns, in one process; prints what it did.

beside.py iceframe|pyarrow local|global CALLS   which is imported first, with which dlopen flags
"""

import contextlib
import datetime as dt
import importlib
import os
import pathlib
import sys
import tempfile
import uuid

first, scope, num_calls = sys.argv[1], sys.argv[2], int(sys.argv[3])
if scope == "global":
    sys.setdlopenflags(os.RTLD_NOW | os.RTLD_GLOBAL)
importlib.import_module(first)
# With RTLD_GLOBAL, pyarrow's OpenSSL gets in the way of Python's, which daft uses.
daft = importlib.import_module("daft") if scope == "local" else None
datafusion = importlib.import_module("datafusion")
pa = importlib.import_module("pyarrow")
pc = importlib.import_module("pyarrow.compute")
pq = importlib.import_module("pyarrow.parquet")
iceframe = importlib.import_module("iceframe")

NUM_ROWS = 1_000
SCHEMA = {"id": "long", "text": "string", "tag": "uuid", "at": "timestamptz", "list": "list<int>"}


def rows_of(begin: int):
    ids = range(begin, begin + NUM_ROWS)
    at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    return pa.table(
        {
            "id": pa.array(ids, pa.int64()),
            "text": pa.array([f"text {i % 7}" for i in ids]),
            "tag": pa.array([uuid.UUID(int=i).bytes for i in ids], pa.binary(16)),
            "at": pa.array([at] * NUM_ROWS, pa.timestamp("us", tz="UTC")),
            "list": pa.array([[i, None] for i in ids], pa.list_(pa.int32())),
        }
    )


def in_child(check) -> None:
    """Runs a check in a child of fork()."""
    child = os.fork()
    if child == 0:
        status = 1
        with contextlib.suppress(BaseException):
            check()
            status = 0
        os._exit(status)
    assert os.waitpid(child, 0)[1] == 0, "the child failed"


def main(folder: pathlib.Path) -> None:
    ice = iceframe.IceFrame(
        {"type": "sql", "uri": f"sqlite:///{folder}/catalog.db", "warehouse": f"file://{folder}"}
    )
    ice.create_table("t", SCHEMA)
    expected = rows_of(0)
    ice.append_to_table("t", expected)
    total = NUM_ROWS * (NUM_ROWS - 1) // 2
    context = datafusion.SessionContext()

    def by_pyarrow(number: int) -> None:
        rows = pa.table(ice.scan("t", filter_expr=f"id >= {number % NUM_ROWS}"))
        assert pc.min(rows["id"]).as_py() == number % NUM_ROWS
        tag = rows.schema.field("tag")
        if tag.type == pa.binary(16):
            assert tag.metadata[b"ARROW:extension:name"] == b"arrow.uuid"
        else:
            assert tag.type.extension_name == "arrow.uuid"

    def by_daft(number: int) -> None:
        rows = daft.from_arrow(pa.table(ice.scan("t", ["id", "text"])))
        assert rows.sum("id").to_pydict() == {"id": [total]}

    def by_datafusion(number: int) -> None:
        rows = context.from_arrow(ice.scan("t", ["id", "list"]))
        (batch,) = rows.aggregate([], [datafusion.functions.sum(datafusion.col("id"))]).collect()
        assert batch.column(0).to_pylist() == [total]

    def by_parquet(number: int) -> None:
        ice.create_table(f"copy_{number}", SCHEMA)
        ice.append_to_table(f"copy_{number}", expected)
        (task,) = ice.get_table(f"copy_{number}").scan().plan_files()
        file = task.file.file_path.removeprefix("file://")
        assert pq.read_table(file, columns=["id"]).num_rows == NUM_ROWS
        # Errors of one library while the other is there.
        with contextlib.suppress(pa.ArrowInvalid):
            raise AssertionError(pq.read_table(__file__))
        with contextlib.suppress(iceframe.IceFrameError):
            raise AssertionError(ice.scan("t", filter_expr="nothing > 1"))

    for number in range(num_calls):
        by_pyarrow(number)
        if number % 50 == 0:
            by_datafusion(number)
        if number % 100 == 0 and daft is not None:
            by_daft(number)
        if number % 250 == 0:
            by_parquet(number)
    in_child(lambda: by_pyarrow(1))

    maps = pathlib.Path("/proc/self/maps").read_text()
    arrows = {line.split("/")[-1].strip() for line in maps.splitlines() if "arrow.so." in line}
    assert len(arrows) == 2, arrows
    # Left over for the end of the interpreter.
    main.kept = [pa.table(ice.scan("t")), pa.RecordBatchReader.from_stream(ice.scan("t"))]
    main.kept[1].read_next_batch()
    print(f"pyarrow {pa.__version__}, {first} first, {scope}: {num_calls} calls; {sorted(arrows)}")


with tempfile.TemporaryDirectory() as name:
    main(pathlib.Path(name))
