# SPDX-License-Identifier: Apache-2.0
"""Several tables, queries and calls at once: order, bounds, errors, cancelling."""

import contextvars
import functools
import json
import pathlib
import pickle
import signal
import subprocess
import sys
import textwrap
import threading
import time

import polars as pl
import pytest

from iceframe import IceFrame, _native, col
from iceframe.cache import QueryCache
from iceframe.errors import (
    CancelledError,
    DataError,
    IceFrameError,
    ParallelError,
    TableNotFoundError,
    ValidationError,
)
from iceframe.parallel import ParallelExecutor

NAMES = [f"t{i}" for i in range(4)]


@pytest.fixture
def tables(ice):
    for i, name in enumerate(NAMES):
        ice.create_table(name, {"id": "long", "name": "string"})
        ice.append_to_table(name, {"id": [i, 10 + i], "name": [name, "x"]})
    return ice


def damage(lake, name):
    """Overwrites a table's data files."""
    for file in pathlib.Path(lake.folder).glob(f"warehouse/**/{name}/data/**/*.parquet"):
        file.write_bytes(b"PAR1" + b"\xff" * (file.stat().st_size - 8) + b"PAR1")


# -- tables ----------------------------------------------------------------------------------------


def test_frames_come_by_name_in_the_order_asked(tables):
    asked = list(reversed(NAMES))
    frames = ParallelExecutor(3).read_tables_parallel(tables, asked)
    assert list(frames) == asked
    for i, name in enumerate(NAMES):
        assert frames[name].rows() == [(i, name), (10 + i, "x")]


def test_an_iceframe_reads_them_too(tables):
    frames = tables.read_tables_parallel(["t1", "default.t0"], 2, columns=["id"])
    assert {name: frame.rows() for name, frame in frames.items()} == {
        "t1": [(1,), (11,)],
        "default.t0": [(0,), (10,)],
    }
    with pytest.raises(ParallelError):
        tables.read_tables_parallel(["nope"])
    found = tables.read_tables_parallel(["nope"], return_exceptions=True)
    assert isinstance(found["nope"], TableNotFoundError)


def test_no_tables_and_the_same_twice(tables):
    assert ParallelExecutor().read_tables_parallel(tables, []) == {}
    assert list(ParallelExecutor().read_tables_parallel(tables, ["t1", "t0", "t1"])) == ["t1", "t0"]


def test_options_hold_for_all_tables_or_for_those_named(tables):
    executor = ParallelExecutor()
    frames = executor.read_tables_parallel(
        tables,
        ["t0", "t1", "t2"],
        limit=1,
        columns={"t0": ["id"], "default.t2": ["name"]},
        filter={"t0": col("id") > 5, "t1": "id > 5"},
    )
    assert [frame.rows() for frame in frames.values()] == [[(10,)], [(11, "x")], [("t2",)]]
    own = {"t0": {"columns": ["id"]}, "t1": {"limit": 0}, "t2": {}}
    frames = executor.read_tables_parallel(tables, own, filter_expr="id < 5")
    assert [frame.rows() for frame in frames.values()] == [[(0,)], [], [(2, "t2")]]


