# SPDX-License-Identifier: Apache-2.0
"""Whatever is handed to a public method, what comes back is iceframe's own error, or a TypeError or
ValueError that names the argument; never the binding's, Arrow's or Python's from inside."""

import contextlib
import datetime as dt
import decimal
import inspect
import io
import math

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import iceframe
from iceframe import IceFrame, cli, functions, monitoring
from iceframe.branching import BranchManager
from iceframe.errors import IceFrameError, ValidationError
from iceframe.evolution import PartitionEvolution
from iceframe.expressions import Column, Expression, LiteralValue, col, lit, plan_pushdown, sql
from iceframe.federation import CatalogFederation
from iceframe.optimizer import QueryOptimizer
from iceframe.parallel import ParallelExecutor
from iceframe.partition import PartitionManager
from iceframe.pool import CatalogPool
from iceframe.rollback import RollbackManager
from iceframe.schema import SchemaEvolution
from iceframe.skipping import DataSkipper, can_skip_file

ITSELF: list = []
ITSELF.append(ITSELF)


class Evil:
    """Has every method that is looked for, and none that works."""

    def __getattr__(self, name):
        if name.startswith("__arrow_c"):
            return lambda *_: 3
        raise AttributeError(name)

    def __repr__(self):
        return "<evil>"


VALUES = [
    None,
    True,
    3,
    -1,
    2**70,
    -(2**70),
    1.5,
    math.nan,
    math.inf,
    1 + 2j,
    "",
    "nope",
    "a.b.c.d",
    "\ud800",
    "a\0b",
    "SELECT 1; --",
    "'",
    b"\xff",
    object(),
    Evil(),
    [object()],
    [None],
    ["\ud800"],
    [[]],
    ITSELF,
    [],
    (),
    {},
    {"id": object()},
    {"\ud800": "x"},
    {1: 2},
    {"a"},
    int,
    len,
    lambda *_: None,
    decimal.Decimal("NaN"),
    decimal.Decimal(10) ** 50,
    dt.date(1, 1, 1),
    dt.datetime(9999, 12, 31),
    dt.datetime(9999, 12, 31, tzinfo=dt.UTC),
    dt.timedelta(1),
    np.int64(7),
    np.array([1, 2]),
    np.float32("nan"),
    pl.col("id") > 1,
    pl.DataFrame({"id": [1]}),
    pd.DataFrame({"id": [1]}),
    pd.NaT,
    pa.scalar(1),
    pa.table({"id": [1]}),
    col("id"),
    col("id") > 1,
    ValueError("x"),
]


def judge(call, names):
    """Calls; returns what is wrong with how it failed, None if nothing."""
    try:
        result = call()
        if inspect.isgenerator(result):
            list(result)
    except IceFrameError as error:
        text = str(error)
        if "Detail: " in text or "Arrow error" in text or "nanobind" in text or not text:
            return f"{type(error).__name__} shows what is inside: {text}"
        return None
    except (TypeError, ValueError) as error:
        text = str(error)
        if type(error) not in (TypeError, ValueError):
            return f"{type(error).__name__}: {text}"
        if "incompatible function arguments" in text:
            return f"the binding's TypeError: {text}"
        if any(name in text for name in names) or "positional argument" in text:
            return None
        return f"{type(error).__name__} names no argument: {text}"
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    return None


def wrong_answers(owner, calls):
    """Tries every value as every argument of every method; returns what came of it, if wrong."""
    found = []
    for name, base in calls.items():
        method = getattr(owner, name)
        parameters = inspect.signature(method).parameters.values()
        for parameter in parameters:
            for value in VALUES:
                arguments, named = [], dict(base)
                if parameter.kind is parameter.VAR_POSITIONAL:
                    arguments = [value]
                elif parameter.kind is parameter.VAR_KEYWORD:
                    named["snapshot_id"] = value
                else:
                    named[parameter.name] = value
                    if parameter.kind is parameter.POSITIONAL_ONLY:
                        arguments = [named.pop(parameter.name)]
                problem = judge(
                    lambda m=method, a=arguments, n=named: m(*a, **n),
                    [parameter.name, "argument", "unhashable"],
                )
                if problem:
                    shown = f"{value!r:.60}"
                    found.append(f"{name}({parameter.name}={shown}): {problem}")
    return found


