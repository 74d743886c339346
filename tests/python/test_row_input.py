# SPDX-License-Identifier: Apache-2.0
"""Rows of Python are read by the table's schema: exactly, or with an error that says where."""

import collections
import dataclasses
import datetime as dt
import decimal
import enum
import uuid
from typing import Annotated

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pydantic
import pytest
from every_type import every_type_rows, every_type_schema
from pyiceberg.schema import Schema
from pyiceberg.types import LongType, NestedField

from iceframe import col
from iceframe._native import RowInput
from iceframe.errors import IceFrameError, SchemaError, ValidationError

Decimal = decimal.Decimal
A_UUID = uuid.UUID("f79c3e09-677c-4bbd-a479-3f349cb785e7")
NOON = dt.datetime(2024, 2, 29, 12, 0, 0, 5)
OSLO = dt.timezone(dt.timedelta(hours=1))


def case_names(cases):
    return [f"{number}-{case[0]}" for number, case in enumerate(cases)]


class Color(enum.Enum):
    RED = "red"


TAKEN = [
    ("boolean", True, True),
    ("boolean", np.True_, True),
    ("int", 2**31 - 1, 2**31 - 1),
    ("int", -1.0, -1),
    ("long", 1.0, 1),
    ("long", np.float32(3), 3),
    ("long", np.uint8(7), 7),
    ("long", Decimal("1E+3"), 1000),
    ("long", pd.NA, None),
    ("float", 0.1, np.float32(0.1).item()),
    ("float", np.float64(0.1), np.float32(0.1).item()),
    ("float", 2**24, 2.0**24),
    ("double", 2**53, 2.0**53),
    ("double", Decimal("0.5"), 0.5),
    ("decimal(9,2)", "1.50", Decimal("1.50")),
    ("decimal(9,2)", "-1.5E1", Decimal("-15.00")),
    ("decimal(9,2)", Decimal("1.500"), Decimal("1.50")),
    ("decimal(9,2)", 7, Decimal("7.00")),
    ("decimal(9,2)", 0.25, Decimal("0.25")),
    ("decimal(38,0)", 10**38 - 1, Decimal(10**38 - 1)),
    ("date", dt.date(1, 1, 1), dt.date(1, 1, 1)),
    ("date", np.datetime64("2024-02-29"), dt.date(2024, 2, 29)),
    ("time", dt.time(23, 59, 59, 999999), dt.time(23, 59, 59, 999999)),
    ("timestamp", NOON, NOON),
    ("timestamp", dt.datetime(1, 1, 1), dt.datetime(1, 1, 1)),
    (
        "timestamp",
        np.datetime64("1969-12-31T23:59:59.999", "ms"),
        dt.datetime(1969, 12, 31, 23, 59, 59, 999000),
    ),
    ("timestamp", pd.Timestamp(NOON), NOON),
    ("list<timestamp>", np.array([NOON, "NaT"], "datetime64[us]"), [NOON, None]),
    ("timestamp", pd.NaT, None),
    ("timestamp", np.datetime64("NaT", "us"), None),
    ("timestamptz", NOON.replace(tzinfo=OSLO), NOON.replace(hour=11, tzinfo=dt.UTC)),
    ("timestamptz", pd.Timestamp(NOON, tz="Europe/Oslo"), NOON.replace(hour=11, tzinfo=dt.UTC)),
    ("string", "Ærø 😀", "Ærø 😀"),
    ("string", np.str_("x"), "x"),
    ("string", Color.RED, "red"),
    ("binary", bytearray(b"ab"), b"ab"),
    ("binary", memoryview(b"ab"), b"ab"),
    ("fixed[2]", b"ab", b"ab"),
    ("fixed[16]", str(A_UUID), A_UUID.bytes),
    ("uuid", A_UUID, A_UUID),
    ("uuid", str(A_UUID).upper(), A_UUID),
    ("uuid", A_UUID.bytes, A_UUID),
    ("list<long>", (1, None), [1, None]),
    ("list<long>", np.array([1, 2]), [1, 2]),
    ("list<long>", pl.Series([1, None]), [1, None]),
    ("list<long>", range(2), [0, 1]),
    ("list<uuid>", [str(A_UUID), None], [A_UUID, None]),
    ("map<uuid, list<date>>", {A_UUID: [None]}, [(A_UUID, [None])]),
    ("list<list<string>>", [[], None, ["a"]], [[], None, ["a"]]),
    ("map<string, int>", {"a": 1, "b": None}, [("a", 1), ("b", None)]),
    ("map<string, int>", [("a", 1)], [("a", 1)]),
    ("map<string, int>", [{"key": "a", "value": 1}], [("a", 1)]),
    ("struct<a: long, b: string>", {"b": "x"}, {"a": None, "b": "x"}),
    ("struct<a: struct<b: long>>", {"a": {"b": None}}, {"a": {"b": None}}),
]


