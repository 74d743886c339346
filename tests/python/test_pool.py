# SPDX-License-Identifier: Apache-2.0
"""Connections to a catalog: lent, waited for, given back, shared by sessions."""

import asyncio
import os
import threading
import time

import pytest

from iceframe import IceFrame, _native
from iceframe.catalog import Catalog
from iceframe.errors import (
    OperationTimeoutError,
    PoolClosedError,
    UnavailableError,
    ValidationError,
)
from iceframe.pool import CatalogConnection, CatalogPool

#: Seconds that a busy machine may need.
PATIENCE = 120


def wait_until(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


@pytest.fixture
def users(ice: IceFrame) -> IceFrame:
    ice.create_table("users", {"id": "long"})
    ice.append_to_table("users", {"id": [1, 2, 3]})
    return ice


def test_connects_when_a_connection_is_wanted(lake):
    pool = CatalogPool(lake.config)
    assert pool.stats()["opened_total"] == 0
    with pool.connection() as conn:
        assert isinstance(conn, CatalogConnection)
        assert conn.list_tables() == []
    assert (pool.stats()["opened_total"], pool.stats()["idle"]) == (1, 1)


def test_a_connection_lists_loads_creates_and_commits(users, lake):
    pool = CatalogPool(lake.config, pool_size=1)
    opened = pool.stats()["lent_total"]
    with pool.connection() as conn:
        assert isinstance(conn, Catalog)
        assert conn.name == users.catalog.name
        assert conn.list_namespaces() == [("default",)]
        assert conn.list_tables("default") == [("default", "users")]
        table = conn.load_table(("default", "users"))
        table.append({"id": [4]})
        made = conn.create_table("made", {"id": "long"}, exist_ok=True)
        assert made.name() == ("default", "made")
        assert conn.rename_table("made", "other").name() == ("default", "other")
        conn.drop_table("other")
        conn.create_namespace_if_not_exists("sales", {"owner": "ada"})
        conn.create_namespace_if_not_exists("sales")
        assert conn.namespace_exists("sales")
        assert conn.load_namespace_properties("sales") == {"owner": "ada"}
        # All of it through the one there may be.
        assert pool.stats()["lent_total"] == opened + 1
    # A table goes on without its connection.
    table.append({"id": [5]})
    assert users.count_rows("users") == 5


def test_sessions_of_the_configuration_draw_from_it(users, lake):
    lent = CatalogPool(lake.config, pool_size=3).stats()["lent_total"]
    pool = CatalogPool(users, pool_size=3)
    IceFrame(lake.config).list_tables()
    assert pool.stats()["lent_total"] > lent
    assert IceFrame(lake.config, pool_size=2).pool_size == 2
    assert pool.stats()["pool_size"] == 2


def test_a_sessions_call_waits_for_a_connection(users, lake):
    pool = CatalogPool(lake.config, pool_size=1)
    found = []
    with pool.connection():
        reader = threading.Thread(target=lambda: found.append(users.list_tables()))
        reader.start()
        wait_until(lambda: pool.stats()["waiting"] == 1)
        assert found == []
    reader.join(PATIENCE)
    assert found == [["default.users"]]
    assert pool.stats()["open"] == 1


def test_who_waits_too_long_hears_how_many_there_are(users, lake):
    pool = CatalogPool(lake.config, 1, timeout=0.01)
    with pool.connection():
        with pytest.raises(OperationTimeoutError, match="1 of 1 are in use") as caught:
            pool.get_connection()
        assert isinstance(caught.value, TimeoutError)
        with pytest.raises(OperationTimeoutError):
            pool.get_connection(timeout=0)
    assert pool.stats()["timeouts_total"] == 2


def test_double_and_foreign_returns_are_refused(users, lake):
    pool, other = CatalogPool(lake.config), CatalogPool(lake.config)
    conn = pool.get_connection()
    with pytest.raises(ValidationError, match="not taken from this pool"):
        other.return_connection(conn)
    pool.return_connection(conn)
    with pytest.raises(ValidationError, match="given back already"):
        pool.return_connection(conn)
    with pytest.raises(ValidationError, match="given back already"):
        conn.list_tables()
    with pytest.raises(ValidationError, match="conn must be"):
        pool.return_connection(users)
    assert pool.stats()["used"] == 0
    held = [pool.get_connection() for _ in range(5)]
    assert len({id(c._lease) for c in held}) == 5
    for conn in held:
        pool.return_connection(conn)


def test_dropped_connections_come_back_with_a_warning(users, lake):
    pool = CatalogPool(lake.config, pool_size=2)
    for number in range(1, 31):
        conn = pool.get_connection()
        if number % 10:
            pool.return_connection(conn)
            continue
        held = [conn]
        del conn
        with pytest.warns(ResourceWarning, match="without being given back"):
            held.clear()
    assert pool.stats()["used"] == 0


def test_what_is_lent_for_long_counts_as_leaked(users, lake):
    pool = CatalogPool(lake.config, leak_threshold=0)
    with pool.connection():
        wait_until(lambda: pool.stats()["leaked"] == 1)
    assert pool.stats()["leaked"] == 0


def test_a_closed_pool_lends_nothing_and_sessions_go_on(users, lake):
    with CatalogPool(lake.config, pool_size=1) as pool:
        conn = pool.get_connection()
        raised = []

        def wait():
            with pytest.raises(PoolClosedError) as caught:
                pool.get_connection(timeout=PATIENCE)
            raised.append(caught.value)

        waiter = threading.Thread(target=wait)
        waiter.start()
        wait_until(lambda: pool.stats()["waiting"] == 1)
    waiter.join(PATIENCE)
    assert isinstance(raised[0], UnavailableError)
    assert not raised[0].retryable
    assert pool.closed
    with pytest.raises(PoolClosedError):
        pool.get_connection()
    pool.return_connection(conn)
    assert pool.stats()["open"] == 0
    assert users.list_tables() == ["default.users"]


def test_draining_waits_for_what_is_lent(users, lake):
    pool = CatalogPool(lake.config)
    conn = pool.get_connection()
    drainer = threading.Thread(target=pool.drain, args=(PATIENCE,))
    drainer.start()
    wait_until(lambda: pool.closed)
    pool.return_connection(conn)
    drainer.join(PATIENCE)
    assert not drainer.is_alive()
    late = CatalogPool(lake.config)
    with late.connection(), pytest.raises(OperationTimeoutError, match="1 are missing"):
        late.drain(0.01)


def test_an_event_loop_goes_on_while_a_task_waits(users, lake):
    pool = CatalogPool(lake.config, pool_size=1)

    async def main():
        async with pool.connection_async() as conn:
            waiting = asyncio.create_task(pool.get_connection_async())
            given_up = asyncio.create_task(pool.get_connection_async())
            while pool.stats()["waiting"] < 2:
                await asyncio.sleep(0.001)
            given_up.cancel()
            with pytest.raises(asyncio.CancelledError):
                await given_up
            assert conn.list_tables() == [("default", "users")]
        with await waiting as conn:
            return conn.table_exists("users")

    assert asyncio.run(main())
    assert pool.stats()["cancelled_total"] == 1


def test_threads_share_few_connections(users, lake):
    pool = CatalogPool(lake.config, pool_size=3, timeout=PATIENCE)
    failures = []

    def work():
        try:
            for _ in range(20):
                with pool.connection() as conn:
                    assert conn.list_tables() == [("default", "users")]
                assert users.table_exists("users")
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert failures == []
    assert pool.stats()["open"] <= 3
    assert pool.stats()["used"] == 0


@pytest.mark.filterwarnings("ignore:This process")
def test_a_forked_child_has_an_empty_pool(users, lake):
    pool = CatalogPool(lake.config, pool_size=1)
    conn = pool.get_connection()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            with pool.connection() as own:
                assert own.list_tables() == [("default", "users")]
            with pytest.raises(ValidationError, match="parent"):
                conn.list_tables()
            pool.return_connection(conn)
            code = 0
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    assert conn.list_tables() == [("default", "users")]
    pool.return_connection(conn)


def test_catalogs_in_memory_are_pooled_too(ice):
    for config in ({"type": "in-memory"}, {"type": "sql", "uri": "sqlite:///:memory:"}):
        mine = IceFrame({**config, "warehouse": "memory://pool-test"})
        mine.create_table("users", {"id": "long"}, exist_ok=True)
        pool = CatalogPool(mine, pool_size=2)
        with pool.connection() as first, pool.connection() as second:
            assert first.list_tables() == second.list_tables() == [("default", "users")]
            with pytest.raises(OperationTimeoutError):
                pool.get_connection(timeout=0)


def test_the_processes_metrics_count_connections(users, lake):
    def value(name, **labels):
        return sum(v for found, by, v in _native.metrics() if found == name and by == labels)

    pool = CatalogPool(lake.config, pool_size=1)
    with pool.connection():
        used = value("iceframe_pool_connections", state="used")
        assert used >= 1
        with pytest.raises(OperationTimeoutError):
            pool.get_connection(timeout=0)
    assert value("iceframe_pool_connections", state="idle") >= 1
    assert value("iceframe_pool_timeouts_total") >= 1
    assert value("iceframe_pool_wait_duration_seconds_count") >= 1
