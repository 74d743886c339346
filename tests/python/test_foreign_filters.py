# SPDX-License-Identifier: Apache-2.0
"""Filters of Polars, pyarrow and PyIceberg: their rows are ours, or they are refused."""

import datetime as dt
import decimal
import uuid

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pyiceberg import expressions as pi

from iceframe import col
from iceframe.errors import IceFrameError, UnsupportedOperationError
from iceframe.expressions import sql

NAN = float("nan")
TS = dt.datetime(2020, 2, 29, 12)


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    from conftest import Lake

    folder = tmp_path_factory.mktemp("foreign")
    (folder / "warehouse").mkdir()
    lake = Lake(folder)
    rows = pa.table(
        {
            "row": pa.array(range(8), pa.int32()),
            "n": [1, 2, 3, None, -5, 2**53 + 1, 7, 8],
            "d": [0.1, 2.0, NAN, None, -0.0, 1e300, float("inf"), -1.0],
            "f": pa.array([0.1, 2.0, NAN, None, -0.0, 5.0, float("inf"), -1.0], pa.float32()),
            "c": pa.array(["10.50", "10.51", "-1", None, "0", "3", "4", "5"]).cast(
                pa.decimal128(9, 2)
            ),
            "s": ["a", "ab", "", None, "b", "2020-02-29", "ä", "A"],
            "b": [True, False, None, True, False, True, False, None],
            "dt": [dt.date(2020, 2, 29), dt.date(1969, 12, 31), None, *[dt.date(2021, 1, 1)] * 5],
            "ts": [TS, None, dt.datetime(1969, 12, 31, 23, 59, 59, 999999), *[TS] * 5],
            "st": [{"x": i} if i % 3 else None for i in range(8)],
        }
    ).cast(
        pa.schema(
            [
                ("row", pa.int32()),
                ("n", pa.int64()),
                ("d", pa.float64()),
                ("f", pa.float32()),
                ("c", pa.decimal128(9, 2)),
                ("s", pa.string()),
                ("b", pa.bool_()),
                ("dt", pa.date32()),
                ("ts", pa.timestamp("us")),
                ("st", pa.struct([("x", pa.int64())])),
            ]
        )
    )
    ice = lake.open()
    ice.create_table("t", rows.schema)
    ice.append_to_table("t", rows)
    ice.create_table("z", pa.schema([("tz", pa.timestamp("us", "UTC"))]))
    ice.append_to_table("z", {"tz": [TS.replace(tzinfo=dt.UTC), None]})
    return ice, rows, lake.pyiceberg().load_table("default.t")


def ours(ice, foreign):
    rows = ice.to_arrow("t", ["row"], foreign)["row"].to_pylist()
    assert ice.query("t").filter(foreign).select("row").execute()["row"].to_list() == rows
    assert ice.read_table("t", ["row"], filter=foreign)["row"].to_list() == rows
    assert ice.count_rows("t", foreign) == len(rows)
    assert ice.get_table("t").scan(foreign, ("row",)).to_arrow()["row"].to_pylist() == rows
    return rows


P = pl.col


@pytest.mark.parametrize(
    "predicate",
    [
        (P("n") > 1) & (P("d") <= 2.0),
        (P("d") > 1) | P("b"),
        ~(P("d") > 1),
        P("d") == NAN,
        P("d").is_nan(),
        ~P("f").is_not_nan(),
        P("f") == 0.1,
        P("f") == pl.lit(0.1, pl.Float64),
        P("f") == pl.lit(0.1, pl.Float32),
        P("f").is_in([0.1, 2.0]),
        P("n").is_in([1, 8]),
        ~P("n").is_in([1, 8]),
        P("n").is_in([1, None]),
        P("n").is_in([1, None], nulls_equal=True),
        ~P("n").is_in([1], nulls_equal=True),
        P("n").is_between(1, 3),
        P("n").is_between(1, 3, closed="none"),
        P("n").is_null() & P("s").is_not_null().not_(),
        P("n").eq_missing(None),
        P("n").ne_missing(3),
        P("s").str.starts_with("a"),
        P("s").str.ends_with("b"),
        P("s").str.contains("a", literal=True),
        P("s") >= "a",
        P("s") == "2020-02-29",
        P("c") == decimal.Decimal("10.50"),
        P("c") > 3,
        P("dt") == dt.date(2020, 2, 29),
        P("ts") >= TS,
        P("ts") < pl.lit(TS).cast(pl.Datetime("us")),
        P("b") ^ (P("n") > 2),
        P("b"),
        P("st").struct.field("x") > 3,
        P("n") + 1 == 3,
        P("n") < P("row"),
        P("d") < P("f"),
        pl.all_horizontal(P("n") > 1, P("b")),
        pl.any_horizontal(P("n") > 7, P("b")),
    ],
    ids=str,
)
def test_polars(tables, predicate):
    ice, rows, _ = tables
    frame = pl.from_arrow(rows)
    try:
        found = ours(ice, predicate)
    except UnsupportedOperationError:
        # Its text has no NaN.
        assert "cast" in str(predicate).lower() or "nan" in str(predicate).lower()
        return
    assert found == frame.filter(predicate)["row"].to_list()


