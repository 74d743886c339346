# SPDX-License-Identifier: Apache-2.0
"""Each class, method, attribute, parameter and return shape that users of this name know.

A parameter here has its name, its place among those before it, and its default. Ours may have more
behind them, all with defaults.
"""

import importlib
import inspect
from collections.abc import Iterator

import polars as pl
import pytest

from iceframe import IceFrame
from iceframe.expressions import Column

#: No default: it must be given.
GIVEN = inspect.Parameter.empty
#: Takes any further arguments by name.
MORE = "**"

#: Module, name within it, parameters without self.
CALLS = {
    "iceframe.cache": {
        "QueryCache": {"max_size": 100},
        "QueryCache.get": {"table_name": GIVEN, "query_params": GIVEN},
        "QueryCache.put": {
            "table_name": GIVEN,
            "query_params": GIVEN,
            "data": GIVEN,
            "ttl": None,
        },
        "QueryCache.invalidate": {"table_name": GIVEN},
        "QueryCache.clear": {},
        "QueryCache.stats": {},
        "DiskCache": {"cache_dir": ".iceframe_cache", "max_size_gb": 1.0},
        "DiskCache.get": {"table_name": GIVEN, "query_params": GIVEN},
        "DiskCache.put": {
            "table_name": GIVEN,
            "query_params": GIVEN,
            "data": GIVEN,
            "ttl": None,
        },
        "DiskCache.invalidate": {"table_name": GIVEN},
        "DiskCache.clear": {},
        "DiskCache.stats": {},
        "get_query_cache": {},
        "set_query_cache": {"cache": GIVEN},
        "invalidate_query_cache": {"table_name": GIVEN},
    },
    "iceframe.query": {
        "get_query_cache": {},
        "set_query_cache": {"cache": GIVEN},
        "invalidate_query_cache": {"table_name": GIVEN},
        "QueryBuilder.cache": {"ttl": None},
    },
    "iceframe.parallel": {
        "ParallelExecutor": {"max_workers": 4},
        "ParallelExecutor.read_tables_parallel": {
            "ice_frame": GIVEN,
            "table_names": GIVEN,
            "return_exceptions": False,
            MORE: None,
        },
        "ParallelExecutor.execute_parallel": {
            "func": GIVEN,
            "items": GIVEN,
            "return_exceptions": False,
            MORE: None,
        },
        "ParallelExecutor.execute_queries_parallel": {
            "queries": GIVEN,
            "return_exceptions": False,
        },
    },
    "iceframe.optimizer": {
        "QueryOptimizer": {},
        "QueryOptimizer.optimize_column_projection": {
            "select_exprs": GIVEN,
            "filter_exprs": GIVEN,
            "group_by_exprs": GIVEN,
        },
        "QueryOptimizer.analyze_query": {
            "table_name": GIVEN,
            "select_exprs": GIVEN,
            "filter_exprs": GIVEN,
            "group_by_exprs": GIVEN,
        },
    },
    "iceframe.pool": {
        "CatalogPool": {"catalog_config": GIVEN, "pool_size": 5, "timeout": 30},
        "CatalogPool.get_connection": {},
        "CatalogPool.return_connection": {"conn": GIVEN},
        "CatalogPool.connection": {},
        "CatalogPool.drain": {"timeout": 30},
        "CatalogPool.close_all": {},
        "CatalogPool.stats": {},
    },
    "iceframe.streaming": {
        "stream_from_kafka": {
            "ice_frame": GIVEN,
            "kafka_topic": GIVEN,
            "table_name": GIVEN,
            "kafka_config": GIVEN,
            "batch_size": 1000,
        },
        "StreamingWriter": {
            "ice_frame": GIVEN,
            "table_name": GIVEN,
            "batch_size": 1000,
            "flush_interval_seconds": 60,
            "durability": "wal",
        },
        "StreamingWriter.write": {"record": GIVEN, "token": None, "wait": True},
        "StreamingWriter.flush": {},
        "StreamingWriter.close": {},
        "StreamingWriter.enable_auto_compaction": {"every_n_flushes": 10},
        "StreamingWriter.last_committed": {},
        "StreamingWriter.committed_token": {},
    },
    "iceframe.monitoring": {
        "MetricsCollector": {},
        "MetricsCollector.start_query": {"table_name": GIVEN},
        "MetricsCollector.end_query": {
            "query_id": GIVEN,
            "rows_returned": 0,
            "cache_hit": False,
            "error": None,
        },
        "MetricsCollector.get_stats": {},
        "MetricsCollector.get_recent_queries": {"limit": 10},
        "QueryMetrics": {"query_id": GIVEN, "table_name": GIVEN},
        "QueryMetrics.duration_ms": {},
        "QueryMetrics.to_dict": {},
    },
    "iceframe.skipping": {
        "DataSkipper": {"ice": None},
        "DataSkipper.can_skip_file": {"file_stats": GIVEN, "filter_expr": GIVEN},
        "DataSkipper.should_skip": {"file_stats": GIVEN, "filter_expr": GIVEN},
        "DataSkipper.record": {"skipped": GIVEN},
        "DataSkipper.get_stats": {},
        "DataSkipper.for_table": {"table_name": GIVEN},
        "DataSkipper.recent_queries": {"limit": 10},
        "can_skip_file": {"file_stats": GIVEN, "filter_expr": GIVEN},
        "should_skip": {"file_stats": GIVEN, "filter_expr": GIVEN},
    },
    "iceframe.memory": {
        "MemoryManager": {"max_memory_mb": None},
        "MemoryManager.get_memory_usage_mb": {},
        "MemoryManager.check_memory_limit": {},
        "MemoryManager.read_table_chunked": {
            "ice_frame": GIVEN,
            "table_name": GIVEN,
            "chunk_size": 10000,
            "columns": None,
        },
    },
    "iceframe": {
        "IceFrame": {"catalog_config": None, "pool_size": None},
        "IceFrame.read_tables_parallel": {"table_names": GIVEN, "max_workers": 4, MORE: None},
        "IceFrame.read_table_chunked": {
            "table_name": GIVEN,
            "chunk_size": 10000,
            "columns": None,
            "max_memory_mb": None,
        },
    },
    "iceframe.federation": {
        "CatalogFederation": {},
        "CatalogFederation.add_catalog": {"name": GIVEN, "catalog_config": GIVEN},
        "CatalogFederation.remove_catalog": {"name": GIVEN},
        "CatalogFederation.list_catalogs": {},
        "CatalogFederation.get_catalog": {"name": GIVEN},
        "CatalogFederation.read_table": {
            "catalog_name": GIVEN,
            "table_name": GIVEN,
            "columns": None,
            "filter": None,
            MORE: None,
        },
        "CatalogFederation.union_tables": {"table_specs": GIVEN, "columns": None, "filter": None},
        "CatalogFederation.query": {"table_name": GIVEN},
    },
    "iceframe.async_ops": {
        "AsyncIceFrame": {"catalog_config": None, "max_workers": 8},
        "AsyncIceFrame.close": {},
    },
}
FLAT = [(m, name, given) for m, calls in CALLS.items() for name, given in calls.items()]


