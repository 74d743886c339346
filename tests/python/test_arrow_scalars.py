# SPDX-License-Identifier: Apache-2.0
"""Scalars of pyarrow are row values: nested ones keep their nulls and their keys."""

import pyarrow as pa
import pytest

from iceframe.errors import SchemaError

ARRAYS = {
    "st": pa.array([{"x": 1, "y": "a"}, None, {"x": None, "y": None}]),
    "li": pa.array([[1, None], None, []], pa.list_(pa.int64())),
    "by_text": pa.array([[("a", 1)], None, []], pa.map_(pa.string(), pa.int64())),
    "by_int": pa.array([[(1, 1), (7, None)], None, []], pa.map_(pa.int64(), pa.int64())),
    "by_double": pa.array([[(0.5, 1)], None, []], pa.map_(pa.float64(), pa.int64())),
    "lst": pa.array([[{"x": 1}, None], None, []], pa.list_(pa.struct({"x": pa.int64()}))),
    "stli": pa.array([{"x": None}, {"x": [2]}, None], pa.struct({"x": pa.list_(pa.int64())})),
    "large": pa.array([[1, None], None, []], pa.large_list(pa.int64())),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_nested_scalars_are_their_values(ice, name):
    array = ARRAYS[name]
    ice.create_table("t", pa.schema({name: array.type}))
    ice.append_to_table("t", [{name: scalar} for scalar in array])
    ice.append_to_table("t", {name: list(array)})
    ice.append_to_table("t", list(pa.table({name: array}).to_struct_array().chunk(0)))
    assert ice.to_arrow("t")[name].to_pylist() == array.to_pylist() * 3


def test_scalars_within_lists_structs_and_maps_of_python(ice):
    types = {
        "li": "list<list<long>>",
        "m": "map<string, struct<x: long>>",
        "st": "struct<l: list<long>>",
    }
    ice.create_table("t", types)
    ice.append_to_table("t", [{"li": list(ARRAYS["li"]), "m": {"a": ARRAYS["lst"][0][1]}}])
    ice.append_to_table("t", [{"st": {"l": ARRAYS["li"][1]}}])
    assert ice.to_arrow("t").to_pylist() == [
        {"li": [[1, None], None, []], "m": [("a", None)], "st": None},
        {"li": None, "m": None, "st": {"l": None}},
    ]


def test_a_null_scalar_is_no_row_and_no_required_value(ice):
    ice.create_table("t", {"st": {"type": "struct<x: long>", "required": True}})
    null = pa.scalar(None, pa.struct({"x": pa.int64()}))
    with pytest.raises(SchemaError, match="required column holds a null: st in row 0"):
        ice.append_to_table("t", [{"st": null}])
    row = pa.scalar(None, pa.struct({"st": pa.struct({"x": pa.int64()})}))
    with pytest.raises(SchemaError, match="a row has no columns: row 1 is"):
        ice.append_to_table("t", [{"st": {"x": 1}}, row])
