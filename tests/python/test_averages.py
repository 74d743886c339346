# SPDX-License-Identifier: Apache-2.0
"""Averages are the nearest double of the exact quotient; only the end of a sum overflows."""

import decimal
import random
from fractions import Fraction

import duckdb
import pyarrow as pa
import pytest

from iceframe.errors import ValidationError

D = decimal.Decimal
BIG = D("9" * 38)
# A minus would round it to the context's digits.
NEGATIVE = D("-" + "9" * 38)


def nearest(values):
    """Python divides integers, and so fractions, with one rounding."""
    return float(sum(map(Fraction, values)) / len(values))


def averages(ice, name, column, values):
    """Returns avg as an aggregate, per group, in a window and as one that runs to the end."""
    rows = {"id": range(len(values)), "v": pa.array(values, column)}
    schema = pa.schema([("id", pa.int64()), ("v", column)])
    ice.create_table(name, schema)
    ice.append_to_table(name, pa.table(rows, schema))
    query = ice.query(name)
    window = query.select("avg(v) OVER () AS w", "avg(v) OVER (ORDER BY id) AS r").execute()
    return [
        query.select("avg(v) AS a").execute()["a"].item(),
        query.group_by("id * 0").select("avg(v) AS a").execute()["a"].item(),
        window["w"][0],
        window["r"].max() if len(set(window["r"])) == 1 else window["r"][-1],
    ]


@pytest.mark.parametrize(
    ("column", "values"),
    [
        (pa.decimal128(9, 2), [D("1.10"), D("-1.00"), D("1.10")]),
        (pa.decimal128(18, 4), [D("90071992547409.9301"), D("0.0001"), D("90071992547409.9301")]),
        (pa.decimal128(38, 0), [BIG, BIG, BIG]),
        (pa.decimal128(38, 0), [BIG, BIG, NEGATIVE]),
        (pa.decimal128(38, 38), [D("0." + "7" * 38), D("-0." + "3" * 38), D("0." + "9" * 38)]),
        (pa.int64(), [2**63 - 1, 2**63 - 1, 1]),
        (pa.int64(), [2**53 + 1, 2**53 + 1, 2**53 + 3]),
        (pa.int64(), [-(2**63), 2**63 - 1, 2]),
        (pa.int32(), [1, 2, 2]),
    ],
)
def test_avg_is_rounded_once(ice, column, values):
    with decimal.localcontext(prec=100):
        expected = nearest(values)
    assert averages(ice, "t", column, values) == [expected] * 4


def test_avg_of_random_decimals_is_pythons_and_duckdbs(ice):
    rng = random.Random(20261130)
    columns = {}
    for precision in (1, 5, 9, 15, 18, 25, 30, 38):
        scale = rng.randint(0, precision)
        limit = 10**precision - 1
        columns[f"d{precision}"] = pa.array(
            [
                D(rng.randint(-limit, limit)).scaleb(-scale, decimal.Context(prec=50))
                for _ in range(60)
            ],
            pa.decimal128(precision, scale),
        )
    rows = pa.table({"g": [i % 7 for i in range(60)], **columns})
    ice.create_table("t", rows.schema)
    ice.append_to_table("t", rows)
    wanted = [f"avg({name}) AS {name}" for name in columns]
    # DuckDB's sums end at 127 bits.
    narrow = [name for name in columns if name not in ("d38",)]
    ours = ice.query("t").group_by("g").select("g", *wanted).order_by("g").to_arrow()
    text = ", ".join(f"avg({name})" for name in narrow)
    answers = duckdb.from_arrow(rows).aggregate(f"g, {text}", "g").order("g").fetchall()
    theirs = dict(zip(narrow, list(zip(*answers, strict=True))[1:], strict=True))
    for name in columns:
        values = zip(rows["g"].to_pylist(), rows[name].to_pylist(), strict=True)
        groups = [[] for _ in range(7)]
        for group, value in values:
            groups[group].append(value)
        assert ours[name].to_pylist() == [nearest(group) for group in groups], name
        if name in narrow:
            assert ours[name].to_pylist() == pytest.approx(list(theirs[name]), rel=1e-15)


def test_only_the_end_of_a_sum_overflows(ice):
    rows = pa.table(
        {
            "id": [1, 2, 3],
            "v": pa.array([BIG, BIG, NEGATIVE], pa.decimal128(38, 0)),
            "n": [2**63 - 1] * 3,
        }
    )
    ice.create_table("t", rows.schema)
    ice.append_to_table("t", rows)
    query = ice.query("t")
    assert query.select("sum(v) AS s").to_arrow()["s"].to_pylist() == [BIG]
    with pytest.raises(
        ValidationError, match=r"sum does not fit its type long: sum\(n\) is 27670116110564327421"
    ):
        query.select("sum(n) AS s").execute()
    with pytest.raises(ValidationError, match=r"decimal\(38, 0\): sum\(v\) is 199999.*to double"):
        query.filter("id < 3").select("sum(v) AS s").execute()


def test_casts_to_floats_are_rounded_once(ice):
    # The double between is a tie of two floats.
    value = D("1.00000005960464477539062501")
    rows = pa.table({"v": pa.array([value], pa.decimal128(38, 26)), "s": [str(value)]})
    ice.create_table("t", rows.schema)
    ice.append_to_table("t", rows)
    query = ice.query("t").select("v::float AS v", "s::float AS s", "v::double AS d")
    assert query.to_arrow().to_pylist() == [
        {"v": 1.00000011920928955078125, "s": 1.00000011920928955078125, "d": float(value)}
    ]
