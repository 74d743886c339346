# SPDX-License-Identifier: Apache-2.0
"""What a collector of metrics tells of queries."""

import gc
import threading

import pytest

from iceframe import IceFrame
from iceframe.errors import NotFoundError, TableNotFoundError, ValidationError
from iceframe.monitoring import MetricsCollector


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
    scan = newest(collector)
    assert (scan["table_name"], scan["operation"]) == ("default.t", "scan")
    assert (scan["rows_scanned"], scan["rows_returned"]) == (10, 10)
    assert (scan["files_scanned"], scan["files_skipped"]) == (1, 2)
    assert scan["bytes_scanned"] > 0
    table.query("t").filter("id % 2 = 0").select("count(*) AS n").execute()
    assert (newest(collector)["operation"], newest(collector)["rows_returned"]) == ("query", 1)
    table.count_rows("t", "id < 15")
    assert newest(collector)["operation"] == "count_rows"
    table.query("t").join(table.query("other"), on="id").execute()
    assert newest(collector)["table_name"] == "default.t, default.other"
    assert collector.get_stats()["total_queries"] == 4


def test_what_is_no_query_is_not_collected(table):
    collector = MetricsCollector()
    query_id = collector.start_query("t")
    table.append_to_table("t", {"id": [1]})
    table.list_tables()
    assert table.table_exists("t")
    collector.end_query(query_id)
    assert [query["operation"] for query in collector.get_recent_queries()] == [""]


def test_an_announced_query_is_what_runs_on_its_table(table):
    collector = MetricsCollector()
    query_id = collector.start_query("default.t")
    assert collector.get_stats()["running_queries"] == 1
    table.read_table("t", filter="id >= 20")
    table.query("t").filter("id < 5").execute()
    table.read_table("other")
    assert collector.metrics[query_id].end_time is None
    assert collector.metrics[query_id].duration_ms() > 0
    collector.end_query(query_id)
    queries = {query["table_name"]: query for query in collector.get_recent_queries()}
    assert list(queries) == ["default.t", "default.other"]
    announced = queries["default.t"]
    assert (announced["query_id"], announced["rows_returned"]) == (query_id, 15)
    assert (announced["rows_scanned"], announced["files_skipped"]) == (20, 4)
    assert announced["duration_ms"] > 0
    stats = collector.get_stats()
    assert (stats["total_queries"], stats["running_queries"]) == (2, 0)
    assert stats["total_rows_returned"] == 15


def test_queries_of_other_threads_are_their_own(table):
    collector = MetricsCollector()
    query_id = collector.start_query("t")
    thread = threading.Thread(target=table.read_table, args=("t",))
    thread.start()
    thread.join()
    # What is read for this thread by the engine's threads is this thread's.
    table.read_tables_parallel(["t", "other"])
    collector.end_query(query_id)
    by_id = collector.metrics
    assert by_id[query_id].rows_returned == 30
    assert [query.rows_returned for query in by_id.values()] == [30, 0, 30]


def test_of_two_announced_queries_the_last_one_is_meant(table):
    collector = MetricsCollector()
    outer, inner = collector.start_query("t"), collector.start_query("t")
    table.read_table("t", limit=3)
    collector.end_query(inner)
    table.read_table("t", limit=4)
    collector.end_query(outer)
    assert collector.metrics[inner].rows_returned == 3
    assert collector.metrics[outer].rows_returned == 4


def test_rows_that_are_read_after_the_end_was_told(table):
    collector = MetricsCollector()
    query_id = collector.start_query("t")
    reader = table.scan("t")
    collector.end_query(query_id)
    assert collector.get_stats()["total_rows_returned"] == 0
    reader.read_all()
    assert collector.metrics[query_id].rows_returned == 30
    stats = collector.get_stats()
    assert (stats["total_queries"], stats["total_rows_returned"]) == (1, 30)


def test_errors_are_filled_in(table):
    collector = MetricsCollector()
    query_id = collector.start_query("nope")
    with pytest.raises(TableNotFoundError):
        table.read_table("nope")
    collector.end_query(query_id)
    assert "default.nope" in newest(collector)["error"]
    with pytest.raises(ValidationError):
        table.query("t").filter("wrong > 1").execute()
    assert "wrong" in newest(collector)["error"]
    assert collector.get_stats()["error_rate"] == 1
    query_id = collector.start_query("t")
    collector.end_query(query_id, error=ValueError("mine"))
    assert newest(collector)["error"] == "mine"


def test_answers_from_the_cache_are_hits(table):
    from iceframe.cache import QueryCache

    cached = IceFrame(table.catalog_config, cache=QueryCache())
    collector = MetricsCollector(cached)
    query = cached.query("t").filter("id >= 20").cache()
    for _ in range(2):
        query_id = collector.start_query("t")
        query.execute()
        collector.end_query(query_id)
    cached.query("t").filter("id >= 20").cache().execute()
    again, second, first = collector.get_recent_queries()
    assert [query["cache_hit"] for query in (first, second, again)] == [False, True, True]
    assert [query["rows_returned"] for query in (first, second, again)] == [10, 10, 10]
    assert second["bytes_scanned"] == 0 < first["bytes_scanned"]
    assert collector.get_stats()["cache_hit_rate"] == pytest.approx(2 / 3)


def test_a_collector_of_one_frame_sees_no_others(table, lake):
    mine = MetricsCollector(table)
    everybodys = MetricsCollector()
    lake.open().read_table("t")
    assert mine.get_stats()["total_queries"] == 0
    table.read_table("t")
    assert mine.get_stats()["total_queries"] == 1
    assert everybodys.get_stats()["total_queries"] == 2


def test_only_the_newest_queries_are_known_one_by_one(table):
    collector = MetricsCollector(max_queries=3)
    for limit in range(1, 6):
        table.read_table("t", limit=limit)
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


def test_a_collector_that_is_gone_hears_nothing(table):
    collector = MetricsCollector()
    del collector
    gc.collect()
    table.read_table("t")