C = pc.field


@pytest.mark.parametrize(
    "predicate",
    [
        (C("n") > 1) & (C("d") <= 2.0),
        (C("d") > 1) | C("b"),
        ~(C("d") > 1),
        C("d") == NAN,
        C("d") != NAN,
        pc.scalar(1.5) < C("d"),
        C("d").is_nan(),
        C("f") == 0.1,
        C("f") >= pa.scalar(0.1, pa.float32()),
        C("n").isin([1, 8]),
        ~C("n").isin([1, 8]),
        C("n").isin([1, None]),
        ~C("n").isin([1, None]),
        C("n").is_null(),
        ~C("n").is_valid(),
        C("d").is_null(nan_is_null=True),
        pc.starts_with(C("s"), "a"),
        pc.ends_with(C("s"), "b"),
        pc.match_substring(C("s"), "a"),
        pc.match_like(C("s"), "_%"),
        C("s") >= "a",
        C("c") == decimal.Decimal("10.50"),
        C("c") > pa.scalar(decimal.Decimal("3.00"), pa.decimal128(9, 2)),
        C("dt") == dt.date(2020, 2, 29),
        C("ts") >= TS,
        C("ts") >= pa.scalar(TS, pa.timestamp("s")),
        C("b"),
        ~C("b"),
        pc.field("st", "x") > 3,
        C("n") + 1 == 3,
    ],
    ids=str,
)
def test_pyarrow(tables, predicate):
    ice, rows, _ = tables
    assert ours(ice, predicate) == rows.filter(predicate)["row"].to_pylist()


@pytest.mark.parametrize(
    "predicate",
    [
        pi.And(pi.GreaterThan("n", 1), pi.LessThanOrEqual("d", 2.0)),
        pi.Or(pi.GreaterThan("d", 1.0), pi.EqualTo("b", True)),
        pi.Not(pi.GreaterThan("d", 1.0)),
        pi.IsNaN("d"),
        pi.NotNaN("d"),
        pi.EqualTo("f", 0.1),
        pi.In("n", [1, 8]),
        pi.NotIn("n", [1, 8]),
        pi.NotEqualTo("n", 3),
        pi.Not(pi.In("n", [1, 8])),
        pi.Not(pi.NotIn("n", [1, 8])),
        pi.Not(pi.EqualTo("d", 2.0)),
        pi.NotEqualTo("d", 2.0),
        pi.IsNull("n"),
        pi.NotNull("s"),
        pi.StartsWith("s", "a"),
        pi.NotStartsWith("s", "a"),
        pi.GreaterThanOrEqual("s", "a"),
        pi.EqualTo("c", decimal.Decimal("10.50")),
        pi.EqualTo("dt", dt.date(2020, 2, 29)),
        pi.EqualTo("dt", "2020-02-29"),
        pi.GreaterThanOrEqual("ts", TS),
        pi.LessThan("ts", "2020-02-29T12:00:00"),
        pi.AlwaysTrue(),
        pi.AlwaysFalse(),
        pi.Not(pi.And(pi.IsNull("n"), pi.NotIn("s", ["a", "b"]))),
        ((col("d") > 1) & (col("f") == 0.1)).to_iceberg(),
    ],
    ids=str,
)
def test_pyiceberg(tables, predicate):
    ice, _, table = tables
    assert ours(ice, predicate) == table.scan(predicate, ("row",)).to_arrow()["row"].to_pylist()


