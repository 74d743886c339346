# SPDX-License-Identifier: Apache-2.0
"""Unions of tables whose schemas drifted apart: what Polars makes of the members after casting by
the written rules, or both refuse."""

import datetime as dt
import decimal
import os
import random

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from iceframe import IceFrame
from iceframe.errors import ValidationError
from iceframe.federation import CatalogFederation

#: More by hand: ICEFRAME_UNION_PAIRS=5000.
NUM_PAIRS = int(os.environ.get("ICEFRAME_UNION_PAIRS", "120"))
NAMES = ["a", "b", "c", "d"]

UTC = dt.UTC
VALUES = {
    "int": [0, -1, 2**31 - 1],
    "long": [0, 7, -(2**62)],
    "float": [0.5, -1.25, 1e10],
    "double": [0.1, -2.5, 1e300],
    "decimal(9, 2)": [decimal.Decimal("1.25"), decimal.Decimal("-9999999.99")],
    "decimal(14, 2)": [decimal.Decimal("123456789012.34"), decimal.Decimal("0.00")],
    "decimal(9, 3)": [decimal.Decimal("1.125")],
    "date": [dt.date(2020, 2, 29), dt.date(1969, 12, 31)],
    "timestamp": [dt.datetime(2020, 1, 1, 12, 30, 0, 5)],
    "timestamptz": [dt.datetime(2020, 1, 1, 12, 30, tzinfo=UTC)],
    "string": ["", "x", "žluť"],
    "boolean": [True, False],
}
#: To what an existing column may be promoted.
WIDER = {"int": "long", "float": "double", "decimal(9, 2)": "decimal(14, 2)"}


RELATED = {
    "int": ["int", "long"],
    "float": ["float", "double"],
    "decimal(9, 2)": ["decimal(9, 2)", "decimal(14, 2)"],
}


def made_type(rng: random.Random, depth: int):
    kind = rng.random()
    if depth and kind < 0.25:
        return {name: made_type(rng, depth - 1) for name in rng.sample(["x", "y", "z"], 2)}
    if depth and kind < 0.35:
        return [made_type(rng, depth - 1)]
    return rng.choice([*RELATED, *VALUES])


def drifted(rng: random.Random, kind):
    """A type that mostly meets this one."""
    if rng.random() < 0.03:
        return rng.choice(list(VALUES))
    if isinstance(kind, dict):
        kept = {name: drifted(rng, below) for name, below in kind.items() if rng.random() < 0.8}
        return (kept or kind) | ({"w": "int"} if rng.random() < 0.2 else {})
    if isinstance(kind, list):
        return [drifted(rng, kind[0])]
    return rng.choice(RELATED.get(kind, [kind]))


class Drifting:
    """A table's columns, which drifted apart from those of others, and rows to put into it."""

    def __init__(self, rng: random.Random, base: dict) -> None:
        self.rng = rng
        names = rng.sample(list(base), rng.randint(1, len(base)))
        self.columns = {name: drifted(rng, base[name]) for name in names}

    def value(self, kind):
        if self.rng.random() < 0.25:
            return None
        if isinstance(kind, dict):
            return {name: self.value(below) for name, below in kind.items()}
        if isinstance(kind, list):
            return [self.value(kind[0]) for _ in range(self.rng.randint(0, 3))]
        return self.rng.choice(VALUES[kind])

    def rows(self) -> list[dict]:
        size = self.rng.randint(1, 4)
        return [
            {name: self.value(kind) for name, kind in self.columns.items()} for _ in range(size)
        ]

    def evolve(self, ice: IceFrame) -> None:
        name = self.rng.choice(list(self.columns))
        change = ice.alter_table("t")
        match self.rng.randint(0, 3):
            case 0 if missing := [each for each in NAMES if each not in self.columns]:
                new = self.rng.choice(missing)
                self.columns[new] = "string"
                change.add_column(new, self.columns[new])
            case 1 if len(self.columns) > 1:
                change.drop_column(name)
                del self.columns[name]
            case 2 if missing := [each for each in NAMES if each not in self.columns]:
                new = self.rng.choice(missing)
                change.rename_column(name, new)
                self.columns[new] = self.columns.pop(name)
            case _ if isinstance(self.columns[name], str) and self.columns[name] in WIDER:
                self.columns[name] = WIDER[self.columns[name]]
                change.update_column_type(name, self.columns[name])

    def fill(self, ice: IceFrame) -> None:
        ice.create_table("t", {name: written(kind) for name, kind in self.columns.items()})
        ice.append_to_table("t", self.rows())
        for _ in range(self.rng.randint(0, 2)):
            self.evolve(ice)
            ice.append_to_table("t", self.rows())