def expect_none(found):
    assert not found, f"{len(found)} wrong answers:\n" + "\n".join(found)


def public_methods(owner):
    kind = type(owner)
    return {
        name
        for name in dir(kind)
        if not name.startswith("_")
        and callable(getattr(kind, name))
        and not isinstance(inspect.getattr_static(kind, name), property)
    }


@pytest.fixture(scope="module")
def ice():
    ice = IceFrame({"type": "in-memory"})
    ice.create_table("users", {"id": "long", "name": "string"})
    ice.append_to_table("users", {"id": [1, 2], "name": ["Ada", "Bob"]})
    return ice


USERS = {"table_name": "users"}
FRAME = {
    "alter_table": USERS,
    "append_to_table": {**USERS, "data": {"id": [1]}},
    "branches": USERS,
    "call_procedure": {**USERS, "procedure_name": "rewrite_manifests"},
    "compact_data_files": USERS,
    "configure_bloom_filters": {**USERS, "columns": ["id"]},
    "count_rows": USERS,
    "create_branch": {**USERS, "branch_name": "made"},
    "create_namespace": {"name": "new", "exist_ok": True},
    "create_table": {"table_name": "made", "schema": {"id": "long"}},
    "describe": USERS,
    "drop_namespace": {"name": "nope"},
    "drop_branch": {**USERS, "branch_name": "gone"},
    "drop_table": {"table_name": "gone"},
    "drop_tag": {**USERS, "tag_name": "gone"},
    "evolve_partition": USERS,
    "evolve_schema": USERS,
    "expire_snapshots": USERS,
    "fast_forward": {**USERS, "branch": "main", "to_branch": "main"},
    "get_changes": {**USERS, "from_snapshot_id": None},
    "get_row_changes": {**USERS, "from_snapshot_id": None},
    "get_table": USERS,
    "head": USERS,
    "lazy": USERS,
    "list_branches": USERS,
    "list_namespaces": {},
    "list_tables": {},
    "list_tags": USERS,
    "load_namespace_properties": {"name": "default"},
    "overwrite_table": {"table_name": "over", "data": {"id": [1]}},
    "partition_by": USERS,
    "query": USERS,
    "read_incremental": {**USERS, "since_snapshot_id": None},
    "read_table": USERS,
    "read_table_chunked": USERS,
    "read_tables_parallel": {"table_names": ["users"]},
    "register_table": {"table_name": "registered", "metadata_location": "/nowhere"},
    "remove_orphan_files": USERS,
    "remove_properties": USERS,
    "rename_table": {"table_name": "nope", "new_name": "nope2"},
    "rewrite_manifests": USERS,
    "rollback_to_snapshot": {**USERS, "snapshot_id": 5},
    "rollback_to_timestamp": {**USERS, "timestamp_ms": 5},
    "scan": USERS,
    "scan_batches": USERS,
    "set_current_snapshot": {**USERS, "snapshot_id": 5},
    "set_properties": USERS,
    "set_sort_order": {**USERS, "sort_order": None},
    "table_exists": USERS,
    "tail": USERS,
    "tag_snapshot": {**USERS, "snapshot_id": 5, "tag_name": "made"},
    "to_arrow": USERS,
    "to_pandas": USERS,
    "transaction": USERS,
    "update_namespace_properties": {"name": "default"},
    "z_order_optimize": {**USERS, "columns": ["id"]},
}


