# SPDX-License-Identifier: Apache-2.0
"""What a collector of metrics tells of queries."""

import gc

import pytest

from iceframe import IceFrame
from iceframe.cache import QueryCache
from iceframe.errors import NotFoundError, TableNotFoundError, ValidationError
from iceframe.monitoring import MetricsCollector


@pytest.fixture(autouse=True)
def nothing_ends_by_itself():
    """What other tests left of readers ends before a test, not in it."""
    gc.collect()


@pytest.fixture
def table(ice: IceFrame) -> IceFrame:
    """A table `t` of three files of ten rows, and `other`, which is empty."""
    ice.create_table("t", {"id": "long"})
    for i in range(3):
        ice.append_to_table("t", {"id": list(range(10 * i, 10 * i + 10))})
    ice.create_table("other", {"id": "long"})
    return ice


def newest(collector: MetricsCollector) -> dict:
    return collector.get_recent_queries(1)[0]


def test_queries_that_nobody_announced(table):
    collector = MetricsCollector()
    table.read_table("t", filter="id >= 20")
    table.query("t").filter("id % 2 = 0").execute()
    table.count_rows("t", "id < 15")
    table.append_to_table("t", {"id": [1]})
    table.list_tables()
    stats = collector.get_stats()
    assert stats["total_queries"] == 3
    assert stats["total_rows_scanned"] >= 40
    assert stats["total_files_skipped"] >= 3
    assert stats["total_bytes_scanned"] > 0
    assert stats["avg_duration_ms"] > 0
    assert (stats["error_rate"], stats["cache_hit_rate"]) == (0, 0)
    assert collector.get_recent_queries() == []


def test_an_announced_query_is_what_runs_between(table):
    collector = MetricsCollector()
    query_id = collector.start_query("t")
    assert collector.get_stats()["running_queries"] == 1
    table.read_table("t", filter="id >= 20")
    table.query("t").filter("id < 5").execute()
    assert collector.metrics[query_id].end_time is None
    assert collector.metrics[query_id].duration_ms() >= 0
    collector.end_query(query_id)
    announced = newest(collector)
    assert (announced["query_id"], announced["table_name"]) == (query_id, "t")
    assert announced["rows_returned"] == 15
    assert announced["rows_scanned"] == 20
    assert (announced["files_scanned"], announced["files_skipped"]) == (2, 4)
    assert announced["bytes_scanned"] > 0
    assert announced["duration_ms"] > 0
    table.read_table("t")
    stats = collector.get_stats()
    assert (stats["total_queries"], stats["running_queries"]) == (2, 0)
    assert stats["total_rows_returned"] == 45
    assert stats["total_rows_scanned"] == 50


def test_errors_are_filled_in(table):
    collector = MetricsCollector()
    query_id = collector.start_query("nope")
    with pytest.raises(TableNotFoundError):
        table.read_table("nope")
    collector.end_query(query_id)
    assert newest(collector)["error"] == "a query failed"
    with pytest.raises(ValidationError):
        table.query("t").filter("wrong > 1").execute()
    assert collector.get_stats()["error_rate"] == 1
    query_id = collector.start_query("t")
    collector.end_query(query_id, error=ValueError("mine"))
    assert newest(collector)["error"] == "mine"


def test_answers_from_the_cache_are_hits(table):
    cached = IceFrame(table.catalog_config, cache=QueryCache())
    collector = MetricsCollector()
    query = cached.query("t").filter("id >= 20").cache()
    for _ in range(2):
        query_id = collector.start_query("t")
        query.execute()
        collector.end_query(query_id)
    second, first = collector.get_recent_queries()
    assert (first["cache_hit"], second["cache_hit"]) == (False, True)
    assert second["bytes_scanned"] == 0 < first["bytes_scanned"]
    assert collector.get_stats()["cache_hit_rate"] == 0.5


def test_only_the_newest_queries_are_known_one_by_one(table):
    collector = MetricsCollector(max_queries=3)
    for rows in range(1, 6):
        collector.end_query(collector.start_query("t"), rows)
    assert [query["rows_returned"] for query in collector.get_recent_queries()] == [5, 4, 3]
    assert len(collector.metrics) == 3
    assert collector.get_stats()["total_queries"] == 5
    assert collector.get_stats()["total_rows_returned"] == 15
    ids = [collector.start_query("t") for _ in range(5)]
    assert collector.get_stats()["running_queries"] == 3
    with pytest.raises(NotFoundError):
        collector.end_query(ids[0])


def test_percentiles(table):
    stats = MetricsCollector().get_stats()
    names = ["p50", "p90", "p95", "p99", "max"]
    assert [stats[f"{name}_duration_ms"] for name in names] == [0, 0, 0, 0, 0]
    collector = MetricsCollector()
    for _ in range(20):
        collector.end_query(collector.start_query("t"))
    stats = collector.get_stats()
    found = [stats[f"{name}_duration_ms"] for name in names]
    assert found == sorted(found)
    assert found[0] > 0


def test_ids_that_are_unknown_or_have_ended_are_refused(table):
    collector = MetricsCollector()
    query_id = collector.start_query("t")
    collector.end_query(query_id)
    for wrong in (query_id, "nope"):
        with pytest.raises(NotFoundError, match="no query of that id is running"):
            collector.end_query(wrong)
    with pytest.raises(ValidationError, match="max_queries must be at least 1"):
        MetricsCollector(max_queries=0)
    with pytest.raises(ValidationError, match="rows_returned must not be negative"):
        collector.end_query(query_id, -1)
