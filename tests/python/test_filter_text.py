# SPDX-License-Identifier: Apache-2.0
"""Text and Python mean the same: literals beside floats, SQL's comments, what errors name."""

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from iceframe import col, lit
from iceframe import functions as F
from iceframe.errors import IceFrameError, ValidationError
from iceframe.expressions import Expression, sql


@pytest.fixture
def floats(ice):
    rows = pa.table(
        {
            "id": [1, 2, 3],
            "f": pa.array([0.1, 0.5, None], pa.float32()),
            "d": [0.1, float(np.float32(0.1)), None],
        }
    )
    ice.create_table("t", rows.schema)
    ice.append_to_table("t", rows)
    return ice


@pytest.mark.parametrize(
    ("text", "expression", "ids"),
    [
        ("f = 0.1", col("f") == 0.1, [1]),
        ("f = 1e-1", lit(0.1) == col("f"), [1]),
        ("f <> 0.1", col("f") != 0.1, [2]),
        ("f >= 0.1", col("f") >= 0.1, [1, 2]),
        ("f < 0.1", col("f") < 0.1, []),
        ("f IN (0.1, 7)", col("f").is_in([0.1, 7]), [1]),
        ("f NOT IN (0.1e0, 7)", ~col("f").is_in([0.1, 7.5]), [2]),
        ("f BETWEEN 0.1 AND 0.2", col("f").between(0.1, 0.2), [1]),
        ("f BETWEEN 0.1 AND 2e-1", col("f").between(np.float64(0.1), 0.2), [1]),
        ("f + 0.1 = 0.2", col("f") + 0.1 == 0.2, [1]),
        ("coalesce(f, 0.7) = 0.7", F.coalesce(col("f"), 0.7) == 0.7, [3]),
        (
            "CASE WHEN id = 3 THEN 0.1 ELSE f END = 0.1",
            F.when(col("id") == 3, 0.1).otherwise(col("f")) == 0.1,
            [1, 3],
        ),
        # A double that was asked for is one.
        ("f = 0.1::double", col("f") == lit(0.1).cast("double"), []),
        ("f < DOUBLE '0.1'", col("f") < lit(0.1).cast(float), []),
        ("f > DOUBLE '0.1'", col("f") > lit(0.1).cast("double"), [1, 2]),
        ("f IN (DOUBLE '0.1', 7)", col("f").is_in([lit(0.1).cast("double"), 7]), []),
        ("CAST(f AS double) = 0.1", col("f").cast("double") == 0.1, []),
        ("f::double = d", col("f") == col("d"), []),
        ("d = 0.1", col("d") == 0.1, [1]),
    ],
)
def test_a_literal_takes_the_float_columns_type(floats, text, expression, ids):
    for given in (text, expression, Expression(str(expression)), sql(text)):
        assert floats.to_arrow("t", ["id"], given)["id"].to_pylist() == ids, str(given)
        assert floats.query("t").filter(given).execute()["id"].to_list() == ids, str(given)
        assert floats.count_rows("t", given) == len(ids)
    frame = floats.read_table("t")
    assert frame.filter(expression.to_polars())["id"].to_list() == ids


@pytest.mark.parametrize("value", [0.1, 0.7, 0.5])
def test_lazy_filters_of_floats_are_polars(floats, value):
    floats.append_to_table(
        "t", pa.table({"id": [4], "f": pa.array([0.7], pa.float32()), "d": [0.7]})
    )
    frame = floats.read_table("t")
    for literal in (value, pl.lit(value, pl.Float64), pl.lit(value, pl.Float32)):
        for op in ("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__"):
            predicate = getattr(pl.col("f"), op)(literal)
            expected = frame.filter(predicate)["id"].to_list()
            assert floats.lazy("t").filter(predicate).collect()["id"].to_list() == expected
    for values in ([value], pl.Series([value, 9.0], dtype=pl.Float32)):
        predicate = pl.col("f").is_in(values)
        expected = frame.filter(predicate)["id"].to_list()
        assert floats.lazy("t").filter(predicate).collect()["id"].to_list() == expected


def test_comments_are_comments(floats):
    for text in (
        "id > 1 -- 5",
        "id > /* at\nleast */ 1",
        "id /* a /* b */ c */ > 1",
        "-- all\nid > 1 --",
        "/**/id > 1",
        "-- all\rid > 1 -- end\r\n",
    ):
        assert floats.to_arrow("t", ["id"], text)["id"].to_pylist() == [2, 3], text
    assert floats.query("t").select(
        "id + 1 AS x -- more", "id AS y /* too */"
    ).execute().columns == ["x", "y"]
    assert floats.count_rows("t", "'--' = '-' || '-' AND '/*' <> '*/'") == 3
    assert floats.count_rows("t", "id - -1 > 2") == 2
    for text in ("id > 1 /* 5", "/*", "id > 1 /* a /* b */"):
        with pytest.raises(ValidationError, match="this comment is never closed"):
            floats.count_rows("t", text)
    odd = pl.DataFrame({"a--b": [1, 2], "/*": [3, 4]})
    floats.create_table("odd", odd)
    floats.append_to_table("odd", odd)
    assert floats.to_arrow("odd", None, '"a--b" = 1 AND `/*` = 3').num_rows == 1


def test_errors_name_expression_column_and_value(ice):
    rows = pa.table(
        {
            "i": pa.array([2**31 - 1, -(2**31)], pa.int32()),
            "l": [2**63 - 1, -(2**63)],
            "dec": pa.array([10**37, 1], pa.decimal128(38, 0)),
            "s": ["12", "twelve"],
        }
    )
    ice.create_table("t", rows.schema)
    ice.append_to_table("t", rows)
    for text, message in [
        ("i + 1 > 0", r"a number is out of the range of int: 2147483647 \+ 1, in i \+ 1"),
        ("l * 2 > 0", r"range of long: 9223372036854775807 \* 2, in l \* "),
        ("-i > 0", r"range of int: negate\(-2147483648\), in negate\(i\)"),
        ("dec * 100 > 0", r"range of decimal\(38, 0\): 1000.* \* 100, in dec \* "),
        ("CAST(s AS int) > 0", r"value can't be cast to int: twelve, in CAST\(s AS INT\)"),
        (
            "CAST(l AS int) > 0",
            r"value can't be cast to int: 9223372036854775807, in CAST\(l AS INT\)",
        ),
    ]:
        with pytest.raises(IceFrameError, match=message):
            ice.to_arrow("t", None, text)
        with pytest.raises(IceFrameError, match=message):
            ice.query("t").select(text + " AS x").execute()


def test_errors_of_transforms_name_column_and_value(ice):
    rows = pa.table({"n": pa.array([5, -(2**31)], pa.int32())})
    ice.create_table("t", rows.schema, partition_spec=[("n", "truncate[10]")])
    with pytest.raises(
        ValidationError,
        match=r"truncate\[10\] of int -2147483648 \[column: n\]",
    ):
        ice.append_to_table("t", rows)
