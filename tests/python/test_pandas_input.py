# SPDX-License-Identifier: Apache-2.0
"""pandas' frames: what they made of the values is undone by the table's types."""

import datetime as dt
import decimal
import uuid

import numpy as np
import pandas as pd
import pytest

from iceframe.errors import SchemaError, ValidationError

pytestmark = pytest.mark.needs_pyarrow  # pandas becomes Arrow by it.

A_UUID = uuid.UUID("f79c3e09-677c-4bbd-a479-3f349cb785e7")


def test_integers_that_became_floats_are_integers_again(ice):
    ice.create_table("t", {"n": "long", "i": "int", "f": "float", "d": "double"})
    frame = pd.DataFrame({"n": [1, None], "i": [2, None], "f": [0.1, None], "d": [0.1, None]})
    assert frame["n"].dtype == "float64"
    ice.append_to_table("t", frame)
    ice.append_to_table("t", {name: frame[name] for name in frame})
    ice.append_to_table("t", frame.convert_dtypes())
    read = ice.to_arrow("t").to_pydict()
    assert read["n"] == [1, None] * 3
    assert read["i"] == [2, None] * 3
    assert read["f"] == [np.float32(0.1).item(), None] * 3
    assert read["d"] == [0.1, None] * 3
    with pytest.raises(SchemaError, match=r"n is long, but 1.5 .* in row 1"):
        ice.append_to_table("t", pd.DataFrame({"n": [None, 1.5]}))
    with pytest.raises(SchemaError, match="row 0"):
        ice.append_to_table("t", pd.DataFrame({"n": [2.0**63, None]}))


def test_columns_of_objects_are_read_by_the_tables_types(ice):
    ice.create_table(
        "t",
        {
            "u": "uuid",
            "d": "decimal(9,2)",
            "l": "list<long>",
            "m": "map<string, int>",
            "s": "string",
            "b": "fixed[1]",
            "day": "date",
        },
    )
    row = {
        "u": A_UUID,
        "d": decimal.Decimal("1.5"),
        "l": [1, None],
        "m": {"a": 1},
        "s": "x",
        "b": b"a",
        "day": dt.date(2024, 2, 29),
    }
    frame = pd.DataFrame([row, dict.fromkeys(row)])
    ice.append_to_table("t", frame)
    assert ice.to_arrow("t").to_pylist() == [{**row, "m": [("a", 1)]}, dict.fromkeys(row)]
    with pytest.raises(SchemaError, match="s is string, but 5"):
        ice.append_to_table("t", pd.DataFrame({"s": ["a", 5]}, dtype=object))


def test_an_index_is_left_out_or_named(ice):
    ice.create_table("t", {"id": "long", "n": "long"})
    frame = pd.DataFrame({"id": [1, 2, 3], "n": [1, 2, 3]})
    ice.append_to_table("t", frame[frame["n"] > 1])
    assert ice.to_arrow("t").to_pydict() == {"id": [2, 3], "n": [2, 3]}
    with pytest.raises(ValidationError, match=r"id; make it a column with reset_index\(\)"):
        ice.append_to_table("t", frame.set_index("id"))
    ice.create_table("u", frame[frame["n"] > 1])
    assert ice.to_arrow("u").column_names == ["id", "n"]
    with pytest.raises(ValidationError, match="reset_index"):
        ice.create_table("v", frame.set_index("id"))


def test_what_no_column_takes_is_refused_by_name(ice):
    ice.create_table("t", {"c": "long", "s": "string"})
    for values in (
        pd.period_range("2024", periods=2, freq="D"),
        pd.interval_range(0, 2),
        pd.Series([pd.Timedelta(1), pd.Timedelta(2)]),
        pd.Series([object(), None]),
        pd.Series([{1}, None]),
        pd.Series([1 + 2j, 1]),
    ):
        with pytest.raises(SchemaError, match=r"\bc\b"):
            ice.append_to_table("t", pd.DataFrame({"c": values}))
    twice = pd.DataFrame([[1, 2]], columns=["c", "c"])
    with pytest.raises(SchemaError, match="same name: c"):
        ice.append_to_table("t", twice)
    with pytest.raises(SchemaError, match="same name: c"):
        ice.create_table("u", twice)
    with pytest.raises(SchemaError, match="surrogate"):
        ice.append_to_table("t", pd.DataFrame({"s": ["a\ud800"]}, dtype=object))


def test_times_keep_their_zones(ice):
    ice.create_table("t", {"ts": "timestamp", "tz": "timestamptz", "c": "string"})
    frame = pd.DataFrame(
        {
            "ts": pd.to_datetime(["2024-02-29 12:00", None]),
            "tz": pd.to_datetime(["2024-02-29 12:00", None]).tz_localize("Europe/Oslo"),
            "c": pd.Categorical(["a", None]),
        }
    )
    ice.append_to_table("t", frame)
    assert ice.to_arrow("t").to_pylist() == [
        {
            "ts": dt.datetime(2024, 2, 29, 12),
            "tz": dt.datetime(2024, 2, 29, 11, tzinfo=dt.UTC),
            "c": "a",
        },
        {"ts": None, "tz": None, "c": None},
    ]
    with pytest.raises(SchemaError, match="tz"):
        ice.append_to_table("t", pd.DataFrame({"tz": frame["ts"]}))
    with pytest.raises(SchemaError, match="tz"):
        ice.append_to_table("t", pd.DataFrame({"tz": frame["ts"].astype(object)}))