def written(kind) -> str:
    if isinstance(kind, dict):
        inner = ", ".join(f"{name}: {written(below)}" for name, below in kind.items())
        return f"struct<{inner}>"
    return f"list<{written(kind[0])}>" if isinstance(kind, list) else kind


class Clash(Exception):
    """Types that don't meet."""


def united(left: pl.DataType, right: pl.DataType) -> pl.DataType:
    """The type of the docs' rules."""
    if left == right:
        return left
    for narrow, wide in ((pl.Int32(), pl.Int64()), (pl.Float32(), pl.Float64())):
        if {left, right} == {narrow, wide}:
            return wide
    if isinstance(left, pl.Decimal) and isinstance(right, pl.Decimal) and left.scale == right.scale:
        return max(left, right, key=lambda kind: kind.precision)
    if isinstance(left, pl.List) and isinstance(right, pl.List):
        return pl.List(united(left.inner, right.inner))
    if isinstance(left, pl.Struct) and isinstance(right, pl.Struct):
        return pl.Struct(united_fields(dict(left), dict(right)))
    raise Clash(f"{left} and {right}")


def united_fields(left: dict, right: dict) -> dict:
    both = {
        name: united(kind, right[name]) if name in right else kind for name, kind in left.items()
    }
    return both | {name: kind for name, kind in right.items() if name not in left}


def filled(value, kind: pl.DataType):
    """A value with null for each field that it lacks."""
    if isinstance(kind, pl.Struct) and value is not None:
        return {field.name: filled(value.get(field.name), field.dtype) for field in kind.fields}
    if isinstance(kind, pl.List) and value is not None:
        return [filled(each, kind.inner) for each in value]
    return value


def as_members_say(members: list[pl.DataFrame]) -> pl.DataFrame:
    schema = dict(members[0].schema)
    for member in members[1:]:
        schema = united_fields(schema, dict(member.schema))
    cast = []
    for member in members:
        rows = [
            {name: filled(row.get(name), kind) for name, kind in schema.items()}
            for row in member.to_dicts()
        ]
        cast.append(pl.DataFrame(rows, schema=schema))
    return pl.concat(cast)


def predicates(frame: pl.DataFrame):
    """Filters of our text, and as Polars has them."""
    for name, kind in frame.schema.items():
        yield f"{name} IS NULL", pl.col(name).is_null()
        if kind in (pl.Int32, pl.Int64):
            yield f"{name} > 0", pl.col(name) > 0
        if kind == pl.String:
            yield f"{name} = 'x'", pl.col(name) == "x"


@pytest.mark.parametrize("part", range(4))
def test_a_union_is_what_polars_makes_of_its_members(part):
    num_united = num_refused = 0
    for seed in range(part, NUM_PAIRS, 4):
        rng = random.Random(seed)
        federation = CatalogFederation()
        tables = [(f"m{i}", "t") for i in range(rng.randint(2, 3))]
        base = {name: made_type(rng, 2) for name in NAMES}
        for catalog, _ in tables:
            federation.add_catalog(catalog, {"type": "in-memory"})
            Drifting(rng, base).fill(federation.get_catalog(catalog))
        members = [federation.read_table(*table) for table in tables]
        try:
            expected = as_members_say(members)
        except Clash:
            with pytest.raises(ValidationError, match=r"is .* in m\d.t and .* in m\d.t; cast"):
                federation.union_tables(tables)
            num_refused += 1
            continue
        num_united += 1
        try:
            assert_frame_equal(federation.union_tables(tables), expected)
            for text, predicate in predicates(expected):
                found = federation.union_tables(tables, filter=text)
                assert_frame_equal(found, expected.filter(predicate))
        except AssertionError as error:
            error.add_note(f"seed {seed}")
            raise
    assert min(num_united, num_refused) > 0, (num_united, num_refused)
