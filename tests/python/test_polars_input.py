# SPDX-License-Identifier: Apache-2.0
"""Every type of Polars, in new tables and in appends."""

import datetime as dt
import decimal
import pathlib
import uuid

import polars as pl
import pytest

from iceframe.errors import IceFrameError, SchemaError

A_UUID = uuid.UUID("f79c3e09-677c-4bbd-a479-3f349cb785e7")
NOON = dt.datetime(2024, 2, 29, 12)

# Type, values, and the column's type; None: refused.
TYPES = [
    (pl.Boolean, [True, None], "boolean"),
    (pl.Int8, [-1, None], "int"),
    (pl.Int16, [-1, None], "int"),
    (pl.Int32, [-1, None], "int"),
    (pl.Int64, [-1, None], "long"),
    (pl.Int128, [-1, None], None),
    (pl.UInt8, [1, None], "int"),
    (pl.UInt16, [1, None], "int"),
    (pl.UInt32, [1, None], "long"),
    (pl.UInt64, [1, None], None),
    (pl.UInt128, [1, None], None),
    (pl.Float16, [0.5, None], "float"),
    (pl.Float32, [0.5, None], "float"),
    (pl.Float64, [0.1, None], "double"),
    (pl.Decimal(9, 2), [decimal.Decimal("1.50"), None], "decimal(9, 2)"),
    (pl.Decimal(None, 2), [decimal.Decimal("1.50"), None], "decimal(38, 2)"),
    (pl.Date, [dt.date(2024, 2, 29), None], "date"),
    (pl.Time, [dt.time(1, 2, 3, 4), None], "time"),
    (pl.Datetime("ms"), [NOON, None], "timestamp"),
    (pl.Datetime("us"), [NOON, None], "timestamp"),
    (pl.Datetime("ns"), [NOON, None], "timestamp"),
    (pl.Datetime("us", "Europe/Oslo"), [NOON.replace(tzinfo=dt.UTC), None], "timestamptz"),
    (pl.Duration, [dt.timedelta(1), None], None),
    (pl.String, ["a", None], "string"),
    (pl.Binary, [b"a", None], "binary"),
    (pl.Categorical, ["a", None], "string"),
    (pl.Enum(["a"]), ["a", None], "string"),
    (pl.Null, [None, None], None),
    (pl.List(pl.String), [["a", None], None], "list<string>"),
    (pl.Array(pl.Int8, 2), [[1, 2], None], "list<int>"),
    (pl.Struct({"a": pl.Int64}), [{"a": 1}, {"a": None}], "struct<a: long>"),
    (pl.List(pl.Struct({"a": pl.Int128})), [[{"a": 1}], None], None),
    (pl.Object, [A_UUID, None], "uuid"),
]


def shown(field_type):
    text = str(field_type)
    return text if "<" in text else text.replace("decimal(9,2)", "decimal(9, 2)")


@pytest.mark.parametrize(("dtype", "values", "expected"), TYPES, ids=lambda value: str(value)[:30])
def test_every_type_in_a_new_table_and_an_append(ice, lake, dtype, values, expected):
    frame = pl.DataFrame([pl.Series("c", values, dtype=dtype)])
    if expected is None:
        with pytest.raises(IceFrameError, match="c"):
            ice.create_table("t", frame)
        return
    ice.create_table("t", frame)
    ice.create_table("made", {"c": expected})
    ice.append_to_table("t", frame)
    ice.append_to_table("made", frame.lazy())
    read = ice.to_arrow("t")
    assert read.schema == ice.to_arrow("made").schema
    assert read["c"].to_pylist() == ice.to_arrow("made")["c"].to_pylist()
    assert read["c"].to_pylist() == values
    if dtype != pl.Object:
        ice.create_table("of_schema", frame.schema)
        ice.create_table("of_type", {"c": dtype})
        ice.append_to_table("of_type", {"c": frame["c"]})
        assert ice.to_arrow("of_type").equals(read)
        assert ice.to_arrow("of_schema").schema == read.schema