def test_nan_inside_of_a_value_stays_nan(ice):
    nested = {"lf": "list<float>", "ls": "list<struct<a: int, d: double>>", "li": "list<int>"}
    ice.create_table("t", {**nested, "st": "struct<d: double>", "d": "double"})
    nan = float("nan")
    row = {"lf": [nan, 1.0], "ls": [{"a": 1, "d": nan}], "li": [1, None], "st": {"d": nan}}
    ice.append_to_table("t", [{**row, "d": 1.0}, {}])
    ice.append_to_table("t", ice.to_pandas("t"))
    read = ice.to_arrow("t").to_pylist()
    assert str(read[2:]) == str(read[:2])
    assert read[2]["li"] == [1, None]


def test_lists_of_uuids_and_fixed_bytes_become_frames(ice):
    types = {"u": "list<uuid>", "x": "list<fixed[4]>", "s": "struct<l: list<uuid>>"}
    others = {"one": "uuid", "ll": "list<list<uuid>>", "m": "map<string, uuid>"}
    ice.create_table("t", {**types, **others})
    row = {"u": [A_UUID, None], "x": [b"abcd"], "s": {"l": [A_UUID]}, "ll": [[A_UUID], []]}
    ice.append_to_table("t", [{**row, "one": A_UUID, "m": {"a": A_UUID}}, {}])
    frame = ice.to_pandas("t")
    assert list(frame["u"][0]) == [A_UUID, None]
    assert list(frame["x"][0]) == [b"abcd"]
    assert list(frame["s"][0]["l"]) == [A_UUID]
    assert dict(frame["m"][0]) == {"a": A_UUID}
    assert frame["u"][1] is None
    assert ice.query("t").to_pandas().equals(frame)
    ice.append_to_table("t", frame)
    read = ice.to_arrow("t").to_pylist()
    assert read[2:] == read[:2]


def test_frames_of_large_integers_beside_nulls_are_exact(ice):
    ice.create_table("t", {"big": "long", "small": "long", "negative": "long", "none": "long"})
    big, small, negative = 2**53 + 1, 2**53, -(2**53) - 1
    ice.append_to_table(
        "t", {"big": [big, None], "small": [small, None], "negative": [negative, None]}
    )
    frame = ice.to_pandas("t")
    assert [str(dtype) for dtype in frame.dtypes] == ["Int64", "float64", "Int64", "float64"]
    assert frame["big"][0] == big
    assert frame["big"][1] is pd.NA
    assert ice.query("t").to_pandas().equals(frame)
    ice.append_to_table("t", frame)
    read = ice.to_arrow("t").to_pylist()
    assert read[2:] == read[:2]
    as_objects = ice.get_table("t").scan().to_pandas(integer_object_nulls=True)
    assert as_objects["big"].tolist() == [big, None, big, None]


def test_times_inside_of_values_keep_zone_and_digits(ice):
    zoned = dt.datetime(2024, 2, 29, 12, tzinfo=dt.UTC)
    plain = dt.datetime(2024, 2, 29, 12)
    values = {
        "a": ("list<timestamptz>", [zoned, None]),
        "b": ("list<timestamptz_ns>", [zoned]),
        "c": ("struct<at: timestamp_ns>", {"at": plain}),
        "d": ("map<string, timestamp_ns>", {"k": plain}),
        "e": ("list<struct<at: timestamptz>>", [{"at": zoned}]),
        "f": ("map<string, timestamptz>", {"k": zoned}),
        "g": ("list<timestamp_ns>", [plain]),
        "h": ("struct<l: list<timestamptz>>", {"l": [zoned]}),
    }
    schema = {name: data_type for name, (data_type, _) in values.items()}
    ice.create_table("t", schema, format_version=3)
    ice.append_to_table("t", [{name: value for name, (_, value) in values.items()}, {}])
    ice.append_to_table("t", ice.to_pandas("t"))
    read = ice.to_arrow("t").to_pylist()
    assert read[2:] == read[:2]
    assert read[0]["a"] == [zoned, None]


def test_a_schema_is_told_by_the_frames_objects_or_refused_by_column(ice):
    table = ice.create_table(
        "t", pd.DataFrame({"a": ["x", None], "d": [decimal.Decimal("1.5"), 2]})
    )
    assert [field.name for field in table.schema().fields] == ["a", "d"]
    with pytest.raises(SchemaError, match="type of column d can't be told from its objects"):
        ice.create_table("u", pd.DataFrame({"a": [1], "d": [object()]}))


def test_a_series_is_a_list(ice):
    ice.create_table("t", {"l": "list<int>", "n": "list<list<int>>"})
    ice.append_to_table("t", [{"l": pd.Series([1, 2]), "n": [pd.Series([3])]}])
    ice.append_to_table("t", [row for _, row in pd.DataFrame({"l": [[4]], "n": [[]]}).iterrows()])
    assert ice.read_table("t").rows() == [([1, 2], [[3]]), ([4], [])]
