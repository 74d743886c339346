# SPDX-License-Identifier: Apache-2.0
"""Cached results from Python: never stale, never another one's, never changed by a caller."""

import datetime as dt
import gc
import json
import subprocess
import sys
import threading
import time

import numpy as np
import polars as pl
import pytest

import iceframe.query
from iceframe import IceFrame, ValidationError, col
from iceframe.cache import (
    QueryCache,
    get_query_cache,
    invalidate_query_cache,
    set_query_cache,
)


@pytest.fixture
def cache(lake) -> QueryCache:
    return QueryCache(max_size=100)


@pytest.fixture
def users(ice) -> IceFrame:
    ice.create_table("users", {"id": "long", "name": "string", "age": "long"})
    ice.append_to_table(
        "users",
        {"id": [1, 2, 3], "name": ["Ada", "Bob", "a name of some length"], "age": [36, 28, 51]},
    )
    return ice


def figures(cache: QueryCache) -> tuple[int, int]:
    stats = cache.stats()
    return stats["hits"], stats["misses"]


def test_equal_queries_share_and_others_do_not(users, cache):
    for _ in range(3):
        assert users.query("users").filter(col("age") > 30).cache().execute().height == 2
        gc.collect()
    assert figures(cache) == (2, 1)
    # Upstream answered these with the rows of the first.
    for least in range(20, 60, 2):
        expected = sum(age > least for age in (36, 28, 51))
        query = users.query("users").filter(col("age") > least).cache(ttl=3600)
        assert query.execute().height == expected
        del query
        gc.collect()


def test_a_query_without_cache_never_takes_part(users, cache):
    users.query("users").execute()
    users.query("users").cache().execute()
    users.query("users").execute()
    assert figures(cache) == (0, 1)


def test_a_step_after_cache_keeps_it(users, cache):
    query = users.query("users").cache(ttl=60).filter("id = 1").select("name")
    assert query.execute().item() == "Ada"
    assert query.execute().item() == "Ada"
    assert figures(cache) == (1, 1)
    assert repr(query) == "query('users').cache(ttl=60).filter('id = 1').select('name')"


def test_every_form_takes_part(users, cache):
    pytest.importorskip("pyarrow")
    query = users.query("users").cache()
    plain = users.query("users")
    assert query.execute().equals(plain.execute())
    assert query.to_arrow().equals(plain.to_arrow())
    assert query.to_arrow().schema.equals(plain.to_arrow().schema, check_metadata=True)
    assert query.to_pandas().equals(plain.to_pandas())
    assert [batch.num_rows for batch in query.to_batches()] == [3]
    assert pl.DataFrame(query).equals(plain.execute())
    assert figures(cache)[1] == 1


def test_what_a_caller_does_to_a_frame_stays_with_it(users, cache):
    query = users.query("users").order_by("id").cache()
    for _ in range(3):
        frame = query.execute()
        assert frame["age"].to_list() == [36, 28, 51]
        assert frame["name"].to_list()[:2] == ["Ada", "Bob"]
        frame[0, "age"] = -1
        frame[0, "name"] = "changed, and longer than before"
        frame.insert_column(0, pl.lit(1).alias("x"))
        frame.extend(frame)
    assert figures(cache)[0] == 2


def test_ttl_bounds_the_age(users, cache):
    query = users.query("users")
    query.cache(ttl=3600).execute()
    query.cache(ttl=3600).execute()
    assert figures(cache) == (1, 1)
    time.sleep(0.05)
    query.cache(ttl=0.01).execute()
    assert figures(cache) == (1, 2)
    assert users.query("users").cache(ttl=dt.timedelta(seconds=0)).execute().height == 3
    for wrong in (-1, "3600", True, float("nan")):
        with pytest.raises(ValidationError, match="ttl"):
            users.query("users").cache(ttl=wrong)


def test_a_changed_schema_zone_or_table_is_a_miss(users, cache, monkeypatch):
    query = users.query("users").cache()
    assert query.execute().columns == ["id", "name", "age"]
    users.alter_table("users").rename_column("name", "label")
    assert query.execute().columns == ["id", "label", "age"]
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        query.execute()
        assert figures(cache) == (0, 3)
    finally:
        monkeypatch.undo()
        time.tzset()
    users.drop_table("users")
    users.create_table("users", {"id": "long"})
    assert query.execute().columns == ["id"]


def test_a_query_reads_the_joined_tables_as_they_are(users, cache):
    users.create_table("orders", {"id": "long", "price": "double"})
    users.append_to_table("orders", {"id": [1], "price": [2.5]})
    query = users.query("users").join("orders", "id").cache()
    assert query.execute().height == 1
    users.append_to_table("orders", {"id": [2], "price": [7.5]})
    assert query.execute().height == 2
    frame = {"id": [1, 2]}
    for _ in range(2):
        assert users.query("users").join(frame, "id").cache().execute().height == 2
    frame["id"][1] = 99
    assert users.query("users").join(frame, "id").cache().execute().height == 1
    assert figures(cache) == (1, 4)