def test_moments_of_pyiceberg_have_no_zone(tables):
    ice = tables[0]
    moment = TS.replace(tzinfo=dt.UTC)
    assert ice.count_rows("z", pi.GreaterThanOrEqual("tz", moment)) == 1
    assert ice.count_rows("z", pi.LessThan("tz", moment)) == 0


@pytest.mark.parametrize(
    ("predicate", "name"),
    [
        (P("n") / 2 == 1, "Polars"),
        (P("s").str.contains("^a"), "Polars"),
        (P("n").cast(pl.Float64) > 1, "Polars"),
        (P("s").str.to_uppercase() == "A", "Polars"),
        ((P("n") - 3).abs() < 2, "Polars"),
        (-P("n") < -2, "Polars"),
        (P("f").fill_null(0.1) == 0.1, "Polars"),
        (pl.len() > 1, "Polars"),
        (P("n").sum() > 1, "Polars"),
        (P("n").over("s") > 1, "Polars"),
        (pl.when(P("n") > 1).then(P("n")).otherwise(0) > 1, "Polars"),
        (pl.all() > 1, "Polars"),
        (C("n") / 2 == 1, "Arrow"),
        (pc.field(0) == 1, "Arrow"),
        (C("n") > C("row"), "Arrow"),
        (C("n").cast(pa.float64()) > 1, "Arrow"),
    ],
    ids=str,
)
def test_what_has_no_counterpart_is_refused(tables, predicate, name):
    ice = tables[0]
    with pytest.raises(UnsupportedOperationError, match=f"{name}'.? expression has no counterpart"):
        ice.to_arrow("t", None, predicate)
    with pytest.raises(UnsupportedOperationError, match="has no counterpart"):
        ice.query("t").filter(predicate)


def test_what_is_no_filter_is_told(tables):
    ice = tables[0]
    for wrong in (5, b"x", object(), [sql("n > 1")], pl.Series([True])):
        with pytest.raises(IceFrameError, match="neither text nor an expression"):
            ice.to_arrow("t", None, wrong)


def test_overwrite_takes_them_too(tables):
    ice = tables[0]
    ice.create_table("w", pa.schema([("n", pa.int64())]))
    ice.append_to_table("w", {"n": [1, 2]})
    ice.overwrite_table("w", pa.table({"n": [1]}), filter_expr=P("n") < 5)
    assert ice.read_table("w")["n"].to_list() == [1]
    assert "n < 5" in repr(ice.query("w").filter(P("n") < 5))


def test_the_bytes_of_a_uuid_find_it(ice):
    uuids = [uuid.UUID(int=value) for value in (1, 2**127, 2**128 - 1)]
    ice.create_table("t", {"u": "uuid", "n": "long"})
    ice.append_to_table("t", {"u": [*uuids, None], "n": [0, 1, 2, None]})
    middle = uuids[1].bytes
    asked = {
        "u = X": (pl.col("u") == middle, col("u") == middle, [1]),
        "u <> X": (pl.col("u") != middle, col("u") != middle, [0, 2]),
        "u < X": (pl.col("u") < middle, col("u") < middle, [0]),
        "u >= X": (pl.col("u") >= middle, col("u") >= middle, [1, 2]),
        "u in": (pl.col("u").is_in([middle, b"x"]), col("u").is_in([middle, b"x"]), [1]),
        "short": (pl.col("u") > middle[:1], col("u") > middle[:1], [1, 2]),
        "long": (pl.col("u") == middle + b"x", col("u") == middle + b"x", []),
    }
    for of_polars, of_ours, rows in asked.values():
        found = ice.query("t").filter(of_polars).to_polars()["n"].to_list()
        assert found == ice.read_table("t").filter(of_polars)["n"].to_list() == rows
        assert ice.lazy("t").filter(of_polars).collect()["n"].to_list() == rows
        assert ice.query("t").filter(of_ours).to_polars()["n"].to_list() == rows
