# SPDX-License-Identifier: Apache-2.0
"""Answers that data files gave before: what queries say with them is what others compute."""

from __future__ import annotations

import math
import random

import polars as pl
import pytest

QUERIES = (
    ("SELECT k, sum(v) AS s, count(*) AS c, min(n) AS lo, max(n) AS hi FROM t {} GROUP BY k"),
    ("SELECT p, avg(v) AS a, count(n) AS c, sum(n) AS s FROM t {} GROUP BY p"),
    ("SELECT count(*) AS c, sum(n) AS s, max(v) AS hi FROM t {}"),
    ("SELECT p, k, n, v FROM t {}"),
)
FILTERS = ("", "WHERE n > 0", "WHERE p = 1 AND v < 50", "WHERE k LIKE 'k1%'")


def ours(ice, sql: str) -> pl.DataFrame:
    """The query through the builder, with kept answers."""
    items, _, rest = sql.removeprefix("SELECT ").partition(" FROM t ")
    condition, _, keys = rest.removeprefix("WHERE ").partition("GROUP BY ")
    query = ice.query("t")
    if condition.strip():
        query = query.filter(condition.strip())
    query = query.select(*items.split(", "))
    if keys:
        query = query.group_by(keys)
    return query.cache().execute()


def same(left: pl.DataFrame, right: pl.DataFrame) -> bool:
    """Whether the rows are the same in some order, but for the last bits of doubles."""

    def rows(frame: pl.DataFrame) -> list[tuple]:
        return sorted(frame.rows(), key=repr)

    def equal(a: object, b: object) -> bool:
        if isinstance(a, float) and isinstance(b, float):
            return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)
        return a == b

    pairs = zip(rows(left), rows(right), strict=True)
    return all(equal(a, b) for one, two in pairs for a, b in zip(one, two, strict=True))


def some_rows(chance: random.Random, count: int) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "p": [chance.randrange(3) for _ in range(count)],
            "k": [chance.choice(["k1", "k2", "k11", None]) for _ in range(count)],
            "n": [chance.choice([None, chance.randrange(-99, 99)]) for _ in range(count)],
            "v": [round(chance.uniform(-100, 100), 3) for _ in range(count)],
        },
        schema={"p": pl.Int64, "k": pl.String, "n": pl.Int64, "v": pl.Float64},
    )


@pytest.mark.parametrize("seed", range(6))
def test_what_they_add_up_to_is_what_polars_computes(ice, seed):
    chance = random.Random(seed)
    ice.create_table(
        "t",
        {"p": "long", "k": "string", "n": "long", "v": "double"},
        partition_spec=[("p", "identity")],
    )
    for _ in range(5):
        change = chance.randrange(3)
        rows = some_rows(chance, chance.randrange(1, 60))
        if change == 2:
            partition = chance.randrange(3)
            ice.overwrite_table("t", rows.filter(pl.col("p") == partition), f"p = {partition}")
        else:
            ice.append_to_table("t", rows)
        frame = ice.read_table("t")
        for query in QUERIES:
            sql = query.format(chance.choice(FILTERS))
            expected = pl.SQLContext(t=frame).execute(sql, eager=True)
            assert same(ours(ice, sql), expected), sql


def test_explain_tells_how_many_files_were_answered(ice):
    ice.create_table("t", {"k": "long", "v": "double"})
    for start in range(3):
        ice.append_to_table("t", {"k": [start, 9], "v": [0.5, 0.25]})
    query = ice.query("t").group_by("k").select("k", "sum(v) AS s").cache()
    query.execute()
    ice.append_to_table("t", {"k": [9], "v": [1.0]})
    assert "answered from the cache: 3" in str(query.explain(analyze=True))
    assert query.execute().filter(pl.col("k") == 9)["s"].item() == 1.75
