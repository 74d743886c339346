# SPDX-License-Identifier: Apache-2.0
"""head, count_rows, describe, to_pandas and lazy."""

import polars as pl
import pytest

from iceframe.errors import TableNotFoundError, ValidationError


@pytest.fixture
def users(ice):
    ice.create_table("users", {"id": "long", "name": "string", "x": "double"})
    for start in (0, 100, 200):
        ids = list(range(start, start + 100))
        names = [f"u{i}" if i % 7 else None for i in ids]
        x = [float("nan") if i % 5 == 0 else float(i) for i in ids]
        ice.append_to_table("users", {"id": ids, "name": names, "x": x})
    return ice


def test_head_returns_the_first_rows(users):
    rows = users.read_table("users")
    assert users.head("users").equals(rows.head(5))
    assert users.head("users", 2).equals(rows.head(2))
    assert users.head("users", 0).shape == (0, 3)
    with pytest.raises(ValidationError, match="limit must not be negative"):
        users.head("users", -1)


def test_count_rows_counts_exactly(users):
    first = users.get_table("users").snapshots()[0].snapshot_id
    assert users.count_rows("users") == 300
    assert users.count_rows("users", "id >= 250") == 50
    assert users.count_rows("users", "name IS NULL") == len(range(0, 300, 7))
    assert users.count_rows("users", snapshot_id=first) == 100
    users.create_table("empty", {"id": "long"})
    assert users.count_rows("empty") == 0
    with pytest.raises(TableNotFoundError):
        users.count_rows("nowhere")


def test_describe_is_what_polars_says_of_the_rows(users):
    assert users.describe("users").equals(users.read_table("users").describe())
    assert users.describe("users", ["id"]).columns == ["statistic", "id"]


def test_to_pandas_returns_the_rows(users):
    frame = users.to_pandas("users", ["id", "name"], "id < 3")
    assert frame["id"].tolist() == [0, 1, 2]
    assert frame["name"][0] is None or frame["name"].isna()[0]


LAZY_QUERIES = [
    lambda f: f,
    lambda f: f.select("name"),
    lambda f: f.filter(pl.col("id") > 120),
    lambda f: f.filter(pl.col("id") > 120).select("name"),
    lambda f: f.filter(pl.col("id") > 120).head(3),
    lambda f: f.head(110).filter(pl.col("id") > 90),
    lambda f: f.filter(pl.col("x") > 250).select("id"),
    lambda f: f.filter(pl.col("name").is_null()).select(pl.len()),
    lambda f: f.select(pl.len()),
    lambda f: f.select(pl.col("id").sum()),
    lambda f: f.filter(pl.col("id") < 0),
    lambda f: f.tail(2),
    lambda f: f.slice(99, 3).select("id"),
    lambda f: f.join(f.select("id"), on="id", how="semi").select("id"),
]


@pytest.mark.parametrize("query", LAZY_QUERIES)
@pytest.mark.parametrize("engine", ["in-memory", "streaming"])
def test_lazy_answers_as_the_whole_frame_does(users, query, engine):
    expected = query(users.read_table("users").lazy()).collect()
    answer = query(users.lazy("users")).collect(engine=engine)
    assert answer.equals(expected)


def test_lazy_reads_only_what_is_asked_for(users, monkeypatch):
    asked = []
    whole = users.scan_batches

    def spy(table, columns, filter_expr, limit, **options):
        asked.append((columns, limit))
        return whole(table, columns, filter_expr, limit, **options)

    monkeypatch.setattr(users, "scan_batches", spy)
    assert users.lazy("users").select("name").head(3).collect().height == 3
    assert asked == [(["name"], 3)]


def test_lazy_reads_the_table_as_it_was_at_the_call(users):
    frame = users.lazy("users")
    users.append_to_table("users", {"id": [999]})
    assert frame.select(pl.len()).collect().item() == 300
    users.create_table("empty", {"id": "long"})
    assert users.lazy("empty").collect().shape == (0, 1)
    with pytest.raises(TableNotFoundError):
        users.lazy("nowhere")
