# SPDX-License-Identifier: Apache-2.0
"""Expressions for other engines: Polars and PyIceberg keep the rows that the engine keeps.

ICEFRAME_SEED sets the seed of the random ones.
"""

import datetime as dt
import decimal
import os
import random
import uuid

import polars as pl
import pyarrow as pa
import pytest
from pyiceberg.expressions import (
    AlwaysFalse,
    AlwaysTrue,
    And,
    EqualTo,
    GreaterThan,
    In,
    IsNaN,
    IsNull,
    LessThan,
    LessThanOrEqual,
    Not,
    NotEqualTo,
    NotIn,
    NotNull,
    NotStartsWith,
    Or,
    StartsWith,
)
from pyiceberg.expressions.visitors import bind, rewrite_not
from pyiceberg.io.pyarrow import pyarrow_to_schema

from iceframe import functions as F
from iceframe.errors import UnsupportedOperationError
from iceframe.expressions import col, lit, plan_pushdown

A, B, S = col("a"), col("b"), col("s")
A_IS_NOT_1 = Or(And(NotEqualTo("a", 1), NotNull("a")), IsNaN("a"))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (A == 1, EqualTo("a", 1)),
        (2 > A, LessThan("a", 2)),
        # NaN is greater than every number here, and meets no comparison there.
        (2 < A, Or(GreaterThan("a", 2), IsNaN("a"))),
        (~(A > 2), LessThanOrEqual("a", 2)),
        ((A != 1) & S.is_null(), And(A_IS_NOT_1, IsNull("s"))),
        (~((A == 1) | S.is_null()), And(A_IS_NOT_1, NotNull("s"))),
        (A.is_in([1, 2, None]), In("a", [1, 2])),
        (~A.is_in([1, 2]), Or(And(NotIn("a", [1, 2]), NotNull("a")), IsNaN("a"))),
        (S != "x", And(NotEqualTo("s", "x"), NotNull("s"))),
        (~A.is_in([1, None]), AlwaysFalse()),
        (S.starts_with("x"), StartsWith("s", "x")),
        (~S.starts_with("x"), And(NotStartsWith("s", "x"), NotNull("s"))),
        (A == None, AlwaysFalse()),  # noqa: E711 - a comparison with null
        (lit(True), AlwaysTrue()),
        (S == "2 apples", EqualTo("s", "2 apples")),
        (((A == 1) | (B == 2)).alias("x"), Or(EqualTo("a", 1), EqualTo("b", 2))),
    ],
)
def test_to_iceberg(expression, expected):
    assert expression.pushdown() == (expected, True)
    assert expression.to_iceberg() == expected


def test_literals_take_the_columns_type_when_pyiceberg_binds_them():
    schema = pa.schema(
        [
            pa.field("f", pa.float32(), metadata={"PARQUET:field_id": "1"}),
            pa.field("day", pa.date32(), metadata={"PARQUET:field_id": "2"}),
            pa.field("dec", pa.decimal128(9, 2), metadata={"PARQUET:field_id": "3"}),
            pa.field("u", pa.uuid(), metadata={"PARQUET:field_id": "4"}),
        ]
    )
    schema = pyarrow_to_schema(schema)
    bound = [
        (col("f") == 0.1, EqualTo("f", 0.10000000149011612)),
        (col("day") == "2020-02-29", EqualTo("day", dt.date(2020, 2, 29))),
        (col("dec") > 10.505, None),
        (~(col("dec") <= decimal.Decimal("10.505")), GreaterThan("dec", decimal.Decimal("10.50"))),
        (col("dec") == decimal.Decimal("10.505"), AlwaysFalse()),
    ]
    for expression, expected in bound:
        exported = expression.to_iceberg()
        if expected is None:
            with pytest.raises(UnsupportedOperationError, match="PyIceberg has no such expression"):
                exported.bind(schema)
        else:
            assert exported.bind(schema) == bind(schema, expected, case_sensitive=True)
    for negated in (
        ~(col("f") == 0.1).to_iceberg(),
        rewrite_not(Not((col("f") == 0.1).to_iceberg())),
    ):
        wanted = Or(And(NotEqualTo("f", 0.10000000149011612), NotNull("f")), IsNaN("f"))
        assert bind(schema, negated, True) == bind(schema, wanted, True)
    with pytest.raises(UnsupportedOperationError, match="PyIceberg has no such expression"):
        (col("u") == uuid.UUID(int=1)).to_iceberg().bind(schema)
    assert (col("F") == 0.1).to_iceberg().bind(schema, False) == bind(schema, bound[0][1], True)


def test_what_pyiceberg_does_not_know_stays():
    known = A == 1
    for unknown in (A % 2 == 0, S.like("%x"), A == B, F.lower(S) == "x"):
        assert unknown.pushdown() == (None, False)
        assert (known & unknown).pushdown() == (EqualTo("a", 1), False)
        assert (known | unknown).pushdown() == (None, False)
        assert (~(known & unknown)).pushdown() == (None, False)
        with pytest.raises(UnsupportedOperationError, match="PyIceberg has no such expression"):
            (known & unknown).to_iceberg()
        row_filter, residual = plan_pushdown([known, unknown, B < 2])
        assert row_filter == And(EqualTo("a", 1), LessThan("b", 2))
        assert residual == [unknown] or residual[0] is unknown
    assert plan_pushdown([]) == (AlwaysTrue(), [])