@pytest.mark.parametrize(("module", "name", "expected"), FLAT, ids=[f"{m}.{n}" for m, n, _ in FLAT])
def test_a_call_has_its_name_and_its_parameters(module, name, expected):
    found = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    parameters = list(inspect.signature(found).parameters.values())
    if parameters and parameters[0].name == "self":
        parameters = parameters[1:]
    for parameter, (wanted, default) in zip(parameters, expected.items(), strict=False):
        if wanted == MORE:
            continue
        assert (parameter.name, parameter.default) == (wanted, default)
        assert parameter.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    wanted = [name for name in expected if name != MORE]
    assert [p.name for p in parameters[: len(wanted)]] == wanted
    kinds = {parameter.kind for parameter in parameters}
    if MORE in expected:
        assert inspect.Parameter.VAR_KEYWORD in kinds
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    further = [p for p in parameters[len(wanted) :] if p.kind not in variable]
    assert all(parameter.default is not GIVEN for parameter in further)


@pytest.mark.parametrize(
    "name",
    [
        "ice_frame",
        "read_table",
        "read_table_async",
        "append_to_table",
        "append_to_table_async",
        "query",
        "query_async",
        "read_tables_parallel",
    ],
)
def test_an_asynchronous_frame_has_its_names(ice, name):
    from iceframe.async_ops import AsyncIceFrame

    assert hasattr(AsyncIceFrame(ice), name)