def test_no_method_of_a_catalog_lets_others_errors_out(ice):
    assert set(FRAME) == public_methods(ice)
    ice.create_table("over", {"id": "long"}, exist_ok=True)
    expect_none(wrong_answers(ice, FRAME))


def test_no_method_of_an_executor_lets_others_errors_out(ice):
    tables = {"ice_frame": ice, "table_names": ["users"]}
    calls = {
        "read_tables_parallel": tables,
        "execute_queries_parallel": {"queries": [ice.query("users")]},
    }
    executor = ParallelExecutor()
    expect_none(wrong_answers(executor, calls))
    found = [
        judge(lambda v=value: executor.execute_parallel(v, [1]), ["func"])
        for value in VALUES
        if not callable(value)
    ]
    assert set(found) == {None}


def test_no_method_of_a_skipper_lets_others_errors_out():
    given = {"file_stats": {"id": {"min": 1, "max": 2}}, "filter_expr": "id > 1"}
    calls = {
        "can_skip_file": given,
        "should_skip": given,
        "for_table": {"table_name": "users"},
        "get_stats": {},
        "recent_queries": {},
        "record": {"skipped": True},
    }
    skipper = DataSkipper()
    assert set(calls) == public_methods(skipper)
    expect_none(wrong_answers(skipper, calls))
    found = [
        judge(lambda v=value, k=key: can_skip_file({"id": {k: v}}, "id > 1"), ["id"])
        for value in VALUES
        for key in ("min", "max", "null_count", "type", value if isinstance(value, str) else "x")
    ]
    assert set(found) == {None}, [problem for problem in found if problem]
    found = [judge(lambda v=value: DataSkipper(v), ["IceFrame"]) for value in VALUES]
    assert set(found) == {None}


def test_no_method_of_an_optimizer_lets_others_errors_out():
    given = {"select_exprs": ["id"], "filter_exprs": ["id > 1"], "group_by_exprs": []}
    calls = {
        "optimize_column_projection": given,
        "analyze_query": {"table_name": "users", **given},
    }
    optimizer = QueryOptimizer()
    assert set(calls) == public_methods(optimizer)
    expect_none(wrong_answers(optimizer, calls))


def test_no_method_of_monitoring_lets_others_errors_out(ice):
    collector = monitoring.MetricsCollector(ice)
    calls = {
        "start_query": {"table_name": "users"},
        "end_query": {"query_id": "nope"},
        "get_recent_queries": {},
        "get_stats": {},
    }
    assert set(calls) == public_methods(collector)
    expect_none(wrong_answers(collector, calls))
    log = monitoring.QueryLog(ice)
    expect_none(wrong_answers(log, {"entries": {}}))
    log.close()
    found = [
        judge(lambda v=value, k=kind, n=name: k(**{n: v}), [name])
        for value in VALUES
        for kind, name in (
            (monitoring.MetricsCollector, "ice"),
            (monitoring.MetricsCollector, "max_queries"),
            (monitoring.QueryLog, "ice"),
            (monitoring.QueryLog, "max_entries"),
            (monitoring.QueryLog, "max_files"),
        )
    ]
    assert set(found) == {None}