@pytest.mark.parametrize(("type_name", "value", "expected"), TAKEN, ids=case_names(TAKEN))
def test_values_become_the_tables_type(ice, type_name, value, expected):
    ice.create_table("t", {"n": "long", "c": type_name})
    rows = [{"n": 2}, {"n": 1, "c": value}]
    for data in ({"c": [None, value]}, rows, iter(rows)):
        ice.overwrite_table("t", data)
        assert ice.to_arrow("t")["c"].to_pylist() == [None, expected]


REFUSED = [
    ("boolean", 1, "another type"),
    ("int", 2**31, "out of range"),
    ("int", True, "another type"),
    ("long", 2**63, r"9223372036854775808 \(int\) in row 1 is out of range"),
    ("long", 10**5000, "out of range"),
    ("long", 1.5, "no whole number"),
    ("long", float("nan"), "no whole number"),
    ("long", "1", "another type"),
    ("long", b"1", "another type"),
    ("float", 2**24 + 1, "rounded"),
    ("float", 1e39, "out of range"),
    ("double", 2**53 + 1, "rounded"),
    ("double", 10**400, "out of range"),
    ("double", "1", "another type"),
    ("decimal(9,2)", 0.1, r"Decimal\(str\(value\)\)"),
    ("decimal(9,2)", "1.005", "digits"),
    ("decimal(9,2)", "one", "digits"),
    ("decimal(9,2)", Decimal("NaN"), "digits"),
    ("decimal(9,2)", 10**7, "digits"),
    ("decimal(9,2)", 10**5000, "digits"),
    ("date", NOON, r"date\(\)"),
    ("date", "2024-02-29", "another type"),
    ("time", dt.time(1, tzinfo=dt.UTC), "time zone"),
    ("timestamp", NOON.replace(tzinfo=dt.UTC), "has a time zone"),
    ("timestamp", dt.date(2024, 1, 1), "another type"),
    ("timestamp", pd.Timestamp(1, unit="ns"), "finer"),
    ("timestamptz", NOON, "has no time zone"),
    ("string", 1, "another type"),
    ("string", b"x", "another type"),
    ("string", "a\ud800", "surrogate"),
    ("string", A_UUID, "another type"),
    ("binary", "x", "another type"),
    ("fixed[2]", b"abc", "number of bytes"),
    ("uuid", "f79c", "no uuid"),
    ("uuid", b"x" * 15, "no uuid"),
    ("list<long>", {1, 2}, "another type"),
    ("list<long>", frozenset(), "another type"),
    ("list<long>", "ab", "another type"),
    ("list<long>", {"a": 1}, "another type"),
    ("list<int>", [1, 2**31], r"c\.element is int"),
    ("map<string, int>", {"a": 2**31}, r"c\.value is int"),
    ("map<string, int>", {1: 1}, r"c\.key is string"),
    ("map<string, int>", [("a", 1, 2)], "no pair"),
    ("map<string, int>", [(None, 1)], r"c\.key"),
    ("map<string, int>", 5, "another type"),
    ("struct<a: long>", [1], "another type"),
    ("struct<a: long>", {"b": 1}, r"lacks: c\.b in row 1"),
    ("struct<a: struct<b: int>>", {"a": {"b": "x"}}, r"c\.a\.b is int"),
    ("string", object(), "another type"),
    ("long", pd.Period("2024"), "another type"),
    ("timestamp", np.timedelta64(1, "s"), "another type"),
]