def test_what_is_not_kept_is_counted_by_reason(users, cache):
    users.query("users").limit(1).cache().execute()
    assert cache.stats()["refused"]["no_order"] == 1
    many = pl.DataFrame({"id": range(100_000)})
    users.query("users").join(many, "id").cache().execute()
    assert cache.stats()["refused"]["not_deterministic"] == 1
    small = QueryCache(max_bytes=1000)
    users.query("users").cache().execute()
    assert small.stats()["refused"]["too_large"] == 1
    assert small.stats()["size"] == 0


def test_threads_that_ask_at_once_compute_once(users, cache):
    users.append_to_table("users", {"id": range(200_000)})
    start = threading.Barrier(20)
    heights = []

    def ask() -> None:
        query = users.query("users").group_by("id").select("id", "count(*) AS n").cache()
        start.wait()
        heights.append(query.execute().height)

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert heights == [200_000] * 20
    stats = cache.stats()
    assert stats["misses"] == 1
    assert stats["hits"] + stats["coalesced"] == 19


def test_queries_that_run_in_parallel_take_part(users, cache):
    from iceframe.parallel import ParallelExecutor

    query = users.query("users").select("name").order_by("name").cache()
    expected = ["Ada", "Bob", "a name of some length"]
    for _ in range(2):
        (frame,) = ParallelExecutor().execute_queries_parallel([query])
        assert frame["name"].to_list() == expected
    assert figures(cache) == (1, 1)


def test_explain_says_from_where(users, cache):
    query = users.query("users").filter("id > 1").cache()
    assert query.explain().to_dict()["cache"] == "miss"
    assert "from cache" not in query.explain()
    query.execute()
    assert "from cache" in query.explain()
    assert "from cache" in query.explain(analyze=True)
    assert query.explain().to_dict()["cache"] == "hit"
    assert users.query("users").limit(1).cache().explain().to_dict()["reason"] == "no_order"
    assert figures(cache) == (0, 1)


# -- whose cache ---------------------------------------------------------------------------------


def test_the_newest_cache_is_the_processs(users):
    first = QueryCache(max_size=3)
    users.query("users").cache().execute()
    second = QueryCache(max_size=5)
    assert get_query_cache() is second
    assert iceframe.query.get_query_cache() is second
    users.query("users").cache().execute()
    assert (figures(first), figures(second)) == ((0, 1), (0, 1))
    set_query_cache(first)
    users.query("users").cache().execute()
    assert figures(first) == (1, 1)
    invalidate_query_cache("users")
    assert (first.stats()["size"], second.stats()["size"]) == (0, 1)
    with pytest.raises(ValidationError, match="QueryCache"):
        set_query_cache({})


def test_a_cache_that_is_handed_over_is_one_sessions(users, lake):
    before = QueryCache()
    own = QueryCache(max_size=7)
    bound = IceFrame(lake.config, cache=own)
    assert get_query_cache() is before
    bound.query("users").cache().execute()
    users.query("users").cache().execute()
    assert (figures(own), figures(before)) == ((0, 1), (0, 1))
    with pytest.raises(ValidationError, match="cache must be a QueryCache"):
        IceFrame(lake.config, cache=3)


def test_limits_are_checked():
    assert repr(QueryCache(3, max_bytes=1000)) == "QueryCache(max_size=3, max_bytes=1000)"
    for name in ("max_size", "max_bytes"):
        for wrong in (-1, "3", 2.5, None):
            with pytest.raises(ValidationError, match=name):
                QueryCache(**{name: wrong})


def test_no_more_entries_than_max_size(users):
    cache = QueryCache(max_size=2)
    for least in range(5):
        users.query("users").filter(col("id") > least).cache().execute()
    stats = cache.stats()
    assert (stats["size"], stats["max_size"]) == (2, 2)
    assert stats["evictions"]["entries"] == 3


# -- rows of a caller's own ------------------------------------------------------------------------

FRAME = pl.DataFrame(
    {
        "n": [1, 2, None],
        "s": ["a", None, "thirteen chars"],
        "l": [["x"], None, ["a long string in a list"]],
        "b": [b"\0", b"thirteen bytes", None],
        "t": [dt.datetime(2026, 1, 2, 3), None, None],
    }
).with_columns(c=pl.col("s").cast(pl.Categorical), d=pl.col("n").cast(pl.Decimal(9, 2)))


