# SPDX-License-Identifier: Apache-2.0
"""Expressions built in Python: what they spell, what they refuse, how they filter."""

import datetime as dt
import decimal
import pickle
import uuid

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from iceframe import functions as F
from iceframe.errors import ValidationError
from iceframe.expressions import Column, Expression, LiteralValue, col, lit, sql

A, B = col("a"), col("b")


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (A == 1, "a = 1"),
        (A != "x", "a <> 'x'"),
        (A > B, "a > b"),
        (A >= 1.5, "a >= 1.5e0"),
        (3 < A, "a > 3"),
        (A <= None, "a <= NULL"),
        ((A == 1) & (B == 2) | ~(A > 3), "a = 1 AND b = 2 OR NOT a > 3"),
        (True & (A == 1), "TRUE AND a = 1"),
        (A + 1 - 2 * B, "a + 1 - 2 * b"),
        ((1 - A) / B % 3, "(1 - a) / b % 3"),
        (10 % A - 5 / B, "10 % a - 5 / b"),
        (-A, "negate(a)"),
        (A.is_in([1, 2, None]), "a IN (1, 2, NULL)"),
        (A.is_in([B, 2]), "a = b OR a = 2"),
        (A.is_in([]), "a IN ()"),
        (A.is_null() | A.is_not_null(), "a IS NULL OR a IS NOT NULL"),
        (A.is_nan(), "a IS NAN"),
        (A.between(1, 2), "a >= 1 AND a <= 2"),
        (A.like("a_%"), "a LIKE 'a_%'"),
        (A.like("a\\b", ignore_case=True), "a ILIKE 'a\\\\b' ESCAPE '\\'"),
        (A.like("1!%!!", escape="!"), "a LIKE '1\\%\\!' ESCAPE '\\'"),
        (A.starts_with("it's"), "a STARTS WITH 'it''s'"),
        (A.cast("decimal(9, 2)"), "CAST(a AS DECIMAL(9, 2))"),
        (A.cast(pl.Int64), "CAST(a AS LONG)"),
        (A.cast(pa.date32()), "CAST(a AS DATE)"),
        (A.cast(dt.datetime), "CAST(a AS TIMESTAMP)"),
        (A.alias("x").alias("y"), "a AS y"),
        (F.count(), "count(*)"),
        (F.count("a"), "count(a)"),
        (F.count_distinct(A), "count_distinct(a)"),
        (F.sum(A * B) / F.count(), "sum(a * b) / count(*)"),
        (F.mean("a"), "avg(a)"),
        (F.min("a"), "min(a)"),
        (F.max("a"), "max(a)"),
        (F.rank().over(order_by="a"), "rank() OVER (ORDER BY a)"),
        (
            F.sum("a").over(["b", A % 2], [A.desc(nulls_last=False), "b"]),
            "sum(a) OVER (PARTITION BY b, a % 2 ORDER BY a DESC NULLS FIRST, b)",
        ),
        (
            F.row_number().over("b", ["a", "b"], descending=[True, False]),
            "row_number() OVER (PARTITION BY b ORDER BY a DESC, b)",
        ),
        (F.lead("a").over(order_by="b"), "lead(a, 1, NULL) OVER (ORDER BY b)"),
        (F.when(A > 1, "big"), "CASE WHEN a > 1 THEN 'big' END"),
        (
            F.when(A > 1, B).when(A.is_null(), 0).otherwise(-1),
            "CASE WHEN a > 1 THEN b WHEN a IS NULL THEN 0 ELSE -1 END",
        ),
        (F.nullif("a", 0), "CASE WHEN a = 0 THEN NULL ELSE a END"),
        (F.coalesce("a", "b", 0), "coalesce(a, b, 0)"),
        (F.substring("a", 2, 3), "substring(a, 2, 3)"),
        (F.round("a", 2), "round(a, 2)"),
        (F.contains("a", "x"), "contains(a, 'x')"),
        (F.ends_with("a", B), "ends_with(a, b)"),
        (F.starts_with("a", "x"), "a STARTS WITH 'x'"),
        (F.concat("a", lit("-"), "b"), "concat(a, '-', b)"),
        (F.date_trunc("day", "a"), "date_trunc('day', a)"),
        (F.greatest("a", 3), "greatest(a, 3)"),
        (sql("lower(a) AS x"), "lower(a) AS x"),
    ],
)
def test_an_expression_spells_sql_that_reads_back(expression, text):
    assert str(expression) == text
    assert Expression(text).equals(expression)
    assert pickle.loads(pickle.dumps(expression)).equals(expression)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "NULL"),
        (True, "TRUE"),
        (-(2**31), "-2147483648"),
        (2**40, "1099511627776"),
        (0.1, "0.1e0"),
        (decimal.Decimal("1.50"), "1.50"),
        (decimal.Decimal(5), "DECIMAL(1, 0) '5'"),
        (decimal.Decimal("-1E+3"), "DECIMAL(4, 0) '-1000'"),
        (b"\x00\xff", "x'00ff'"),
        (dt.date(1, 1, 1), "DATE '0001-01-01'"),
        (dt.time(1, 2, 3, 4), "TIME '01:02:03.000004'"),
        (dt.datetime(2024, 2, 29, 12), "TIMESTAMP '2024-02-29T12:00:00'"),
        (
            dt.datetime(2024, 2, 29, 12, tzinfo=dt.timezone(dt.timedelta(hours=1))),
            "TIMESTAMPTZ '2024-02-29T11:00:00+00:00'",
        ),
        (
            uuid.UUID("f79c3e09-677c-4bbd-a479-3f349cb785e7"),
            "UUID 'f79c3e09-677c-4bbd-a479-3f349cb785e7'",
        ),
        (np.int32(7), "7"),
        (np.float64(2.5), "2.5e0"),
        (np.bool_(False), "FALSE"),
        (np.datetime64("2024-02-29"), "DATE '2024-02-29'"),
        (
            np.datetime64("2024-02-29T00:00:00.000000001"),
            "TIMESTAMP_NS '2024-02-29T00:00:00.000000001'",
        ),
        (np.datetime64("NaT", "us"), "NULL"),
        (pd.NA, "NULL"),
        (pd.NaT, "NULL"),
        (pd.Timestamp("2024-02-29", tz="UTC"), "TIMESTAMPTZ '2024-02-29T00:00:00+00:00'"),
        (pa.scalar(3), "3"),
        ("ä\0'", "'ä\0'''"),
    ],
)
def test_values_become_literals(value, text):
    assert str(lit(value)) == text
    assert lit(value).value is value