@pytest.mark.parametrize(("type_name", "value", "words"), REFUSED, ids=case_names(REFUSED))
def test_what_does_not_fit_is_named(ice, type_name, value, words):
    ice.create_table("t", {"c": type_name})
    for data in ({"c": [None, value]}, [{"c": None}, {"c": value}], iter([{}, {"c": value}])):
        with pytest.raises(SchemaError, match=words) as caught:
            ice.append_to_table("t", data)
        assert "row 1" in str(caught.value)
        assert "c" in str(caught.value)
    assert ice.count_rows("t") == 0


@dataclasses.dataclass
class Place:
    lat: float
    name: str | None = None


class Tag(pydantic.BaseModel):
    label: str
    weight: float | None = None


Row = collections.namedtuple("Row", ["id", "place", "tags"])


class Event(pydantic.BaseModel):
    id: int
    place: dict[str, float]
    tags: list[Tag]


def test_models_data_classes_and_named_tuples_are_rows(ice):
    ice.create_table(
        "t",
        {
            "id": "int",
            "place": "struct<lat: double, name: string>",
            "tags": "list<struct<label: string, weight: float>>",
        },
    )
    rows = [
        {"id": 1, "place": Place(1.5, "a"), "tags": [Tag(label="x")]},
        Row(2, {"lat": 2}, ()),
        Event(id=3, place={"lat": 3.0}, tags=[Tag(label="y", weight=0.5)]),
        collections.ChainMap({"id": 4}, {"tags": None}),
    ]
    ice.append_to_table("t", rows)
    assert ice.to_arrow("t").to_pylist() == [
        {"id": 1, "place": {"lat": 1.5, "name": "a"}, "tags": [{"label": "x", "weight": None}]},
        {"id": 2, "place": {"lat": 2.0, "name": None}, "tags": []},
        {"id": 3, "place": {"lat": 3.0, "name": None}, "tags": [{"label": "y", "weight": 0.5}]},
        {"id": 4, "place": None, "tags": None},
    ]


def test_a_model_says_the_digits_of_its_decimals(ice):
    digits = {"max_digits": 9, "decimal_places": 2}

    class Sale(pydantic.BaseModel):
        price: Decimal = pydantic.Field(**digits)
        rebate: Decimal | None = pydantic.Field(default=None, **digits)
        taxes: list[Annotated[Decimal, pydantic.Field(**digits)]] = []

    ice.create_table("t", Sale)
    sale = {"price": Decimal("1.50"), "rebate": None, "taxes": [Decimal("0.25")]}
    ice.append_to_table("t", [Sale(**sale)])
    assert ice.to_arrow("t").to_pylist() == [sale]
    assert [str(field.field_type) for field in ice.get_table("t").schema().fields] == [
        "decimal(9, 2)",
        "decimal(9, 2)",
        "list<decimal(9, 2)>",
    ]


def test_a_struct_may_have_a_field_called_type(ice):
    ice.create_table("t", {"s": {"type": "string", "n": "long"}, "r": {"type": "long"}})
    ice.append_to_table("t", [{"s": {"type": "a", "n": 1}, "r": 1}])
    assert ice.to_arrow("t").to_pylist() == [{"s": {"type": "a", "n": 1}, "r": 1}]
    with pytest.raises(ValidationError, match="required of column id"):
        ice.create_table("u", {"id": {"type": "long", "required": "no"}})