@pytest.mark.parametrize("name", ["select", "filter", "join", "execute", "execute_async"])
def test_an_asynchronous_query_has_its_names(name):
    from iceframe.async_ops import AsyncQueryBuilder

    assert callable(getattr(AsyncQueryBuilder, name))


# -- shapes of what comes back ---------------------------------------------------------------------


@pytest.fixture
def users(ice: IceFrame) -> IceFrame:
    ice.create_table("users", {"id": "long"})
    ice.append_to_table("users", {"id": [1, 2, 3]})
    return ice


@pytest.fixture
def data() -> pl.DataFrame:
    return pl.DataFrame({"id": [1]})


def test_a_query_caches_shapes(data):
    from iceframe.cache import QueryCache

    cache = QueryCache(max_size=3)
    assert cache.get("users", {"limit": 1}) is None
    assert cache.put("users", {"limit": 1}, data, 60) is None
    assert cache.get("users", {"limit": 1}).equals(data)
    stats = cache.stats()
    assert stats.keys() >= {"size", "max_size", "entries", "hits", "misses", "coalesced", "bytes"}
    assert stats.keys() >= {"evictions"}
    assert (stats["size"], stats["max_size"]) == (1, 3)
    (entry,) = stats["entries"]
    assert entry.keys() >= {"created_at", "expires_at", "rows"}
    assert entry["rows"] == 1
    assert cache.invalidate("default.users") is None
    assert cache.get("users", {"limit": 1}) is None
    assert cache.clear() is None


def test_a_disk_caches_shapes(data, tmp_path):
    from iceframe.cache import DiskCache

    cache = DiskCache(str(tmp_path / "cache"), 0.1)
    assert cache.get("users", {"limit": 1}) is None
    assert cache.put("users", {"limit": 1}, data) is None
    assert cache.get("users", {"limit": 1}).equals(data)
    assert cache.stats().keys() >= {"size", "cache_dir"}
    assert cache.invalidate("users") is None
    assert cache.get("users", {"limit": 1}) is None
    assert cache.clear() is None


def test_the_processes_cache_is_set_and_got():
    from iceframe import cache, query

    before = cache.get_query_cache()
    mine = cache.QueryCache()
    try:
        cache.set_query_cache(mine)
        assert cache.get_query_cache() is mine
        assert query.get_query_cache() is mine
        assert cache.invalidate_query_cache("users") is None
    finally:
        cache.set_query_cache(before)


def test_parallel_shapes(users):
    from iceframe.parallel import ParallelExecutor

    executor = ParallelExecutor()
    found = executor.read_tables_parallel(users, ["users", "nope"], True, limit=1)
    assert [type(value).__name__ for value in found.values()] == ["DataFrame", "TableNotFoundError"]
    assert executor.execute_parallel(int, ["7"], False, base=8) == [7]
    assert isinstance(users.read_tables_parallel(["users"], 2)["users"], pl.DataFrame)


def test_skipping_shapes(users):
    from iceframe.skipping import DataSkipper

    skipper = DataSkipper()
    before = (skipper.files_skipped, skipper.files_scanned)
    assert skipper.can_skip_file({"id": {"min": 1, "max": 3}}, Column("id") > 3) is True
    assert skipper.can_skip_file({"id": {"min": 1, "max": 3}}, Column("id") > 2) is False
    assert skipper.record(True) is None
    assert skipper.record(skipped=False) is None
    assert (skipper.files_skipped, skipper.files_scanned) == (before[0] + 1, before[1] + 1)
    stats = skipper.get_stats()
    assert stats.keys() >= {"files_skipped", "files_scanned", "skip_rate", "levels"}
    assert isinstance(stats["skip_rate"], float)
    of_table = DataSkipper(users).for_table("users")
    assert of_table.get_stats()["skip_rate"] == 0.0
    users.read_table("users", filter="id = 9")
    assert (of_table.files_skipped, of_table.files_scanned) == (1, 0)