class Conditions:
    """Random conditions, built with operators."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def number(self):
        return self.rng.choice(
            [
                A,
                A,
                B,
                B + 1,
                A - B,
                A * 2,
                -B,
                A % 3,
                A / 2,
                F.abs(A),
                F.coalesce(A, B, 0),
                F.when(A > B, A).when(B.is_null(), -1).otherwise(B),
                F.length("s"),
                F.year("d"),
                F.greatest(A, B, 2),
                F.nullif(A, 3),
                F.round(col("x"), 1),
                F.floor("x"),
                col("x"),
                A.cast("double"),
            ]
        )

    def text(self):
        return self.rng.choice(
            [S, S, F.lower(S), F.upper(S), F.concat(S, lit("-"), S), F.substring(S, 2), F.trim(S)]
        )

    def leaf(self):
        op = self.rng.choice(["__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__"])
        kind = self.rng.randrange(6)
        if kind < 2:
            other = self.rng.choice([self.rng.randint(-4, 8), self.number()])
            return getattr(self.number(), op)(other)
        if kind == 2:
            return getattr(self.text(), op)(self.rng.choice(["", "a", "b", "Ab", self.text()]))
        if kind == 3:
            return self.rng.choice(
                [
                    S.like(self.rng.choice(["a%", "%b", "_", "%a_", "a", "%.%"])),
                    S.like(self.rng.choice(["A%", "%B"]), ignore_case=True),
                    S.starts_with("a"),
                    F.ends_with(S, "b"),
                    F.contains(S, "a"),
                    S.is_in(["a", "b", *self.rng.choice([[], [None]])]),
                ]
            )
        if kind == 4:
            return self.rng.choice(
                [
                    A.is_in([1, 2, 3]),
                    A.is_null(),
                    S.is_not_null(),
                    A.between(0, 3),
                    col("x").is_nan(),
                ]
            )
        return getattr(col("d"), op)(dt.date(2024, self.rng.randint(1, 12), 1))

    def condition(self, depth):
        kind = self.rng.randrange(4)
        if depth == 0 or kind == 0:
            return self.leaf()
        if kind == 1:
            return ~self.condition(depth - 1)
        left, right = self.condition(depth - 1), self.condition(depth - 1)
        return left & right if kind == 2 else left | right


def test_polars_and_pyiceberg_keep_the_same_rows(ice, lake):
    seed = int(os.environ.get("ICEFRAME_SEED", "7"))
    print(f"seed {seed}")
    rng = random.Random(seed)

    def column(values):
        return [rng.choice([None, *values]) for _ in range(200)]

    rows = pl.DataFrame(
        {
            "row": list(range(200)),
            "a": column(range(-3, 8)),
            "b": column(range(-3, 8)),
            "x": column([-2.5, -0.25, 0.0, 0.35, 3.0, 7.75]),
            "s": column(["", "a", "b", "ab", "Ab", "a.b", " a ", "äb"]),
            "d": column([dt.date(2024, month, 1) for month in range(1, 13)]),
        },
        schema={
            "row": pl.Int32,
            "a": pl.Int64,
            "b": pl.Int64,
            "x": pl.Float64,
            "s": pl.String,
            "d": pl.Date,
        },
    )
    ice.create_table("t", rows.to_arrow().schema)
    ice.append_to_table("t", rows)
    pyiceberg_table = lake.pyiceberg().load_table("default.t")
    conditions = Conditions(rng)
    pushed_wholly = 0
    for number in range(300):
        condition = conditions.condition(rng.choice([0, 1, 2, 3]))
        ours = ice.to_arrow("t", ["row"], condition)["row"].to_pylist()
        assert rows.filter(condition.to_polars())["row"].to_list() == ours, str(condition)
        pushed, fully = condition.pushdown()
        if pushed is None or number % 5:
            continue
        theirs = pyiceberg_table.scan(pushed, ("row",)).to_arrow()["row"].to_pylist()
        assert set(theirs) >= set(ours), str(condition)
        if fully:
            pushed_wholly += 1
            assert theirs == ours, str(condition)
    assert pushed_wholly >= 3


def test_windows_and_aggregates_in_polars():
    frame = pl.DataFrame({"g": [1, 1, 2, 2], "v": [3, None, 5, 4]})
    result = frame.select(
        F.sum("v").over("g").to_polars().alias("sum"),
        F.row_number().over("g", "v").to_polars().alias("number"),
        F.lag("v", 1, 0).over("g", order_by=col("v").desc()).to_polars().alias("lag"),
    )
    assert result.to_dict(as_series=False) == {
        "sum": [3, 3, 9, 9],
        "number": [1, 2, 2, 1],
        "lag": [0, 3, 0, 5],
    }
    totals = frame.select(
        F.count().to_polars().alias("rows"),
        F.count("v").to_polars().alias("values"),
        F.avg("v").to_polars().alias("avg"),
        F.count_distinct("g").to_polars().alias("groups"),
    )
    assert totals.row(0) == (4, 3, 4.0, 2)
    for unknown in (F.rank().over(order_by="v"), F.sum("v").over("g", "v"), F.date_trunc("day", A)):
        with pytest.raises(UnsupportedOperationError, match="Polars has no such expression"):
            unknown.to_polars()