def test_rows_that_are_none_are_refused_by_number(ice):
    ice.create_table("t", {"id": "int", "s": {"type": "string", "required": True}})
    with pytest.raises(SchemaError, match="lacks: other in row 1"):
        ice.append_to_table("t", [{"id": 1, "s": "a"}, {"id": 1, "s": "a", "other": 1}])
    with pytest.raises(SchemaError, match="row 1 is 5"):
        ice.append_to_table("t", [{"id": 1, "s": "a"}, 5])
    with pytest.raises(SchemaError, match="required column holds a null: s in row 1"):
        ice.append_to_table("t", [{"id": 1, "s": "a"}, {"id": 1}])
    with pytest.raises(SchemaError, match="required column holds a null: s in row 0"):
        ice.append_to_table("t", {"s": [None]})
    with pytest.raises(SchemaError, match="id has 1 values, s has 2"):
        ice.append_to_table("t", {"id": [1], "s": ["a", "b"]})
    with pytest.raises(SchemaError, match="lacks: x, y"):
        ice.append_to_table("t", {"x": [1], "s": ["a"], "y": [1]})
    with pytest.raises(SchemaError, match="same name: 1"):
        ice.append_to_table("t", [{1: 1, "1": 1}] and _twice())
    for wrong in (
        {"id": {1}},
        {1, 2},
        frozenset(),
        [{1}],
        [None],
        [[1]],
        "ab",
        b"ab",
        5,
        Row(1, 2, 3),
    ):
        with pytest.raises(ValidationError):
            ice.append_to_table("t", wrong)
    with pytest.raises(SchemaError, match="surrogate"):
        ice.append_to_table("t", {"\ud800": [1]})
    with pytest.raises(SchemaError, match="lacks"):
        ice.append_to_table("t", [{"\ud800": 1, "s": "a"}])
    assert ice.count_rows("t") == 0


def _twice():
    return pd.DataFrame([[1, 1]], columns=[1, "1"])


def test_a_missing_field_gets_its_write_default(ice):
    schema = Schema(
        NestedField(1, "id", LongType(), required=False),
        NestedField(2, "n", LongType(), required=False, initial_default=7, write_default=7),
    )
    ice.create_table("t", schema, format_version=3)
    ice.append_to_table("t", [{"id": 1}, {"id": 2, "n": None}, {"id": 3, "n": 3}])
    assert ice.to_arrow("t")["n"].to_pylist() == [7, None, 3]


NULLS = [
    {"c": [None, None]},
    [{"c": None}, {}],
    pl.DataFrame({"c": [None, None]}),
    pl.DataFrame({"c": pl.Series([None, None], dtype=pl.Null)}),
    pd.DataFrame({"c": [None, None]}),
    pd.DataFrame({"c": [float("nan"), float("nan")]}),
    pd.DataFrame({"c": pd.Series([pd.NaT, pd.NaT])}),
    pa.table({"c": pa.nulls(2)}),
    pa.table({"c": pa.nulls(2).dictionary_encode()}),
    {"c": pl.Series([None, None])},
    {"c": np.array([None, None])},
]
OPTIONAL = [
    "string",
    "long",
    "uuid",
    "fixed[3]",
    "timestamptz",
    "decimal(9,2)",
    "list<string>",
    "map<string, string>",
    "struct<a: string, l: list<string>>",
]


def test_a_column_of_nulls_fits_every_optional_column(ice):
    for number, type_name in enumerate(OPTIONAL):
        ice.create_table(f"t{number}", {"c": type_name})
        for data in NULLS:
            ice.append_to_table(f"t{number}", data)
        assert ice.to_arrow(f"t{number}")["c"].to_pylist() == [None, None] * len(NULLS)


def test_nulls_and_emptiness_fit_at_any_depth(ice):
    ice.create_table(
        "t",
        {"l": "list<string>", "st": "struct<a: string, l: list<date>>", "m": "map<string, date>"},
    )
    rows = [
        {"l": [], "st": {"a": None, "l": []}, "m": {}},
        {"l": [None], "st": {"a": None, "l": [None]}, "m": {"k": None}},
        {"l": None, "st": None, "m": None},
    ]
    expected = [{**row, "m": None if row["m"] is None else list(row["m"].items())} for row in rows]
    forms = [
        rows,
        {name: [row[name] for row in rows] for name in rows[0]},
        pl.DataFrame([{**row, "m": None} for row in rows], infer_schema_length=None),
        pa.Table.from_pylist([{**row, "m": None} for row in rows]),
        pd.DataFrame(rows, dtype=object),
    ]
    for number, form in enumerate(forms):
        ice.overwrite_table("t", form)
        read = ice.to_arrow("t").to_pylist()
        if number in (2, 3):
            assert read == [{**row, "m": None} for row in rows], number
        else:
            assert read == expected, number
    for empty in ({"l": []}, pl.DataFrame({"l": []}), pd.DataFrame({"l": []}), [], {}, iter(())):
        assert ice.append_to_table("t", empty).num_rows == 0