@pytest.mark.parametrize(
    ("kind", "calls"),
    [
        (
            SchemaEvolution,
            {
                "add_column": {"name": "new", "type_str": "int"},
                "drop_column": {"name": "no"},
                "make_column_optional": {"name": "no"},
                "move_after": {"name": "id", "sibling": "no"},
                "move_before": {"name": "id", "sibling": "no"},
                "move_first": {"name": "no"},
                "rename_column": {"old_name": "no", "new_name": "new"},
                "require_column": {"name": "no"},
                "set_default": {"name": "id", "value": 1},
                "set_doc": {"name": "id", "doc": None},
                "set_identifier_fields": {},
                "sync_schema": {"df": {"id": "long"}},
                "update_column_type": {"name": "id", "new_type_str": "int"},
            },
        ),
        (
            PartitionManager,
            {
                "add_partition_field": {"source_col": "no"},
                "drop_partition_field": {"name": "no"},
                "rename_partition_field": {"name": "no", "new_name": "new"},
            },
        ),
        (
            PartitionEvolution,
            {
                "add_bucket_partition": {"source_column": "no", "num_buckets": 2},
                "add_truncate_partition": {"source_column": "no", "width": 2},
                "remove_partition": {"source_column": "no"},
                **{
                    f"add_{unit}_partition": {"source_column": "no"}
                    for unit in ("identity", "year", "month", "day", "hour")
                },
            },
        ),
        (
            BranchManager,
            {
                "create_branch": {"branch_name": "made"},
                "fast_forward": {"branch": "main", "to_branch": "no"},
                "list_branches": {},
                "list_tags": {},
                "remove_branch": {"branch_name": "no"},
                "remove_tag": {"tag_name": "no"},
                "rename_branch": {"branch_name": "no", "new_name": "new"},
                "replace_branch": {"branch_name": "no", "snapshot_id": 5},
                "replace_tag": {"tag_name": "no", "snapshot_id": 5},
                "set_retention": {"name": "no"},
                "tag_snapshot": {"snapshot_id": 5, "tag_name": "made"},
            },
        ),
        (
            RollbackManager,
            {
                "rollback_to_snapshot": {"snapshot_id": 5},
                "rollback_to_timestamp": {"timestamp_ms": 5},
                "set_current_snapshot": {"snapshot_id": 5},
            },
        ),
    ],
)
def test_no_method_of_a_tables_changes_lets_others_errors_out(ice, kind, calls):
    changes = kind(ice.create_table("changed", {"id": "long"}, exist_ok=True))
    assert set(calls) | {"commit"} == public_methods(changes)
    expect_none(wrong_answers(changes, calls))


def test_no_method_of_a_federation_lets_others_errors_out(ice):
    federation = CatalogFederation()
    federation.add_catalog("prod", ice)
    users = {"catalog_name": "prod", "table_name": "users"}
    calls = {
        "add_catalog": {"name": "new", "catalog_config": {"type": "in-memory"}},
        "get_catalog": {"name": "prod"},
        "list_catalogs": {},
        "query": {"table_name": "prod.users"},
        "read_table": users,
        "remove_catalog": {"name": "nope"},
        "union_tables": {"table_specs": [("prod", "users")]},
    }
    assert set(calls) == public_methods(federation)
    expect_none(wrong_answers(federation, calls))


def test_no_method_of_namespaces_lets_others_errors_out(ice):
    calls = {
        "create_namespace": {"namespace": "x1"},
        "drop_namespace": {"namespace": "nope"},
        "list_namespaces": {},
        "load_namespace_properties": {"namespace": "default"},
        "update_namespace_properties": {"namespace": "default"},
    }
    assert set(calls) == public_methods(ice.namespaces)
    expect_none(wrong_answers(ice.namespaces, calls))


def test_no_method_of_a_bare_catalog_lets_others_errors_out(ice):
    table, space = {"identifier": "users"}, {"namespace": "default"}
    calls = {
        "create_namespace": {"namespace": "x1"},
        "create_namespace_if_not_exists": {"namespace": "x2"},
        "create_table": {"identifier": "made", "schema": {"id": "long"}},
        "drop_namespace": {"namespace": "nope"},
        "drop_table": {"identifier": "gone"},
        "list_namespaces": {},
        "list_tables": {},
        "load_namespace_properties": space,
        "load_table": table,
        "namespace_exists": space,
        "purge_table": {"identifier": "gone"},
        "register_table": {"identifier": "gone", "metadata_location": "file:///nope"},
        "rename_table": {"from_identifier": "gone", "to_identifier": "new"},
        "table_exists": table,
        "update_namespace_properties": space,
    }
    assert set(calls) == public_methods(ice.catalog)
    expect_none(wrong_answers(ice.catalog, calls))


