# SPDX-License-Identifier: Apache-2.0
"""count, min and max from metadata: never other than what a scan finds, whatever bounds say."""

import datetime as dt
import math
from decimal import Decimal

import pyarrow as pa
import pytest
from pyiceberg.conversions import to_bytes
from pyiceberg.io.pyarrow import _dataframe_to_data_files
from pyiceberg.types import DoubleType, LongType, StringType

from iceframe.functions import count
from iceframe.functions import max as greatest
from iceframe.functions import min as least


def extremes(ice, table, column, disabled_rules=()):
    query = ice.query(table).select(
        count().alias("n"), least(column).alias("low"), greatest(column).alias("high")
    )
    stream = ice._session.execute(query._query, disabled_rules=disabled_rules, progress=None)
    return pa.table(stream).to_pylist()[0]


def rows_read(ice, query):
    """Rows and files that were opened."""
    plan = query.explain(analyze=True).to_dict()
    while "reading" not in plan:
        (plan,) = plan["inputs"]
    return plan["reading"]["rows_scanned"]


def same(left, right):
    return left == right or all(isinstance(v, float) and math.isnan(v) for v in (left, right))


NULLS = [None] * 3
COLUMNS = {
    "i": [[5, None, 3], [9, 7, 8], NULLS, [-4, 20, 6]],
    "d": [[dt.date(2024, 1, 5)] * 3, [dt.date(2024, 1, 6)] * 3, NULLS, [dt.date(2023, 1, 1)] * 3],
    "x": [[1.5, 2.5, 3.5], [math.nan, 0.5, 9.0], [None, 1.0, -0.0], [0.0, 2.0, 4.0]],
    "s": [
        ["a" * 30 + "x", "a" * 30, None],
        ["b"] * 3,
        ["z" * 40, "y", "zz"],
        ["\U0010ffff" * 20] * 3,
    ],
    "m": [
        [Decimal("1.50"), None, Decimal("-7.25")],
        [Decimal("9.99")] * 3,
        NULLS,
        [Decimal(0)] * 3,
    ],
    "b": [[b"\xff" * 20] * 3, [b"\xff" * 21] * 3, [b""] * 3, NULLS],
}
SCHEMA = pa.schema(
    [
        ("i", pa.int64()),
        ("d", pa.date32()),
        ("x", pa.float64()),
        ("s", pa.string()),
        ("m", pa.decimal128(9, 2)),
        ("b", pa.binary()),
    ]
)


@pytest.mark.parametrize("writer", ["ours", "pyiceberg"])
@pytest.mark.parametrize("column", SCHEMA.names)
def test_the_answer_is_the_scans(ice, lake, writer, column):
    ice.create_table("t", SCHEMA)
    theirs = lake.pyiceberg().load_table("default.t")
    for part in range(4):
        rows = pa.table({name: values[part] for name, values in COLUMNS.items()}, schema=SCHEMA)
        if writer == "ours":
            ice.append_to_table("t", rows)
        else:
            theirs.append(rows)
    answer = extremes(ice, "t", column)
    scanned = extremes(ice, "t", column, disabled_rules=["answer_from_metadata"])
    assert all(same(answer[key], scanned[key]) for key in answer), (answer, scanned)
    assert answer["n"] == 12


def test_only_files_that_could_hold_the_extreme_are_read(ice):
    ice.create_table("t", {"id": "long", "day": "date"})
    for start in range(0, 1000, 100):
        days = [dt.date(2024, 1, 1) + dt.timedelta(start)] * 100
        ice.append_to_table("t", {"id": list(range(start, start + 100)), "day": days})
    assert extremes(ice, "t", "id") == {"n": 1000, "low": 0, "high": 999}
    assert rows_read(ice, ice.query("t").select(least("id"))) == 100
    assert rows_read(ice, ice.query("t").select(least("id"), greatest("id"), count())) == 200
    assert rows_read(ice, ice.query("t").select(greatest("day"), count())) == 0


def test_a_filter_on_the_partition_leaves_files_whole(ice):
    ice.create_table("t", {"id": "long", "day": "date"}, partition_spec=[("day", "month")])
    days = [dt.date(2024, 1 + i // 10, 1 + i % 10) for i in range(100)]
    ice.append_to_table("t", {"id": list(range(100)), "day": days})
    late = ice.query("t").filter("day >= DATE '2024-03-01'")
    assert late.select(least("id"), count()).to_arrow().to_pylist() == [
        {"min(id)": 20, "count(*)": 80}
    ]
    assert rows_read(ice, late.select(least("id"), count())) == 10
    within = ice.query("t").filter("day >= DATE '2024-03-02'")
    assert within.select(least("id"), count()).to_arrow().to_pylist() == [
        {"min(id)": 21, "count(*)": 79}
    ]


BOUNDS = {"i": LongType(), "x": DoubleType(), "s": StringType()}


@pytest.mark.parametrize(
    ("column", "values", "lower", "upper"),
    [
        ("i", [[10, 20], [12, 30]], [-100, 5], [99, 31]),
        ("i", [[10, 20], [12, 30]], [10, None], [None, 30]),
        ("x", [[1.0, 2.0], [0.5, 9.0]], [-5.0, 0.0], [99.0, 9.5]),
        ("x", [[1.0, math.nan], [0.5, 9.0]], [1.0, 0.5], [1.0, 9.0]),
        ("x", [[math.nan] * 2, [math.nan] * 2], [None, None], [None, None]),
        ("s", [["bb", "bz"], ["bc", None]], ["a", ""], ["c", "zzz"]),
    ],
)
def test_loose_bounds_by_hand_change_no_answer(ice, lake, column, values, lower, upper):
    ice.create_table("t", {"i": "long", "x": "double", "s": "string"})
    table = lake.pyiceberg().load_table("default.t")
    field = table.schema().find_field(column)
    for rows, low, high in zip(values, lower, upper, strict=True):
        frame = pa.table({column: pa.array(rows, field.field_type and None)})
        full = pa.Table.from_pylist(frame.to_pylist(), schema=table.schema().as_arrow())
        (file,) = _dataframe_to_data_files(table.metadata, full, table.io)
        for bounds, value in ((file.lower_bounds, low), (file.upper_bounds, high)):
            bounds.pop(field.field_id, None)
            if value is not None:
                bounds[field.field_id] = to_bytes(BOUNDS[column], value)
        with table.transaction() as change, change.update_snapshot().fast_append() as append:
            append.append_data_file(file)
        table.refresh()
    answer = extremes(ice, "t", column)
    scanned = extremes(ice, "t", column, disabled_rules=["answer_from_metadata"])
    assert all(same(answer[key], scanned[key]) for key in answer), (answer, scanned)