def test_what_was_read_goes_in_again_for_every_type(ice):
    ice.create_table("t", every_type_schema())
    ice.append_to_table("t", every_type_rows())
    expected = ice.to_arrow("t").to_pylist()
    forms = {
        "to_arrow": ice.to_arrow("t"),
        "read_table": ice.read_table("t"),
        "to_pylist": ice.to_arrow("t").to_pylist(),
        "to_pydict": ice.to_arrow("t").to_pydict(),
        "to_dicts": ice.read_table("t").to_dicts(),
        "to_dict": ice.read_table("t").to_dict(as_series=False),
        "rows": ice.read_table("t").iter_rows(named=True),
        "series": {s.name: s for s in ice.read_table("t")},
        "batches": ice.to_arrow("t").to_batches(),
    }
    for name, form in forms.items():
        ice.create_table(name, every_type_schema())
        ice.append_to_table(name, form)
        again = ice.to_arrow(name).to_pylist()
        assert repr(again) == repr(expected), name


def test_uuids_in_nested_columns_go_in_again(ice):
    described = {"l": "list<uuid>", "st": "struct<u: uuid, f: fixed[2]>", "m": "map<uuid, uuid>"}
    ice.create_table("t", described)
    row = {"l": [A_UUID, None], "st": {"u": A_UUID, "f": b"ab"}, "m": {A_UUID: None}}
    ice.append_to_table("t", [row, {}])
    expected = ice.to_arrow("t").to_pylist()
    assert expected[0] == {**row, "m": [(A_UUID, None)]}
    for name, form in {"a": ice.to_arrow("t"), "b": ice.read_table("t"), "c": expected}.items():
        ice.create_table(name, described)
        ice.append_to_table(name, form)
        assert ice.to_arrow(name).to_pylist() == expected, name


def test_nanoseconds_and_unknown_of_version_3(ice):
    ice.create_table(
        "t", {"ns": "timestamp_ns", "tz": "timestamptz_ns", "u": "unknown"}, format_version=3
    )
    at = pd.Timestamp("2024-02-29 12:00:00.123456789")
    zoned = at.tz_localize("Europe/Oslo")
    ice.append_to_table("t", [{"ns": at, "tz": zoned}, {"ns": np.datetime64(5, "ns"), "u": None}])
    read = ice.to_arrow("t")
    assert read["ns"].to_pylist() == [at, pd.Timestamp(5)]
    assert read["tz"].to_pylist() == [zoned, None]
    ice.append_to_table("t", {"ns": [NOON], "tz": [NOON.replace(tzinfo=dt.UTC)], "u": [None]})
    ice.append_to_table("t", ice.to_arrow("t").to_pylist())
    ice.append_to_table("t", ice.read_table("t"))
    assert ice.count_rows("t") == 12
    with pytest.raises(SchemaError, match="out of range"):
        ice.append_to_table("t", [{"ns": dt.datetime(2500, 1, 1)}])


def test_an_iterator_is_read_in_bounded_memory(lake):
    ice = lake.open(memory__limit="160MB")
    ice.create_table("t", {"id": "long", "s": "string"})
    text = "x" * 8192

    def rows():
        for i in range(30_000):
            yield {"id": i, "s": text}

    # 245 MB of text, in fewer rows than a batch may have.
    assert ice.append_to_table("t", rows()).num_rows == 30_000
    assert ice.to_arrow("t", ["id"])["id"].to_pylist() == list(range(30_000))


@pytest.mark.parametrize("limits", [{"max_rows": 3}, {"max_bytes": 1}, {"max_bytes": 40}])
def test_rows_are_the_same_however_they_are_cut(ice, limits):
    ice.create_table("t", {"id": "long", "s": "string", "l": "list<string>"})
    rows = [{"id": i, "s": "x" * (i % 5), "l": ["y"] * (i % 3)} for i in range(20)]
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    chunked = pa.chunked_array([columns["s"][:1], [], columns["s"][1:8], columns["s"][8:]])
    inputs = [
        RowInput.of_rows(iter(rows), **limits),
        RowInput.of_columns([(n, v, False, False) for n, v in columns.items()], **limits),
        RowInput.of_columns(
            [
                ("s", chunked, True, False),
                ("l", columns["l"], False, False),
                ("id", pl.Series(columns["id"]), True, False),
            ],
            **limits,
        ),
        RowInput.of_columns(
            [
                ("id", pa.array(columns["id"]), True, False),
                ("s", chunked, True, False),
                ("l", pa.array(columns["l"]), True, False),
            ],
            **limits,
        ),
    ]
    for data in inputs:
        ice.overwrite_table("t", {"id": [-1]})
        written = ice._session.overwrite("t", data, {}, progress=None)
        assert written.num_rows == 20
        assert ice.to_arrow("t").to_pylist() == rows