def test_rows_come_back_as_they_were_put(cache):
    cache.put("users", {"a": 1}, FRAME)
    back = cache.get("default.users", {"a": 1})
    assert back.equals(FRAME)
    assert back.schema == FRAME.schema
    back[0, "n"] = 7
    assert cache.get("users", {"a": 1}).equals(FRAME)
    cache.put("users", {"a": 1}, FRAME.head(0))
    assert cache.get("users", {"a": 1}).equals(FRAME.head(0))
    assert cache.get("users", {}) is None


def test_parameters_are_told_by_value_and_type(cache):
    alike = [
        {"a": 1},
        {"a": True},
        {"a": 1.0},
        {"a": "1"},
        {"a": b"1"},
        {"a": None},
        {"a": [1]},
        {"a": {1}},
        {"a": {"1": 1}},
        {"a": "1", "b": "2"},
        {"a": "1', 'b': '2"},
        {"a": dt.date(2026, 1, 1)},
        {"a": dt.datetime(2026, 1, 1)},
        {"a": col("x") > 1},
        {"a": col("x") > "1"},
    ]
    for number, parameters in enumerate(alike):
        cache.put("t", parameters, pl.DataFrame({"n": [number]}))
    for number, parameters in enumerate(alike):
        assert cache.get("t", dict(reversed(parameters.items()))).item() == number
    with pytest.raises(ValidationError, match="query_params may hold"):
        cache.put("t", {"a": object()}, FRAME)
    with pytest.raises(ValidationError, match="query_params must be a mapping"):
        cache.get("t", "a")
    with pytest.raises(ValidationError, match="data must be a DataFrame"):
        cache.put("t", {}, {"a": [1]})


def test_rows_go_by_age_commit_and_name(users, cache):
    cache.put("users", {}, FRAME, ttl=3600)
    cache.put("users", {"n": 1}, FRAME, ttl=0.01)
    time.sleep(0.05)
    assert cache.get("users", {}) is not None
    assert cache.get("users", {"n": 1}) is None
    cache.put("users", {}, FRAME)
    assert cache.get("default.users", {}) is not None
    users.append_to_table("users", {"id": [4]})
    assert cache.get("users", {}) is None
    cache.put("default.users", {}, FRAME)
    cache.invalidate("users")
    assert cache.get("users", {}) is None
    cache.put("users", {}, FRAME)
    cache.clear()
    assert cache.stats()["size"] == 0
    cache.put("made_later", {np.int64(1): np.float32(0.5)}, FRAME, ttl=np.int64(3600))
    assert cache.get("made_later", {1: 0.5}) is not None
    users.create_table("made_later", {"id": "long"})
    assert cache.get("made_later", {1: 0.5}) is None


def test_queries_and_rows_of_callers_do_not_meet(users, cache):
    cache.put("users", {}, FRAME)
    assert users.query("users").cache().execute().columns == ["id", "name", "age"]
    assert cache.get("users", {}).equals(FRAME)
    (query, rows) = sorted(cache.stats()["entries"], key=lambda entry: entry["is_callers"])
    assert query["tables"] == rows["tables"] == ["default.users"]


# -- commits of other processes --------------------------------------------------------------------

# Commits whenever it is told to, and says when that has landed.
COMMITTER = """
import json, sys
import pyarrow as pa
from pyiceberg.catalog.sql import SqlCatalog
catalog = SqlCatalog(**json.loads(sys.argv[1]))
tables = {}
for line in sys.stdin:
    name = line.strip()
    table = tables.setdefault(name, catalog.load_table(f"default.{name}"))
    table.append(pa.table({"id": pa.array([1], pa.int64())}))
    print("landed", flush=True)
"""


@pytest.mark.needs_pyarrow
def test_three_hundred_commits_of_another_process_are_seen(lake, ice, cache):
    pytest.importorskip("pyiceberg")
    tables = [f"t{number}" for number in range(6)]
    queries = {}
    for name in tables:
        ice.create_table(name, {"id": "long"})
        queries[name] = ice.query(name).select("count(*) AS n").cache(ttl=3600)
    other = subprocess.Popen(
        [sys.executable, "-c", COMMITTER, json.dumps(lake.config)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    counts = dict.fromkeys(tables, 0)
    for commit in range(300):
        name = tables[commit % len(tables)]
        other.stdin.write(name + "\n")
        other.stdin.flush()
        # While it commits, the rows are those before it or after it.
        assert queries[name].execute().item() in {counts[name], counts[name] + 1}
        assert other.stdout.readline() == "landed\n"
        counts[name] += 1
        for _ in range(2):
            assert queries[name].execute().item() == counts[name]
    other.stdin.close()
    assert other.wait() == 0
    assert cache.stats()["hits"] >= 300


def test_figures_beyond_all_bounds_are_no_others_errors():
    cache = QueryCache()
    frame = pl.DataFrame({"x": [1]})
    cache.put("t", {}, frame, 10**400)
    assert cache.get("t", {}).equals(frame)
    deep = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ValidationError, match="too deep"):
        cache.put("t", {"a": deep}, frame)