def test_pool_shapes(users, lake):
    from iceframe.pool import CatalogPool

    pool = CatalogPool(lake.config, 2, 1)
    conn = pool.get_connection()
    assert conn.list_tables("default") == [("default", "users")]
    assert conn.load_table("default.users").scan().to_polars().height == 3
    assert pool.stats().keys() >= {"pool_size", "used", "idle", "waiting", "leaked"}
    assert pool.return_connection(conn) is None
    assert type(users.catalog) in type(conn).__mro__
    assert pool.close_all() is None


def test_memory_shapes(users):
    from iceframe.memory import MemoryManager

    manager = MemoryManager(None)
    assert isinstance(manager.get_memory_usage_mb(), float)
    assert manager.check_memory_limit() is None
    chunks = manager.read_table_chunked(users, "users", 2, ["id"])
    assert isinstance(chunks, Iterator)
    assert [chunk.rows() for chunk in chunks] == [[(1,), (2,)], [(3,)]]
    chunks = users.read_table_chunked("users", 2, ["id"], 100)
    assert [chunk.height for chunk in chunks] == [2, 1]
    with pytest.raises(MemoryError):
        MemoryManager(1).check_memory_limit()


def test_federation_shapes(users):
    from iceframe.federation import CatalogFederation

    federation = CatalogFederation()
    assert federation.list_catalogs() == []
    assert federation.add_catalog("prod", users.catalog_config) is None
    assert federation.list_catalogs() == ["prod"]
    assert isinstance(federation.get_catalog("prod"), IceFrame)
    with pytest.raises(ValueError, match="nope"):
        federation.get_catalog("nope")
    assert federation.read_table("prod", "users", limit=2).rows() == [(1,), (2,)]
    assert federation.union_tables([]).equals(pl.DataFrame())
    union = federation.union_tables([("prod", "users")], ["id"], "id > 1", source_column="catalog")
    assert isinstance(union, pl.DataFrame)
    assert federation.query("prod.default.users").execute().height == 3
    assert federation.remove_catalog("prod") is None


def test_an_optimizers_shapes():
    from iceframe.optimizer import QueryOptimizer

    optimizer = QueryOptimizer()
    assert optimizer.optimizations_applied == []
    assert optimizer.optimize_column_projection(["name"], ["age > 30"], []) == ["name", "age"]
    assert optimizer.optimize_column_projection([], ["age > 30"], []) is None
    analysis = optimizer.analyze_query("users", ["name"], ["age > 30"], [])
    assert analysis.keys() >= {"table", "has_filters", "has_aggregations", "suggestions"}
    assert analysis["table"] == "users"
    assert (analysis["has_filters"], analysis["has_aggregations"]) == (True, False)
    assert all(isinstance(suggestion, str) for suggestion in analysis["suggestions"])
    assert all(isinstance(name, str) for name in optimizer.optimizations_applied)


def test_monitoring_shapes(users):
    from iceframe.monitoring import MetricsCollector, QueryMetrics

    collector = MetricsCollector()
    names = {"total_queries", "avg_duration_ms", "cache_hit_rate", "error_rate"}
    names |= {"total_rows_returned"}
    before = collector.get_stats()
    assert before.keys() >= names
    assert {before[name] for name in names} == {0}
    assert collector.metrics == {}
    assert collector.get_recent_queries() == []

    query_id = collector.start_query("users")
    assert isinstance(query_id, str)
    assert users.read_table("users").height == 3
    assert collector.end_query(query_id, 1000, True, "no more") is None
    (recent,) = collector.get_recent_queries(1)
    assert recent.keys() >= {
        "query_id",
        "table_name",
        "duration_ms",
        "rows_scanned",
        "rows_returned",
        "bytes_scanned",
        "cache_hit",
        "error",
        "timestamp",
    }
    assert (recent["query_id"], recent["table_name"]) == (query_id, "users")
    assert (recent["rows_returned"], recent["rows_scanned"]) == (1000, 3)
    assert (recent["cache_hit"], recent["error"]) == (True, "no more")
    metrics = collector.metrics[query_id]
    assert isinstance(metrics, QueryMetrics)
    assert metrics.duration_ms() == recent["duration_ms"] > 0
    assert metrics.to_dict() == recent
    stats = collector.get_stats()
    assert stats.keys() == before.keys()
    assert (stats["total_queries"], stats["total_rows_returned"]) == (1, 1000)
    assert (stats["cache_hit_rate"], stats["error_rate"]) == (1, 1)
