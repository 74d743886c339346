# SPDX-License-Identifier: Apache-2.0
"""Data files whose types are other than the table's, as other writers leave them."""

import datetime as dt
import decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.typedef import Record

from iceframe import col
from iceframe.errors import DataError

# Of each column: the table's type, the file's, values of both, and one that only the file's has.
MONEY = decimal.Decimal
COLUMNS = {
    "i": ("int", pa.int64(), [3, None, 2**31 - 1, -7], 2**31),
    "u": ("int", pa.uint64(), [3, None, 2**31 - 1, 0], 2**63),
    "l": ("long", pa.uint64(), [3, None, 2**63 - 1, 0], 2**64 - 1),
    "b": ("int", pa.uint8(), [3, None, 255, 0], None),
    "f": ("float", pa.float64(), [0.5, None, -2.0, 0.25], 0.1),
    "d": ("double", pa.int64(), [1, None, -(2**53), 7], 2**53 + 1),
    "m": (
        "decimal(9,2)",
        pa.decimal128(20, 4),
        [MONEY("1.25"), None, MONEY("-9.00"), MONEY("0.00")],
        MONEY("1.2345"),
    ),
    "w": (
        "decimal(12,3)",
        pa.int32(),
        [MONEY(5), None, MONEY(-7), MONEY(0)],
        None,
    ),
    "ms": (
        "timestamp",
        pa.timestamp("ms"),
        [dt.datetime(2024, 1, 2, 3, 4, 5, 7000), None, dt.datetime(1969, 12, 31), None],
        None,
    ),
    "ns": (
        "timestamp",
        pa.timestamp("ns"),
        [dt.datetime(2024, 1, 2, 3, 4, 5, 7), None, dt.datetime(1969, 12, 31), None],
        1,
    ),
    "bytes": ("binary", pa.binary(2), [b"ab", None, b"\x00\xff", b"zz"], None),
}


def add_file(lake, name, rows, **options):
    """Adds a Parquet file that pyarrow writes to a table, whatever its types are."""
    theirs = lake.pyiceberg().load_table(f"default.{name}")
    ids = {field.name: str(field.field_id) for field in theirs.schema().fields}
    fields = [f.with_metadata({"PARQUET:field_id": ids[f.name]}) for f in rows.schema]
    path = lake.folder / "warehouse" / f"{name}-{rows.num_rows}.parquet"
    pq.write_table(rows.cast(pa.schema(fields)), path, **options)
    with theirs.transaction() as transaction, transaction.update_snapshot().fast_append() as append:
        append.append_data_file(
            DataFile.from_args(
                content=DataFileContent.DATA,
                file_path=f"file://{path}",
                file_format=FileFormat.PARQUET,
                partition=Record(),
                record_count=rows.num_rows,
                file_size_in_bytes=path.stat().st_size,
            )
        )


def test_unsigned_integers_of_pyiceberg_are_read(lake, ice):
    ice.create_table("t", {"i": "int", "l": "long", "st": "struct<i: int>"})
    theirs = lake.pyiceberg().load_table("default.t")
    rows = pa.table(
        {
            "i": pa.array([3, None, 2**31 - 1, 0], pa.uint32()),
            "l": pa.array([3, None, 2**32 - 1, 0], pa.uint32()),
            "st": pa.array([{"i": 1}, None, {"i": 2**31 - 1}, {"i": None}]),
        }
    )
    rows = rows.set_column(
        2, "st", pa.array(rows["st"].to_pylist(), pa.struct([("i", pa.uint32())]))
    )
    theirs.append(rows)
    assert ice.to_arrow("t").to_pylist() == rows.to_pylist()
    for condition, expected in {
        "i > 5": [2**31 - 1],
        "i = 0": [0],
        "i <= 3": [3, 0],
        "l > 4000000000": [2**31 - 1],
        "st.i = 2147483647": [2**31 - 1],
        "i IS NULL": [None],
    }.items():
        assert ice.to_arrow("t", ["i"], condition)["i"].to_pylist() == expected, condition
    ends = ice.query("t").select("min(i) AS low", "max(i) AS high", "max(l) AS far").to_arrow()
    assert ends.to_pylist() == [{"low": 0, "high": 2**31 - 1, "far": 2**32 - 1}]


@pytest.mark.parametrize("kind", ["plain", "nested"])
def test_a_value_that_does_not_fit_is_named(lake, ice, kind):
    type_ = "int" if kind == "plain" else "list<struct<x: int>>"
    # Without bounds, which PyIceberg fails to make of such values.
    no_bounds = {"write.metadata.metrics.default": "none"}
    ice.create_table("t", {"id": "long", "c": type_}, properties=no_bounds)
    theirs = lake.pyiceberg().load_table("default.t")
    values = [7, 1, 2**31, 5]
    column = pa.array(values, pa.uint32())
    if kind == "nested":
        element = pa.list_(pa.struct([("x", pa.uint32())]))
        column = pa.array([[{"x": 0}, {"x": value}] for value in values], element)
    theirs.append(pa.table({"id": pa.array(range(4), pa.int64()), "c": column}))
    with pytest.raises(DataError) as raised:
        ice.to_arrow("t")
    where = "c" if kind == "plain" else "c.element.x"
    assert f"{where} is int, row 2 has 2147483648" in str(raised.value)
    assert ".parquet" in str(raised.value)
    assert ice.to_arrow("t", ["id"]).num_rows == 4


@pytest.mark.parametrize("row_group_size", [1, 100])
def test_other_types_are_read_by_value_and_skipped_rightly(lake, ice, row_group_size):
    ice.create_table("t", {name: column[0] for name, column in COLUMNS.items()})
    arrays = {name: pa.array(values, type_) for name, (_, type_, values, _) in COLUMNS.items()}
    add_file(lake, "t", pa.table(arrays), row_group_size=row_group_size)
    read = ice.to_arrow("t").to_pydict()
    assert read == {name: column[2] for name, column in COLUMNS.items()}
    for name, (_, _, values, _) in COLUMNS.items():
        for value in {value for value in values if value is not None}:
            for condition, keep in {
                col(name) == value: lambda v, value=value: v == value,
                col(name) > value: lambda v, value=value: v > value,
                col(name) <= value: lambda v, value=value: v <= value,
            }.items():
                found = ice.to_arrow("t", [name], condition)[name].to_pylist()
                assert found == [v for v in values if v is not None and keep(v)], str(condition)


@pytest.mark.parametrize(
    "name", [name for name, column in COLUMNS.items() if column[3] is not None]
)
def test_values_that_only_the_file_can_hold_are_named(lake, ice, name):
    type_, file_type, values, misfit = COLUMNS[name]
    ice.create_table("t", {"id": "long", name: type_})
    column = pa.array([*values, misfit, *values], file_type)
    add_file(lake, "t", pa.table({"id": pa.array(range(9)), name: column}), row_group_size=3)
    with pytest.raises(DataError) as raised:
        ice.to_arrow("t", filter_expr="id <> 1")
    assert f"{name} is " in str(raised.value)
    assert ", row 4 has " in str(raised.value)
    assert ice.to_arrow("t", filter_expr="id < 3")[name].to_pylist() == values[:3]