def test_pools_let_no_others_errors_out(ice):
    def use(pool, timeout=None, conn=None):
        with pool.connection(timeout) as taken:
            pool.return_connection(taken if conn is None else conn)

    pool = CatalogPool(ice, 5)
    found = []
    for value in VALUES:
        for name in ("timeout", "conn"):
            found.append(judge(lambda n=name, v=value: use(pool, **{n: v}), [name, "connection"]))
        for name in ("catalog_config", "pool_size", "timeout", "max_overflow", "min_idle",
                     "max_lifetime", "idle_timeout", "leak_threshold", "nonsense"):  # fmt: skip
            named = {"catalog_config": {"type": "in-memory"}, name: value}
            found.append(judge(lambda n=named: CatalogPool(**n), [name]))
    expect_none([problem for problem in found if problem])
    closed = CatalogPool(ice)
    expect_none(wrong_answers(closed, {"drain": {}, "close": {}, "close_all": {}, "stats": {}}))
    assert public_methods(pool) == {
        "close", "close_all", "connection", "connection_async", "drain", "get_connection",
        "get_connection_async", "return_connection", "stats",
    }  # fmt: skip


def test_opening_lets_no_others_errors_out():
    config = {"type": "in-memory"}
    found = []
    for name in ("catalog_config", "pool_size", "cache", "memory_limit", "settings",
                 "memory__limit", "nonsense"):  # fmt: skip
        for value in VALUES:
            named = {"catalog_config": config, name: value}
            problem = judge(lambda n=named: IceFrame(**n), [name])
            if problem:
                found.append(f"{name}={value!r:.60}: {problem}")
        for value in VALUES:
            problem = judge(lambda v=value: IceFrame({**config, "warehouse": v}), [name])
            if problem:
                found.append(f"warehouse={value!r:.60}: {problem}")
    expect_none(found)


def test_no_method_of_a_table_lets_others_errors_out(ice):
    table = ice.get_table("users")
    calls = {name: {} for name in public_methods(table)}
    calls["snapshot_by_id"] = {"snapshot_id": 1}
    calls["snapshot_by_name"] = {"name": "main"}
    calls["snapshot_as_of_timestamp"] = {"timestamp_ms": 1}
    expect_none(wrong_answers(table, calls))
    found = []
    for name in ("row_filter", "selected_fields", "case_sensitive", "snapshot_id", "limit", "ref"):
        for value in VALUES:
            for read in ("to_arrow", "count", "plan_files", "to_polars", "to_pandas"):
                problem = judge(
                    lambda n=name, v=value, r=read: getattr(table.scan(**{n: v}), r)(), [name]
                )
                if problem:
                    found.append(f"scan({name}={value!r:.60}).{read}: {problem}")
    expect_none(found)


def test_no_method_of_metadata_lets_others_errors_out(ice):
    table = ice.get_table("users")
    schema_calls = {
        name: {} for name in ("find_field", "find_type", "find_column_name", "select")
        if hasattr(table.schema(), name)
    }  # fmt: skip
    found = wrong_answers(table.schema(), schema_calls)
    found += wrong_answers(table.metadata, {"schema_by_id": {}, "snapshot_by_id": {}})
    found += wrong_answers(table.current_snapshot(), {"manifests": {}})
    (manifest, *_) = table.current_snapshot().manifests(table.io)
    for value in VALUES:
        for named in ({"io": value}, {"io": table.io, "discard_deleted": value}):
            if problem := judge(lambda n=named: manifest.fetch_manifest_entry(**n), [*named]):
                found.append(f"fetch_manifest_entry({named!r:.80}): {problem}")
    found += wrong_answers(table.scan(), {"to_duckdb": {"table_name": "t"}})
    found += wrong_answers(ice.query("users").explain(), {"__contains__": {"text": "x"}})
    expect_none(found)


