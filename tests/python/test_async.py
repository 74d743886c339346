# SPDX-License-Identifier: Apache-2.0
"""Calls that an event loop awaits: the loop goes on, and a task's end ends the engine's work."""

import asyncio
import contextvars
import inspect
import threading
import time

import polars as pl
import pytest

from iceframe import IceFrame, Progress, QueryBuilder, _native, col
from iceframe.async_ops import AsyncIceFrame, AsyncQueryBuilder
from iceframe.errors import (
    ParallelError,
    TableNotFoundError,
    UnsupportedOperationError,
    ValidationError,
)
from iceframe.parallel import ParallelExecutor

SLOW = {"batch_size": 10}


@pytest.fixture
def ice(lake):
    ice = lake.open()
    ice.create_table("users", {"id": "long", "name": "string"})
    ice.append_to_table("users", {"id": [1, 2, 3], "name": ["Ada", "Bob", "Cid"]})
    return ice


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A table whose reading takes some time with a batch per few rows."""
    folder = tmp_path_factory.mktemp("large")
    ice = IceFrame(
        {
            "type": "sql",
            "uri": f"sqlite:///{folder}/catalog.db",
            "warehouse": f"file://{folder}/warehouse",
        }
    )
    rows = pl.DataFrame({"id": range(200_000)}).with_columns(text=pl.lit("x" * 20))
    ice.create_table("t", rows)
    ice.append_to_table("t", rows)
    return ice


async def rest(ice):
    """Waits until nothing of a cancelled call is left."""
    until = time.monotonic() + 60
    while _native.num_tasks() or ice._session.memory_used_bytes():
        assert time.monotonic() < until
        await asyncio.sleep(0.001)


async def until_reading(ice):
    while not ice._session.memory_used_bytes():
        await asyncio.sleep(0.001)


# -- AsyncIceFrame ---------------------------------------------------------------------------------


def test_methods_are_awaited_under_both_names(ice):
    async def main():
        async with AsyncIceFrame(ice) as loop_ice:
            await loop_ice.append_to_table_async("users", {"id": [4], "name": ["Dan"]})
            report = await loop_ice.append_to_table("users", {"id": [5], "name": ["Eve"]})
            frame = await loop_ice.read_table_async("users", ["id"], limit=4)
            same = await loop_ice.read_table("users", filter=col("id") > 4)
            frames = await loop_ice.read_tables_parallel(["users"])
            return report.num_rows, frame.rows(), same.rows(), frames["users"].height

    assert asyncio.run(main()) == (1, [(1,), (2,), (3,), (4,)], [(5, "Eve")], 5)


@pytest.mark.needs_pyarrow
def test_queries_are_built_and_awaited(ice):
    async def main():
        loop_ice = AsyncIceFrame(ice, 2)
        query = loop_ice.query("users").filter(col("id") > 1).select("id", "name")
        other = (await loop_ice.query_async("users")).select("id")
        joined = query.join(other, "id").order_by("id").limit(1)
        batches = [batch.num_rows async for batch in query.to_batches()]
        plan = await query.explain()
        return (await joined.execute()).rows(), (await query.execute_async()).height, batches, plan

    rows, height, batches, plan = asyncio.run(main())
    assert (rows, height, batches) == ([(2, "Bob")], 2, [2])
    assert "users" in str(plan)


@pytest.mark.needs_pyarrow
def test_batches_are_iterated(ice):
    async def main():
        loop_ice = AsyncIceFrame(ice)
        counts = [b.num_rows async for b in loop_ice.scan_batches("users", batch_size=2)]
        async for _ in loop_ice.scan_batches("users", batch_size=1):
            break
        return counts

    assert asyncio.run(main()) == [2, 1]


def test_a_tail_is_iterated_while_the_loop_goes_on(ice):
    async def main():
        # One worker: a tail that waits must not take it.
        async with AsyncIceFrame(ice, max_workers=1) as loop_ice:
            tail = await loop_ice.tail("users", columns=["id"], poll_interval=0.01)
            assert tail.token is not None
            seen = []

            async def follow():
                async for rows in tail:
                    seen.append(rows["id"].to_list())

            task = asyncio.create_task(follow())
            for number in (4, 5):
                report = await loop_ice.append_to_table("users", {"id": [number], "name": ["x"]})
                while len(seen) < number - 3:
                    await asyncio.sleep(0.001)
                assert tail.snapshot_id == report.snapshot_id
            threading.Thread(target=tail.stop).start()
            await task
            after = loop_ice.tail_async("users", tail.token, timeout=0)
            assert [rows async for rows in after] == []
            return seen

    assert asyncio.run(main()) == [[4], [5]]


def test_a_tail_ends_by_its_timeout_its_task_and_its_errors(ice):
    async def main():
        async with AsyncIceFrame(ice) as loop_ice:
            async with loop_ice.tail("users", start="earliest", chunk_size=2, timeout=0) as tail:
                sizes = [rows.height async for rows in tail]
            waiting = asyncio.create_task(anext(loop_ice.tail("users", poll_interval=3600)))
            await asyncio.sleep(0.05)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            stopped = loop_ice.tail("users", start="earliest")
            stopped.stop()
            assert [rows async for rows in stopped] == []
            with pytest.raises(TableNotFoundError):
                await loop_ice.tail("nope")
            with pytest.raises(ValidationError, match="poll_interval must be"):
                loop_ice.tail("users", poll_interval="1")
            with pytest.raises(ValidationError, match="start must be"):
                await anext(loop_ice.tail("users", start="now"))
            return sizes

    assert asyncio.run(main()) == [2, 1]


def test_there_is_a_method_for_each_of_its_counterpart():
    methods = [n for n in vars(IceFrame) if n[0] != "_" and callable(getattr(IceFrame, n))]
    assert len(methods) > 40
    for name in methods:
        assert hasattr(AsyncIceFrame, name), name
        assert hasattr(AsyncIceFrame, f"{name}_async"), name
        if name not in ("query", "scan_batches", "read_table_chunked", "tail"):
            made = getattr(AsyncIceFrame, name)
            assert inspect.iscoroutinefunction(made), name
            assert inspect.signature(made) == inspect.signature(getattr(IceFrame, name)), name
    for name in vars(QueryBuilder):
        if name[0] != "_":
            assert hasattr(AsyncQueryBuilder, name), name


def test_errors_and_attributes_are_those_of_the_frame(ice, lake):
    async def main():
        loop_ice = AsyncIceFrame(lake.config)
        assert loop_ice.catalog_config["uri"] == lake.config["uri"]
        assert isinstance(loop_ice.ice_frame, IceFrame)
        with pytest.raises(TableNotFoundError):
            await loop_ice.read_table("nope")
        with pytest.raises(UnsupportedOperationError, match="delete_from_table is not built"):
            await loop_ice.delete_from_table_async("users", "id = 1")
        with pytest.raises(AttributeError):
            loop_ice.nonsense  # noqa: B018
        loop_ice.close()
        with pytest.raises(ValidationError, match="closed"):
            await loop_ice.read_table("users")

    asyncio.run(main())
    with pytest.raises(ValidationError, match="max_workers must be at least 1, got 0"):
        AsyncIceFrame(ice, 0)


def test_many_calls_take_turns(ice):
    async def main():
        loop_ice = AsyncIceFrame(ice, max_workers=2)
        frames = await asyncio.gather(*(loop_ice.read_table("users") for _ in range(50)))
        return {frame.height for frame in frames}, set(threading.enumerate())

    before = set(threading.enumerate())
    heights, threads = asyncio.run(main())
    assert heights == {3}
    assert len(threads - before) <= 2


def test_calls_see_the_context_variables_of_the_task(ice):
    user = contextvars.ContextVar("user", default="nobody")
    seen = []

    class Spy(IceFrame):
        def read_table(self, *args, **kwargs):
            seen.append(user.get())
            return super().read_table(*args, **kwargs)

    async def main():
        user.set("ada")
        await AsyncIceFrame(Spy(ice.catalog_config)).read_table("users")

    asyncio.run(main())
    assert seen == ["ada"]


# -- the loop and its tasks ------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["frame", "executor"])
def test_the_loop_goes_on(large, kind):
    async def read():
        if kind == "frame":
            return await AsyncIceFrame(large).read_table("t", **SLOW)
        found = await ParallelExecutor().read_tables_parallel_async(large, ["t"], **SLOW)
        return found["t"]

    async def main():
        reading = asyncio.create_task(read())
        num_turns = 0
        while not reading.done():
            await asyncio.sleep(0.001)
            num_turns += 1
        return (await reading).height, num_turns

    height, num_turns = asyncio.run(main())
    assert height == 200_000
    assert num_turns > 20


@pytest.mark.parametrize("kind", ["frame", "query", "executor", "queries", "calls"])
def test_the_end_of_a_task_ends_the_reading(large, kind):
    async def read():
        frame, executor = AsyncIceFrame(large), ParallelExecutor()
        while True:
            if kind == "frame":
                await frame.read_table("t", **SLOW)
            elif kind == "query":
                await frame.query("t").order_by("text", "id").execute()
            elif kind == "executor":
                await executor.read_tables_parallel_async(large, ["t"], **SLOW)
            elif kind == "queries":
                query = large.query("t").order_by("text", "id")
                await executor.execute_queries_parallel_async([query])
            else:
                read_one = lambda name: large.read_table(name, **SLOW)  # noqa: E731
                await executor.execute_parallel_async(read_one, ["t", "t"])

    async def main():
        reading = asyncio.create_task(read())
        await until_reading(large)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        await rest(large)

    asyncio.run(main())


def test_a_timeout_ends_the_reading(large):
    async def main():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await AsyncIceFrame(large).read_table("t", **SLOW)
        await rest(large)

    asyncio.run(main())


def test_a_call_whose_turn_has_not_come_never_begins(large):
    async def main():
        loop_ice = AsyncIceFrame(large, max_workers=1)
        first = asyncio.create_task(loop_ice.read_table("t", **SLOW))
        await until_reading(large)
        second = asyncio.create_task(loop_ice.read_table("nope"))
        await asyncio.sleep(0)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        assert not first.done()
        first.cancel()
        await asyncio.wait([first])
        await rest(large)

    asyncio.run(main())


def test_progress_is_told_on_the_loops_thread(large):
    told = []

    def note(progress):
        told.append((type(progress), threading.get_ident()))

    async def main():
        await AsyncIceFrame(large).read_table("t", progress=note, **SLOW)

    asyncio.run(main())
    assert set(told) == {(Progress, threading.get_ident())}


def test_what_a_progress_callable_raises_ends_the_call(large):
    def stop(progress):
        raise LookupError("enough")

    async def main():
        with pytest.raises(LookupError, match="enough"):
            await AsyncIceFrame(large).read_table("t", progress=stop, **SLOW)
        await rest(large)

    asyncio.run(main())


# -- executors -------------------------------------------------------------------------------------


def test_executors_are_awaited(ice):
    async def main():
        executor = ParallelExecutor(2)
        frames = await executor.read_tables_parallel_async(ice, ["users"], columns=["id"])
        counts = await executor.execute_queries_parallel_async(
            [ice.query("users").select("count(*) AS n")] * 2
        )
        values = await executor.execute_parallel_async(pow, [1, 2], exp=3)
        with pytest.raises(ParallelError, match="1 of 1 tables failed: nope"):
            await executor.read_tables_parallel_async(ice, ["nope"])
        found = await executor.read_tables_parallel_async(ice, ["nope"], True)
        return frames["users"].rows(), [c.item() for c in counts], values, found

    rows, counts, values, found = asyncio.run(main())
    assert (rows, counts, values) == ([(1,), (2,), (3,)], [3, 3], [1, 8])
    assert isinstance(found["nope"], TableNotFoundError)


def test_an_async_function_is_refused():
    async def read(name):
        return name

    with pytest.raises(ValidationError, match="func is async"):
        ParallelExecutor().execute_parallel(read, ["a"])
