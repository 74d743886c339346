# SPDX-License-Identifier: Apache-2.0
"""ORDER BY with LIMIT: as sorting all rows would give, from no more files than that needs."""

import datetime as dt
import math
import random

import pytest

from iceframe import IceFrame
from iceframe.skipping import DataSkipper

SEED = 20261130
TYPES = {
    "long": [-(2**63), -5, 0, 1, 2, 3, 2**63 - 1],
    "double": [-math.inf, -1.5, -0.0, 0.0, 2.5, math.inf, math.nan],
    "string": ["", "a", "b" * 20, "b" * 20 + "c", "z", "\U0010ffff" * 20],
    "date": [dt.date(1969, 12, 31), dt.date(1970, 1, 1), dt.date(2026, 11, 30)],
    "boolean": [False, True],
    "int": [-(2**31), -1, 0, 7, 2**31 - 1],
}


@pytest.fixture
def sorted_table(ice):
    """64 files of 100 rows each, in an order of their own, `id` from 0 to 6399."""
    ice.create_table("sorted", {"id": "long", "name": "string"})
    files = list(range(64))
    random.Random(SEED).shuffle(files)
    for file in files:
        ids = range(file * 100, file * 100 + 100)
        ice.append_to_table("sorted", {"id": ids, "name": [f"{i:06}" for i in ids]})
    return ice


@pytest.mark.parametrize("key", ["id", "name"])
@pytest.mark.parametrize("descending", [False, True])
def test_the_first_ten_come_from_few_files(sorted_table, key, descending):
    skipper = DataSkipper(sorted_table)
    query = sorted_table.query("sorted").order_by(key, descending=descending).limit(10)
    rows = query.execute()["id"].to_list()
    assert rows == (list(range(6399, 6389, -1)) if descending else list(range(10)))
    stats = skipper.get_stats()
    assert stats["files_scanned"] <= 3
    assert stats["files_scanned"] + stats["files_skipped"] == 64
    files = stats["levels"]["files"]
    assert files["reasons"]["first_rows"] == files["skipped"] >= 61
    assert files["reasons"]["min_max"] == 0
    assert files["bytes_skipped"] > 0


def scan_of(operation: dict) -> dict:
    while operation["inputs"]:
        (operation,) = operation["inputs"]
    return operation


def test_explain_names_them(sorted_table):
    query = sorted_table.query("sorted").order_by("id").limit(10).select("id")
    for analyze in (False, True):
        plan = query.explain(analyze=analyze)
        planning = scan_of(plan.to_dict())["planning"]
        assert planning["files_skipped_by_first_rows"] == 63
        assert planning["files_scanned"] == 1
        assert "files: 1 of 64 (skipped: 0 by partition, 0 by bounds, 63 by first rows)" in plan
    filtered = sorted_table.query("sorted").filter("id >= 3200").order_by("id").limit(10)
    plan = filtered.explain().to_dict()
    planning = scan_of(plan)["planning"]
    assert planning["files_skipped_by_bounds"] == 32
    assert planning["files_skipped_by_first_rows"] == 0
    union = sorted_table.query("sorted").union(sorted_table.query("sorted"))
    text = str(union.order_by("id").limit(10).explain())
    assert text.count("63 by first rows") == 2
    whole = sorted_table.query("sorted").order_by("id").explain()
    assert "by first rows" not in whole


def test_files_without_a_match_count_for_nothing(sorted_table):
    query = sorted_table.query("sorted").filter("id % 100 = 99 and id > 150").order_by("id")
    assert query.limit(3).execute().rows() == [(i, f"{i:06}") for i in (199, 299, 399)]


def test_unions_and_computed_columns(sorted_table):
    ice = sorted_table
    union = ice.query("sorted").union(ice.query("sorted"))
    assert union.order_by("id").limit(4).execute()["id"].to_list() == [0, 0, 1, 1]
    negated = ice.query("sorted").select("-id AS id").order_by("id").limit(2)
    assert negated.execute()["id"].to_list() == [-6399, -6398]


def order(value):
    """A key of Python's order: NaN above every number."""
    is_nan = isinstance(value, float) and math.isnan(value)
    return (1, 0.0) if is_nan else (0, value)


def random_table(ice: IceFrame, name: str, rng: random.Random, kind: str) -> list[tuple]:
    ice.create_table(name, {"id": "long", "key": kind, "other": "long"})
    rows = []
    for _ in range(rng.randrange(1, 7)):
        some = rng.sample(TYPES[kind], rng.randrange(1, len(TYPES[kind])))
        nulls = rng.choice([0, 0.3, 1]) if rng.random() < 0.5 else 0
        keys = [
            None if rng.random() < nulls else rng.choice(some) for _ in range(rng.randrange(1, 9))
        ]
        begin = len(rows)
        new = [(begin + i, key, rng.randrange(3)) for i, key in enumerate(keys)]
        columns = {"id": 0, "key": 1, "other": 2}
        ice.append_to_table(name, {c: [row[i] for row in new] for c, i in columns.items()})
        rows += new
    return rows


@pytest.mark.parametrize("kind", TYPES)
def test_random_tables(ice, kind):
    rng = random.Random(f"{SEED} {kind}")
    for number in range(6):
        name = f"{kind}{number}"
        rows = random_table(ice, name, rng, kind)
        for _ in range(12):
            count, descending = rng.randrange(1, 8), rng.random() < 0.5
            query = ice.query(name).select("id", "key")
            expected = rows
            if rng.random() < 0.4:
                query = query.filter("other < 2")
                expected = [row for row in rows if row[2] < 2]
            nulls_last = rng.random() < 0.5
            query = query.order_by("key", descending=descending, nulls_last=nulls_last)
            found = query.limit(count).execute()
            keyed = sorted(
                (row for row in expected if row[1] is not None),
                key=lambda row: order(row[1]),
                reverse=descending,
            )
            nulls = [row for row in expected if row[1] is None]
            wanted = ([*keyed, *nulls] if nulls_last else [*nulls, *keyed])[:count]
            assert repr(found["key"].to_list()).replace("-0.0", "0.0") == repr(
                [row[1] for row in wanted]
            ).replace("-0.0", "0.0"), (name, count, descending)