def test_long_text_of_an_iterators_batches_is_cut(lake):
    ice = lake.open(execution__batch_bytes="64KB")
    ice.create_table("t", {"id": "long", "s": "string"})
    texts = [str(i) * 1000 for i in range(200)]
    batch = pa.record_batch({"id": range(200), "s": pa.array(texts, pa.large_string())})
    ice.append_to_table("t", iter([batch, batch[:0], batch.slice(7)]))
    assert ice.to_arrow("t").column("s").to_pylist() == texts + texts[7:]


def test_frames_and_batches_of_an_iterator_may_differ_in_types(ice):
    ice.create_table("t", {"id": "long", "s": "string"})

    def frames():
        yield pl.DataFrame({"id": [1], "s": [None]})
        yield pa.record_batch({"s": pa.array(["b"], pa.large_string())})
        yield pd.DataFrame({"id": pd.array([3], dtype="Int8")}, index=[7])
        yield pl.DataFrame({"s": ["d"], "id": pl.Series([4], dtype=pl.UInt8)})

    ice.append_to_table("t", frames())
    assert ice.to_arrow("t").to_pydict() == {
        "id": [1, None, 3, 4],
        "s": [None, "b", None, "d"],
    }
    ice.append_to_table("t", [pl.DataFrame({"id": [5]})])
    with pytest.raises(ValidationError, match="item 1"):
        ice.append_to_table("t", iter([pl.DataFrame({"id": [5]}), {"id": 1}]))
    with pytest.raises(SchemaError, match="row 2"):
        ice.append_to_table(
            "t", iter([pl.DataFrame({"id": [5, 6]}), pl.DataFrame({"id": [2**64 - 1]})])
        )


def test_arrays_of_numpy_are_columns(ice):
    ice.create_table(
        "t", {"n": "long", "f": "float", "day": "date", "ts": "timestamp", "s": "string"}
    )
    columns = {
        "n": np.array([1.0, 2.0]),
        "f": np.array([0.1, np.nan]),
        "day": np.array(["2024-02-29", "NaT"], "datetime64[D]"),
        "s": np.array(["a", "b"]),
    }
    for unit in ("s", "ms", "us", "ns"):
        times = np.array(["2024-02-29T12:00:00", "NaT"], f"datetime64[{unit}]")
        ice.overwrite_table("t", {**columns, "ts": times})
        read = ice.to_arrow("t").to_pydict()
        assert repr(read.pop("f")) == repr([np.float32(0.1).item(), float("nan")])
        assert read == {
            "n": [1, 2],
            "day": [dt.date(2024, 2, 29), None],
            "ts": [dt.datetime(2024, 2, 29, 12), None],
            "s": ["a", "b"],
        }
    for column, values in (("n", [1.0, np.nan]), ("ts", np.array([1], "timedelta64[s]"))):
        with pytest.raises(SchemaError, match=column):
            ice.append_to_table("t", {column: np.array(values)})


class OwnError(Exception):
    pass


def test_exceptions_of_the_users_own_code_come_back_as_themselves(ice):
    ice.create_table("t", {"id": "long", "s": "string", "l": "list<long>"})

    def failing(first):
        yield first
        raise OwnError("mine")

    class Index:
        def __index__(self):
            raise OwnError("mine")

    class Model(collections.UserDict):
        def keys(self):
            raise OwnError("mine")

    class Stream:
        def __arrow_c_stream__(self, requested_schema=None):
            raise OwnError("mine")

    batch = pa.record_batch({"id": [1]})
    for data in (
        Stream(),
        pa.RecordBatchReader.from_batches(batch.schema, failing(batch)),
        failing({"id": 1}),
        failing(batch),
        failing(pl.DataFrame({"id": [1]})),
        [{"id": Index()}],
        {"id": [Index()]},
        [Model()],
    ):
        with pytest.raises(OwnError, match="mine"):
            ice.append_to_table("t", data)
    assert ice.count_rows("t") == 0