QUERY = {
    "analyze": {},
    "select": {},
    "filter": {},
    "where": {},
    "join": {"other_table": "users", "on": "id"},
    "union": {"other": "users"},
    "group_by": {},
    "order_by": {},
    "limit": {"n": 1},
    "offset": {"n": 1},
    "distinct": {},
    "with_column": {"name": "x", "expression": "id"},
    "cache": {"ttl": 60},
    "execute": {},
    "collect": {},
    "to_polars": {},
    "to_arrow": {},
    "to_pandas": {},
    "to_batches": {},
    "explain": {},
}


def test_no_step_of_a_query_lets_others_errors_out(ice):
    query = ice.query("users")
    assert set(QUERY) == public_methods(query)
    expect_none(wrong_answers(query, QUERY))
    order = [
        f"order_by({name}={value!r:.60}): {problem}"
        for name in ("descending", "nulls_last")
        for value in VALUES
        if (problem := judge(lambda n=name, v=value: query.order_by("id", **{n: v}), [name]))
    ]
    expect_none(order)


EXPRESSION = {
    "between": {"low": 1, "high": 2},
    "is_in": {"values": [1]},
    "like": {"pattern": "a%"},
    "starts_with": {"prefix": "a"},
    "cast": {"to": "long"},
    "alias": {"name": "x"},
    "over": {},
    "asc": {},
    "desc": {},
    "equals": {"other": 1},
    "to_polars": {},
    "to_arrow": {},
}


def test_no_method_of_an_expression_lets_others_errors_out():
    found = wrong_answers(col("id"), EXPRESSION)
    found += [
        f"{operation}({value!r:.60}): {problem}"
        for operation in ("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__and__",
                          "__rand__", "__or__", "__ror__", "__add__", "__radd__", "__sub__",
                          "__rsub__", "__mul__", "__rmul__", "__truediv__", "__rtruediv__",
                          "__mod__", "__rmod__")
        for value in VALUES
        if (problem := judge(lambda o=operation, v=value: getattr(col("id"), o)(v), ["value"]))
    ]  # fmt: skip
    for make in (col, lit, sql, Column, Expression, LiteralValue, plan_pushdown):
        (parameter,) = inspect.signature(make).parameters
        found += [
            f"{make.__name__}({value!r:.60}): {problem}"
            for value in VALUES
            if (problem := judge(lambda m=make, v=value: m(v), [parameter]))
        ]
    expect_none(found)


def test_no_function_lets_others_errors_out():
    bases = {
        "Case": None,
        "date_trunc": {"unit": "day", "expression": "t"},
        "lag": {"expression": "id"},
        "lead": {"expression": "id"},
        "nullif": {"expression": "id", "value": 1},
        "substring": {"expression": "name", "start": 1},
        "when": {"condition": col("id") > 1, "value": 1},
    }
    for name in ("contains", "starts_with", "ends_with"):
        bases[name] = {"expression": "name", "text": "x"}
    calls = {
        name: {"expression": "id"}
        if "expression" in inspect.signature(getattr(functions, name)).parameters
        else {}
        for name in functions.__all__
    }  # fmt: skip
    calls.update(bases)
    del calls["Case"]
    found = wrong_answers(functions, calls)
    case = functions.when(col("id") > 1, 1)
    found += wrong_answers(case, {"when": {"condition": col("id") > 2, "value": 1},
                                  "otherwise": {"value": 1}})  # fmt: skip
    expect_none(found)