def test_not_every_value_is_a_literal():
    for value in (
        object(),
        [1],
        {"a": 1},
        pl.lit(1),
        "\ud800",
        2**200,
        np.timedelta64(1, "ns"),
        np.array([1, 2]),
        dt.timedelta(1),
        dt.time(1, tzinfo=dt.UTC),
        decimal.Decimal("1e50"),
    ):
        with pytest.raises(ValidationError):
            lit(value)
    assert str(lit(float("nan")) == lit(float("-inf"))) == "DOUBLE 'NaN' = DOUBLE '-Infinity'"


def test_an_expression_has_no_truth_and_is_a_key():
    with pytest.raises(TypeError, match="neither true nor false: a = 1"):
        bool(A == 1)
    with pytest.raises(TypeError, match=r"between\(\)"):
        assert 1 < A < 3
    assert {A: "x"}[A] == "x"
    assert len({A == 1, A == 1}) == 2
    assert (A == 1).equals(A == 1)
    assert not (A == 1).equals(A == 2)
    assert isinstance(A, Column)
    assert isinstance(lit(1), LiteralValue)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: col(3), "a column's name must be text"),
        (lambda: A.is_in("abc"), "is_in takes a list"),
        (lambda: A.like("a!", escape="!"), "ends with its escape"),
        (lambda: A.like("a", escape="!!"), "one character"),
        (lambda: A.cast("nothing"), "nothing"),
        (lambda: F.rank().over("a"), "a rank needs an order"),
        (lambda: F.rank().over("a", ["a", "b"], descending=[True]), "another number of entries"),
        (lambda: F.lag("a", -1), "0 or more"),
        (lambda: F.when("a", 1), "a condition must be an expression"),
        (lambda: F.sum(None).over(3), "is expected: 3"),
        (lambda: sql("a +"), "the text ends"),
        (lambda: A == object(), "can't be a literal"),
    ],
)
def test_misuse_is_refused(build, message):
    with pytest.raises((ValidationError, TypeError), match=message):
        build()


def test_columns_and_names():
    e = F.sum(A * col("s.x")).over("b", order_by=col("c").desc())
    assert e.referenced_columns() == ["a", "b", "c", "s.x"]
    assert (A.alias("n").name(), A.name(), (A + 1).name()) == ("n", "a", "a + 1")
    assert repr(A.desc(nulls_last=False)) == "SortKey(a DESC NULLS FIRST)"


def test_reading_takes_expressions(ice):
    ice.create_table("t", {"a": "int", "b": "string"})
    ice.append_to_table("t", {"a": [1, 2, 3, None], "b": ["x", "y", None, "z"]})
    assert ice.to_arrow("t", ["a"], A > 1)["a"].to_pylist() == [2, 3]
    assert ice.read_table("t", None, B.is_null())["a"].to_list() == [3]
    assert ice.count_rows("t", F.coalesce(A, 0) < 2) == 2
    assert ice.to_arrow("t", ["b"], F.when(A == 1, False).otherwise(True)).num_rows == 3
    batches = ice.scan_batches("t", ["a"], A.is_in([1, 3]))
    assert [a for batch in batches for a in batch.to_pydict()["a"]] == [1, 3]
    ice.append_to_table("t", {"a": [8], "b": ["v"]})
    ice.overwrite_table("t", {"a": [9], "b": ["w"]}, A == 8, allow_rows_outside_filter=True)
    assert sorted(ice.read_table("t", None, A > 2)["a"]) == [3, 9]


def test_filters_refuse_what_needs_other_rows(ice):
    ice.create_table("t", {"a": "int"})
    for condition, message in [
        (F.sum("a") > 1, "use it in select after group_by"),
        (F.row_number().over() == 1, "use it in select"),
        (F.rank() == 1, "needs OVER"),
        (col("nope") == 1, "column does not exist: nope"),
        (A + 1, "a filter must be boolean"),
        (3, "filter_expr is neither text nor an expression: 3"),
    ]:
        with pytest.raises(ValidationError, match=message):
            ice.to_arrow("t", None, condition)