def test_snapshots_and_refs_are_read(tables):
    first = tables.get_table("t0").current_snapshot().snapshot_id
    tables.append_to_table("t0", {"id": [5], "name": ["new"]})
    frames = tables.read_tables_parallel(["t0", "t1"], snapshot_id={"t0": first})
    assert [frame.height for frame in frames.values()] == [2, 2]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"table_names": "t0"}, "table_names must be a list, got 't0'"),
        ({"table_names": [1]}, "table name"),
        ({"table_names": ["t0"], "limit": "3"}, "^limit .*'3'"),
        ({"table_names": ["t0"], "columns": {"t9": ["id"]}}, "not read: 't9'"),
        ({"table_names": ["t0"], "return_exceptions": "no"}, "return_exceptions"),
        ({"table_names": {"t0": {"progress": True}}}, "progress tells of all tables"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_read(tables, arguments, words):
    with pytest.raises(ValidationError, match=words):
        ParallelExecutor().read_tables_parallel(tables, **arguments)


@pytest.mark.parametrize("number", [0, -1, 1.5, "4", None, True])
def test_a_number_of_workers_below_one_is_refused(number):
    with pytest.raises(ValidationError, match="max_workers"):
        ParallelExecutor(max_workers=number)


def test_every_failing_table_is_named_by_one_error(tables, lake):
    damage(lake, "t2")
    with pytest.raises(ParallelError, match="2 of 4 tables failed: nope, t2") as caught:
        ParallelExecutor(1).read_tables_parallel(tables, ["t0", "nope", "t1", "t2"])
    error = caught.value
    assert isinstance(error, IceFrameError)
    assert isinstance(error, ExceptionGroup)
    missing, damaged = error.exceptions
    assert isinstance(missing, TableNotFoundError)
    assert isinstance(damaged, DataError)
    assert missing.context["table"] == "default.nope"
    assert "default.nope" in str(missing)
    assert damaged.context["table"] == "default.t2"
    assert "default.t2" in str(damaged)
    assert (error.kind, error.retryable, error.context) == ("Several", False, {})
    same = pickle.loads(pickle.dumps(error))
    assert (str(same), len(same.exceptions)) == (str(error), 2)


def test_a_single_failing_table_is_told_the_same_way(tables):
    caught = []
    try:
        ParallelExecutor().read_tables_parallel(tables, ["nope"])
    except* TableNotFoundError as group:
        caught.append(group)
    assert [type(group) for group in caught] == [ParallelError]
    assert caught[0].kind == "NotFound"


def test_failures_are_returned_in_place(tables):
    found = ParallelExecutor().read_tables_parallel(tables, ["t0", "nope", "t1"], True)
    assert list(found) == ["t0", "nope", "t1"]
    assert isinstance(found["nope"], TableNotFoundError)
    assert found["t1"].height == 2


def test_an_unknown_column_names_its_table(tables):
    with pytest.raises(ParallelError) as caught:
        ParallelExecutor().read_tables_parallel(tables, ["t0", "t1"], columns={"t1": ["nope"]})
    (error,) = caught.value.exceptions
    assert isinstance(error, ValidationError)
    assert error.context["table"] == "default.t1"


def test_progress_tells_of_tables(tables):
    told = []
    ParallelExecutor(2).read_tables_parallel(tables, NAMES, progress=told.append)
    assert told[-1] == ("read", 4, 4, "reads")

    def stop(progress):
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        ParallelExecutor(1).read_tables_parallel(tables, NAMES, progress=stop)


def test_no_memory_stays_behind(tables):
    ParallelExecutor().read_tables_parallel(tables, [*NAMES, "nope"], return_exceptions=True)
    assert tables._session.memory_used_bytes() == 0


# -- queries ---------------------------------------------------------------------------------------


def test_queries_give_their_frames_in_order(tables, tmp_path):
    other = IceFrame({"type": "in-memory", "warehouse": f"file://{tmp_path}/other"})
    other.create_table("t0", {"n": "long"})
    other.append_to_table("t0", {"n": [7]})
    queries = [
        tables.query("t0").select("count(*) AS n"),
        tables.query("t1").join("t2", "name").select("name"),
        other.query("t0"),
    ]
    frames = ParallelExecutor(2).execute_queries_parallel(queries)
    assert [frame.rows() for frame in frames] == [[(2,)], [("x",)], [(7,)]]
    assert ParallelExecutor().execute_queries_parallel([]) == []


def test_queries_are_answered_from_the_cache_they_ask_for(lake, tables):
    cache = QueryCache()
    ice = lake.open(cache=cache)
    queries = [ice.query(name).filter("id > 5").cache() for name in NAMES]
    plain = ice.query("t0")
    executor = ParallelExecutor()
    first = executor.execute_queries_parallel([*queries, plain])
    assert cache.stats()["hits"] == 0
    again = executor.execute_queries_parallel([*queries, plain])
    assert (cache.stats()["hits"], cache.stats()["size"]) == (len(NAMES), len(NAMES))
    assert all(one.equals(other) for one, other in zip(first, again, strict=True))
    ice.append_to_table("t1", {"id": [99], "name": ["new"]})
    newest = executor.execute_queries_parallel(queries)
    assert [frame.height for frame in newest] == [1, 2, 1, 1]


def test_a_failing_query_is_named_by_its_place(tables):
    queries = [tables.query("t0"), tables.query("t0").filter("nope = 1")]
    with pytest.raises(ParallelError, match="1 of 2 queries failed: 1") as caught:
        ParallelExecutor().execute_queries_parallel(queries)
    (error,) = caught.value.exceptions
    assert isinstance(error, ValidationError)
    assert error.context["query"].startswith("1: query('t0')")
    frame, failure = ParallelExecutor().execute_queries_parallel(queries, return_exceptions=True)
    assert frame.height == 2
    assert isinstance(failure, ValidationError)
    with pytest.raises(ValidationError, match=r"queries\[0\] is no query"):
        ParallelExecutor().execute_queries_parallel(["t0"])


# -- calls -----------------------------------------------------------------------------------------


def test_values_come_in_the_order_of_the_items():
    def slow_first(n, power=1):
        time.sleep(0.02 * (4 - n))
        return n**power

    assert ParallelExecutor(4).execute_parallel(slow_first, range(4), power=2) == [0, 1, 4, 9]
    assert ParallelExecutor(4).execute_parallel(slow_first, []) == []


def test_no_more_calls_than_workers_run_at_once():
    lock, running, most = threading.Lock(), 0, 0
    together = threading.Barrier(3)

    def count(_):
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        together.wait(timeout=60)
        with lock:
            running -= 1

    ParallelExecutor(3).execute_parallel(count, range(18))
    assert most == 3


def test_coroutines_which_nobody_would_await_are_refused():
    async def later(n):
        return n

    with pytest.raises(ValidationError, match="is async"):
        ParallelExecutor().execute_parallel(later, [1])
    with pytest.raises(ParallelError) as caught:
        ParallelExecutor().execute_parallel(functools.partial(later), [1])
    assert "gives coroutines" in str(caught.value.exceptions[0])


def test_failing_calls_are_told_together_or_returned():
    def fail_on_odd(n):
        if n % 2:
            raise LookupError(f"no {n}")
        return n

    with pytest.raises(ParallelError, match="2 of 4 calls failed: 1, 3") as caught:
        ParallelExecutor(2).execute_parallel(fail_on_odd, range(4))
    assert [error.args for error in caught.value.exceptions] == [("no 1",), ("no 3",)]
    assert caught.value.exceptions[1].__notes__ == ["item 3: 3"]
    found = ParallelExecutor(2).execute_parallel(fail_on_odd, range(4), return_exceptions=True)
    assert found[0] == 0
    assert isinstance(found[3], LookupError)
    # An exception that is returned is a value.
    assert isinstance(ParallelExecutor().execute_parallel(KeyError, ["a"])[0], KeyError)


def test_calls_see_the_context_variables_of_the_caller():
    user = contextvars.ContextVar("user")
    user.set("ada")
    assert ParallelExecutor().execute_parallel(lambda _: user.get(), [1, 2]) == ["ada", "ada"]


def test_what_ends_the_program_ends_the_calls():
    begun = []

    def leave(n):
        begun.append(n)
        sys.exit(3)

    with pytest.raises(SystemExit):
        ParallelExecutor(1).execute_parallel(leave, range(100))
    assert begun == [0]


@pytest.mark.parametrize("func", [None, "len", 3])
def test_what_cannot_be_called_is_refused(func):
    with pytest.raises(ValidationError, match="func can't be called"):
        ParallelExecutor().execute_parallel(func, [1])


def test_pools_inside_pools_from_many_threads_come_to_an_end(tables):
    executor = ParallelExecutor(2)

    def read_some(n):
        frames = executor.read_tables_parallel(tables, NAMES[:3])
        inner = ParallelExecutor(2).execute_parallel(lambda t: tables.read_table(t), NAMES[:2])
        return n, sum(frame.height for frame in (*frames.values(), *inner))

    results = []
    threads = [
        threading.Thread(
            target=lambda: results.append(executor.execute_parallel(read_some, range(4)))
        )
        for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert results == [[(n, 10) for n in range(4)]] * 16


@pytest.mark.parametrize("items", [None, 3, "abc"])
def test_items_are_a_list(items):
    with pytest.raises(ValidationError, match="items must be a list, got "):
        ParallelExecutor().execute_parallel(str, items)


def test_what_is_no_iceframe_is_refused(tables):
    with pytest.raises(ValidationError, match="an IceFrame is needed, got 'x'"):
        ParallelExecutor().read_tables_parallel("x", ["t0"])
    with pytest.raises(ValidationError, match="options of 't0' must be a mapping, got 3"):
        ParallelExecutor().read_tables_parallel(tables, {"t0": 3})


# -- cancelling ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A table whose reading takes seconds with a batch per few rows."""
    folder = tmp_path_factory.mktemp("large")
    config = {
        "type": "sql",
        "uri": f"sqlite:///{folder}/catalog.db",
        "warehouse": f"file://{folder}/warehouse",
    }
    ice = IceFrame(config)
    rows = pl.DataFrame({"id": range(400_000)}).with_columns(text=pl.lit("x" * 20))
    for name in ("a", "b", "c"):
        ice.create_table(name, rows)
        ice.append_to_table(name, rows)
    return config


def for_ever(work):
    while True:
        work()


def wait_until(condition):
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.001)


def test_cancelling_from_another_thread_ends_the_reading(large):
    ice = IceFrame(large)
    executor = ParallelExecutor(2)

    def cancel_soon():
        wait_until(lambda: ice._session.memory_used_bytes() > 0)
        executor.cancel()

    thread = threading.Thread(target=cancel_soon)
    thread.start()
    with pytest.raises(CancelledError):
        for_ever(lambda: executor.read_tables_parallel(ice, ["a", "b", "c"], batch_size=10))
    thread.join()
    wait_until(lambda: _native.num_tasks() == 0 and ice._session.memory_used_bytes() == 0)
    assert executor.read_tables_parallel(ice, ["a"], limit=1)["a"].height == 1


def test_cancelling_ends_what_calls_read(large):
    ice = IceFrame(large)
    executor = ParallelExecutor(2)

    def cancel_soon():
        wait_until(lambda: ice._session.memory_used_bytes() > 0)
        executor.cancel()

    def read(name):
        # A pool inside of this pool ends with it.
        return ParallelExecutor(1).execute_parallel(
            lambda t: ice.read_table(t, batch_size=10), [name]
        )

    thread = threading.Thread(target=cancel_soon)
    thread.start()
    with pytest.raises(CancelledError):
        for_ever(lambda: executor.execute_parallel(read, ["a", "b", "c"]))
    thread.join()
    wait_until(lambda: _native.num_tasks() == 0 and ice._session.memory_used_bytes() == 0)


INTERRUPTED = textwrap.dedent(
    """
    import asyncio, gc, json, sys, time
    import polars
    from iceframe import IceFrame, _native
    from iceframe.parallel import ParallelExecutor

    ice = IceFrame(json.loads(sys.argv[1]))
    ex, names = ParallelExecutor(2), ["a", "b", "c"]

    def read(name):
        return ice.read_table(name, batch_size=10)

    try:
        print("running", flush=True)
        while True:
            {call}
    except KeyboardInterrupt:
        stopped = time.time()
    until = time.monotonic() + 60
    while (
        _native.num_tasks() or ice._session.memory_used_bytes()
    ) and time.monotonic() < until:
        gc.collect()  # An interrupted call may leave rows in a reference cycle.
        time.sleep(0.001)
    print(json.dumps([stopped, _native.num_tasks(), ice._session.memory_used_bytes()]))
    """
)


@pytest.mark.parametrize(
    "call",
    [
        "ex.read_tables_parallel(ice, names, batch_size=10)",
        "ex.execute_queries_parallel([ice.query(n).order_by('text', 'id') for n in names])",
        "ex.execute_parallel(read, names)",
        "asyncio.run(ex.read_tables_parallel_async(ice, names, batch_size=10))",
    ],
)
def test_ctrl_c_ends_the_reading_at_once(large, call):
    program = INTERRUPTED.replace("{call}", call)
    process = subprocess.Popen(
        [sys.executable, "-c", program, json.dumps(large)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "running\n"
    time.sleep(0.3)
    sent = time.time()
    process.send_signal(signal.SIGINT)
    stopped, num_tasks, num_bytes = json.loads(process.communicate(timeout=120)[0])
    assert process.returncode == 0
    assert stopped - sent < 10
    assert (num_tasks, num_bytes) == (0, 0)


@pytest.mark.parametrize("num_threads", [0, 2])
def test_threads_that_the_system_refuses_are_done_without(monkeypatch, num_threads):
    start = threading.Thread.start
    left = [num_threads]

    def limited(thread):
        if thread.name.startswith("iceframe-parallel"):
            if not left[0]:
                raise RuntimeError("can't start new thread")
            left[0] -= 1
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", limited)
    executor = ParallelExecutor(max_workers=8)
    if num_threads == 0:
        with pytest.raises(IceFrameError, match="no thread can be started"):
            executor.execute_parallel(str, range(20))
    else:
        assert executor.execute_parallel(str, range(20)) == [str(i) for i in range(20)]