def test_a_list_that_shrinks_while_it_is_read_is_an_error(ice):
    ice.create_table("t", {"id": "long"})
    values = [1, 2, 3]

    class Shrinks:
        def __index__(self):
            values.clear()
            return 1

    values[0] = Shrinks()
    with pytest.raises(IceFrameError, match="shorter"):
        ice.append_to_table("t", {"id": values})


def test_what_is_no_table_is_refused(ice):
    ice.create_table("t", {"id": "long"})

    class Wrong:
        def __arrow_c_stream__(self, requested_schema=None):
            return 5

    class NoPair:
        def __arrow_c_array__(self, requested_schema=None):
            return 5

    no_tables = [Wrong(), NoPair(), pa.array([1]), pa.chunked_array([[1]]), pl.DataFrame, pl, print]
    for data in [*no_tables, np.array([[1]]), np.array(5), {"id": np.array(5)}, pd.Series([1])]:
        with pytest.raises(ValidationError):
            ice.append_to_table("t", data)
    ice.append_to_table("t", pa.array([{"id": 1}]))
    ice.append_to_table("t", pa.table({"id": [2]}).to_reader())
    ice.append_to_table("t", pa.table({"id": pa.array([], pa.int64())}).to_reader())
    assert sorted(ice.to_arrow("t")["id"].to_pylist()) == [1, 2]
    for name in ({"a\ud800": "long"}, {"a": {"b\ud800": "long"}}, {"a": "struct<b\ud800: int>"}):
        with pytest.raises(IceFrameError):
            ice.create_table("u", name)
    with pytest.raises(ValidationError, match=r"decimal\(9, 2\)"):
        ice.create_table("u", {"a": Decimal})


def test_overwriting_with_nothing_at_all_is_refused(ice):
    ice.create_table("t", {"id": "long", "s": {"type": "string", "required": True}})
    ice.append_to_table("t", {"id": [1], "s": ["a"]})
    nothing = [
        {},
        [],
        (),
        iter(()),
        (row for row in ()),
        {"id": [], "s": []},
        pl.DataFrame(),
        pl.DataFrame({"id": [], "s": []}),
        pd.DataFrame(),
        pa.table({}),
        pa.table({"s": pa.nulls(0)}),
        pd.DataFrame({"id": [], "s": []}, dtype=object),
        lambda: [pl.DataFrame()],
        lambda: [pl.DataFrame(), pl.DataFrame({"id": [], "s": []})],
        lambda: (frame for frame in [pl.DataFrame()]),
        lambda: [pd.DataFrame(), pa.table({})],
        lambda: [pa.table({"id": pa.nulls(0), "s": pa.nulls(0)})],
    ]
    for data in nothing:
        for filter_expr in (None, col("id") == 1):
            with pytest.raises(ValidationError, match="empty frame whose columns have types"):
                ice.overwrite_table("t", data() if callable(data) else data, filter_expr)
    assert ice.count_rows("t") == 1
    ice.overwrite_table("t", ice.read_table("t", limit=0))
    assert ice.count_rows("t") == 0


def test_frames_without_types_before_others_are_passed_over(ice):
    ice.create_table("t", {"id": "long"})
    rows = pl.DataFrame({"id": [1, 2]})
    nulls = pl.DataFrame({"id": [None]})
    assert ice.overwrite_table("t", [pl.DataFrame(), rows, pl.DataFrame()]).num_rows == 2
    assert ice.overwrite_table("t", [pl.DataFrame({"id": []}), nulls, rows]).num_rows == 3
    assert ice.read_table("t")["id"].to_list() == [None, 1, 2]
    assert ice.append_to_table("t", [pl.DataFrame()]).num_rows == 0
    ice.overwrite_table("t", [pl.DataFrame(), rows.clear()])
    assert ice.count_rows("t") == 0