def test_every_type_has_a_line_in_the_docs():
    text = pathlib.Path(__file__).parents[2].joinpath("docs/types.md").read_text()
    table = text.partition("## What Polars' types become")[2]
    abstract = {"BaseExtension", "DataType", "Unknown", "Utf8"}
    names = {
        name
        for name in dir(pl)
        if isinstance(getattr(pl, name), type) and issubclass(getattr(pl, name), pl.DataType)
    }
    for name in names - abstract:
        assert name in table, name


def test_wide_integers_are_kept_by_value(ice):
    ice.create_table("t", {"n": "long", "d": "decimal(38,0)", "l": "list<int>"})
    for dtype in (pl.Int128, pl.UInt128):
        values = {"n": [2**63 - 1], "d": [2**100], "l": [[5]]}
        frame = pl.DataFrame(values, schema={"n": dtype, "d": dtype, "l": pl.List(dtype)})
        ice.overwrite_table("t", frame)
        read = ice.to_arrow("t").to_pydict()
        assert read == {"n": [2**63 - 1], "d": [decimal.Decimal(2**100)], "l": [[5]]}
        with pytest.raises(SchemaError, match=r"n is long, but 9223372036854775808 .* row 1"):
            ice.append_to_table("t", pl.DataFrame({"n": [1, 2**63]}, schema={"n": dtype}))


def test_objects_are_uuids_or_refused_by_column(ice):
    ice.create_table("t", {"id": "long", "u": "uuid", "s": "string"})
    frame = pl.DataFrame({"id": [1, 2], "u": pl.Series([A_UUID, None], dtype=pl.Object)})
    ice.append_to_table("t", frame)
    ice.append_to_table("t", {"u": frame["u"]})
    assert sorted(ice.to_arrow("t")["u"].to_pylist(), key=str) == [None, None, A_UUID, A_UUID]
    for column, value in (("s", {1}), ("s", decimal.Decimal(1)), ("id", 1), ("u", "text")):
        objects = pl.Series(column, [None, value], dtype=pl.Object)
        for data in (objects, pl.DataFrame([objects]), {column: objects}):
            with pytest.raises(SchemaError, match=f"column {column} has the Polars type Object"):
                ice.append_to_table("t", data)
        with pytest.raises(SchemaError, match=column):
            ice.create_table("other", pl.DataFrame([objects]))
    with pytest.raises(SchemaError, match="o is Object"):
        ice.create_table("other", pl.Schema({"o": pl.Object}))
    with pytest.raises(SchemaError, match="s is string"):
        ice.append_to_table("t", pl.DataFrame({"s": pl.Series([A_UUID], dtype=pl.Object)}))


@pytest.mark.skipif(not hasattr(pl, "Extension"), reason="this Polars has no extension types")
def test_extensions_are_their_storage(ice):
    frame = pl.DataFrame({"c": pl.Series([1, None]).ext.to(pl.Extension("my.type", pl.Int64))})
    ice.create_table("t", frame)
    ice.append_to_table("t", frame)
    assert ice.to_arrow("t").to_pydict() == {"c": [1, None]}


def test_nanoseconds_of_time_are_refused_by_value(ice):
    ice.create_table("t", {"c": "time"})
    with pytest.raises(SchemaError, match="c"):
        ice.append_to_table("t", pl.DataFrame({"c": pl.Series([1]).cast(pl.Time)}))
    with pytest.raises(SchemaError, match="c is duration"):
        ice.append_to_table("t", pl.DataFrame({"c": [dt.timedelta(1)]}))


def test_types_of_version_3(ice):
    frame = pl.DataFrame(
        {"n": pl.Series([None], dtype=pl.Null), "ns": pl.Series([NOON], dtype=pl.Datetime("ns"))}
    )
    ice.create_table("t", frame, format_version=3)
    ice.append_to_table("t", frame)
    described = [str(field.field_type) for field in ice.get_table("t").schema().fields]
    assert described == ["unknown", "timestamp_ns"]