def test_the_command_line_ends_in_an_exit_code(lake):
    lake.open().create_table("users", {"id": "long", "name": "string"})
    options = ["--uri", lake.config["uri"], "--warehouse", lake.config["warehouse"]]
    options += ["--catalog", lake.config["name"]]
    commands = [["list"], ["describe", "users"], ["head", "users"], ["query", "users"],
                ["explain", "users"]]  # fmt: skip
    texts = ["", "nope", "\ud800", "a\0b", "'", "-1", "99999999999999999999", "1.5", "a.b.c", "%s"]
    names = ["--namespace", "-n", "--where", "--select", "--group-by", "--agg", "--having",
             "--join", "--order-by", "--limit", "--offset", "--snapshot-id", "--ref", "--as-of",
             "--format", "--catalog", "--type"]  # fmt: skip
    for command in commands:
        for name in names:
            for text in texts:
                arguments = [*options, *command, f"{name}={text}"]
                with (
                    contextlib.redirect_stdout(io.StringIO()),
                    contextlib.redirect_stderr(io.StringIO()),
                ):
                    try:
                        code = cli.main(arguments)
                    except SystemExit as end:
                        code = end.code
                assert code in (0, 1, 2), arguments


def test_a_stream_of_others_fails_with_its_own_last_words(ice):
    schema = pa.schema([("id", pa.int64())])

    def batches():
        yield pa.record_batch({"id": [1]}, schema)
        raise OSError("the disk is gone")

    class Stream:
        def __arrow_c_stream__(self, requested_schema=None):
            reader = pa.RecordBatchReader.from_batches(schema, batches())
            return reader.__arrow_c_stream__(requested_schema)

    ice.create_table("others", {"id": "long"}, exist_ok=True)
    with pytest.raises(IceFrameError) as caught:
        ice.append_to_table("others", Stream())
    assert str(caught.value) == "the data's reader failed: OSError: the disk is gone"


def test_a_value_that_reads_as_an_interrupt_is_none(ice):
    ice.create_table("words", {"id": "long"}, exist_ok=True)
    for data in ([{"id": "KeyboardInterrupt"}], {"id": ["KeyboardInterrupt"]}):
        with pytest.raises(IceFrameError):
            ice.append_to_table("words", data)


def test_what_a_reader_of_the_user_raises_comes_back_as_itself(ice):
    class Mine(Exception):
        pass

    schema = pa.schema([("id", pa.int64())])

    def batches():
        yield pa.record_batch({"id": [1]}, schema)
        raise Mine("stop")

    class Stream:
        def __arrow_c_stream__(self, requested_schema=None):
            raise Mine("no stream")

    ice.create_table("mine", {"id": "long"}, exist_ok=True)
    for data in (pa.RecordBatchReader.from_batches(schema, batches()), Stream()):
        with pytest.raises(Mine):
            ice.append_to_table("mine", data)
    assert ice.count_rows("mine") == 0


def test_the_command_line_takes_texts_alone():
    for wrong in (3, [3], ["list", None], {"list": 1}):
        with pytest.raises(ValidationError, match="arguments"):
            cli.main(wrong)


def test_what_a_callback_of_the_user_raises_comes_back_as_itself(ice):
    class Mine(Exception):
        pass

    def refuse(news):
        raise Mine(news)

    for read in (
        lambda: ice.read_table("users", progress=refuse),
        lambda: ice.query("users").execute(progress=refuse),
        lambda: list(ice.scan_batches("users", progress=refuse)),
    ):
        with pytest.raises(Mine):
            read()


def test_numbers_of_threads_are_checked():
    for wrong in (0.5, "two", [2], -1, 10_000, 2**80):
        for name in ("num_threads", "num_io_threads"):
            with pytest.raises(ValidationError, match=name):
                iceframe.configure_executor(**{name: wrong})


def test_every_public_name_is_looked_at():
    known = {"CatalogError", "CompactionError", "Explanation", "Expression", "IceFrame",
             "IceFrameError", "MaintenanceError", "Progress", "QueryBuilder", "ScanOptions",
             "SchemaError", "Table", "TableNotFoundError",
             "UnsupportedOperationError", "ValidationError", "WriteReport", "__version__", "col",
             "configure_executor", "lit", "load_catalog_config_from_env"}  # fmt: skip
    assert set(iceframe.__all__) == known
