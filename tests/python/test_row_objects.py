# SPDX-License-Identifier: Apache-2.0
"""Rows that are objects give their fields and no more; what NumPy masks is null."""

import dataclasses
import functools
import typing

import numpy as np
import pydantic
import pydantic.dataclasses
import pytest

from iceframe.errors import SchemaError, ValidationError

NUMBERS = np.ma.array([1, 2, 3], mask=[0, 1, 0])
DAYS = np.array(["2020-01-01", "2020-01-02"], "datetime64[D]")


@dataclasses.dataclass
class Row:
    n: int
    s: str = "x"
    k: typing.ClassVar[int] = 5
    given: dataclasses.InitVar[int] = 7


@dataclasses.dataclass(slots=True, frozen=True)
class SlottedRow:
    n: int
    s: str = "x"


@pydantic.dataclasses.dataclass(slots=True)
class CheckedRow:
    n: int
    s: str = "x"
    k: typing.ClassVar[int] = 5


class Model(pydantic.BaseModel):
    n: int
    s: str = "x"
    k: typing.ClassVar[int] = 5
    _hidden: int = pydantic.PrivateAttr(3)

    @functools.cached_property
    def doubled(self):
        return 2 * self.n


class OpenModel(Model):
    model_config = pydantic.ConfigDict(extra="allow")


def test_rows_give_their_fields(ice):
    ice.create_table("t", {"n": "long", "s": "string", "o": "struct<n: long, s: string>"})
    model, wide = Model(n=4), OpenModel(n=5, o={"n": 1})
    assert (model.doubled, wide.doubled) == (8, 10)
    rows = [Row(1), SlottedRow(2), CheckedRow(3), model, wide, Model.model_construct(n=6)]
    ice.append_to_table("t", rows)
    ice.append_to_table("t", [{"n": row.n, "o": row} for row in (*rows[:4], model)])
    read = ice.read_table("t")
    assert read["n"].to_list() == [1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 4]
    assert read["s"].to_list()[:6] == ["x"] * 6
    assert read["o"].to_list()[4] == {"n": 1, "s": None}
    assert read["o"].to_list()[6:] == [{"n": n, "s": "x"} for n in (1, 2, 3, 4, 4)]
    with pytest.raises(SchemaError, match="lacks: zz in row 0"):
        ice.append_to_table("t", [OpenModel(n=1, zz=2)])


def test_what_numpy_masks_is_null(ice):
    types = {"i": "int", "l": "long", "d": "double", "s": "string", "day": "date"}
    nested = {"li": "list<long>", "ld": "list<date>", "st": "struct<i: long>"}
    ice.create_table("t", {**types, **nested})
    for name in types:
        for masked in (np.ma.masked, np.ma.array(5, mask=True), np.ma.array(5.5, mask=True)):
            ice.append_to_table("t", [{name: masked}])
            ice.append_to_table("t", {name: [masked]})
    ice.append_to_table("t", [{"li": np.ma.masked, "st": {"i": np.ma.masked}}])
    assert ice.read_table("t").drop("st").null_count().row(0) == (31,) * 7
    assert ice.read_table("t")["st"].to_list()[-1] == {"i": None}
    ice.overwrite_table("t", [{"li": NUMBERS, "ld": np.ma.array(DAYS, mask=[0, 1])}])
    ice.append_to_table("t", {"li": [NUMBERS], "l": [np.ma.array(7)], "day": [np.array(DAYS[0])]})
    read = ice.read_table("t")
    assert read["li"].to_list() == [[1, None, 3]] * 2
    assert read["ld"].to_list() == [[DAYS[0].item(), None], None]
    assert (read["l"][1], read["day"][1]) == (7, DAYS[0].item())
    ice.overwrite_table("t", {"l": NUMBERS, "day": np.ma.array(DAYS[[0, 1, 0]], mask=[1, 0, 0])})
    assert ice.read_table("t")["l"].to_list() == [1, None, 3]
    assert ice.read_table("t")["day"].to_list() == [None, DAYS[1].item(), DAYS[0].item()]


@pytest.mark.parametrize("value", [NUMBERS, np.array([1, 2, 3]), np.ma.array([4]), np.array([[4]])])
def test_an_array_is_no_single_value(ice, value):
    ice.create_table("t", {"i": "int", "s": "string", "d": "double"})
    for name in ("i", "s", "d"):
        with pytest.raises(SchemaError, match=f"(?s)column: {name} is .* in row 1"):
            ice.append_to_table("t", [{}, {name: value}])


class Tree(pydantic.BaseModel):
    n: int
    kids: list["Tree"] = []


class Pair(typing.NamedTuple):
    n: int
    s: str


def test_a_model_that_contains_itself_is_no_schema(ice):
    with pytest.raises(ValidationError, match=r"column kids.element .*: Tree contains itself"):
        ice.create_table("t", Tree)


@pytest.mark.parametrize("row", [Model(n=1), Row(1), CheckedRow(1), Pair(1, "x")])
def test_a_single_row_is_to_be_a_list(ice, row):
    ice.create_table("t", {"n": "long", "s": "string"})
    with pytest.raises(ValidationError, match=r"a single row, a \w+; give a list of rows: \[row\]"):
        ice.append_to_table("t", row)
