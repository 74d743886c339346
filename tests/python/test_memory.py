# SPDX-License-Identifier: Apache-2.0
"""`iceframe.memory`: a limit that is one, and tables read in chunks under it."""

from __future__ import annotations

import functools
import gc
import inspect
import os
import pathlib
import subprocess
import sys
import time

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from iceframe import IceFrame, IceFrameError, TableNotFoundError, ValidationError, _native
from iceframe.cache import QueryCache
from iceframe.errors import MemoryLimitError
from iceframe.memory import MemoryManager

MIB = 1024 * 1024


def rows(first, count):
    ids = range(first, first + count)
    return pl.DataFrame({"id": ids, "name": [f"name {i}" for i in ids]})


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    """A table of three files whose sizes fit no chunk, on disk."""
    folder = tmp_path_factory.mktemp("lake")
    config = {"uri": f"sqlite:///{folder}/catalog.db", "warehouse": f"file://{folder}"}
    ice = IceFrame(config)
    ice.create_table("users", {"id": "long", "name": "string"})
    first = 0
    for count in (70_001, 5, 30_000):
        ice.append_to_table("users", rows(first, count))
        first += count
    ice.create_table("nothing", {"id": "long"})
    return config


@pytest.fixture
def ice(lake):
    return IceFrame(lake)


@pytest.mark.parametrize("chunk_size", [1000, 10_000, 65_536, 70_000, 10**12])
def test_chunks_have_exactly_the_size_over_the_borders_of_files(ice, chunk_size):
    whole = ice.read_table("users")
    for chunks in (
        ice.read_table_chunked("users", chunk_size),
        MemoryManager(max_memory_mb=64).read_table_chunked(ice, "users", chunk_size),
    ):
        frames = list(chunks)
        assert [len(frame) for frame in frames[:-1]] == [chunk_size] * (len(frames) - 1)
        assert 1 <= len(frames[-1]) <= chunk_size
        assert all(type(frame) is pl.DataFrame for frame in frames)
        assert_frame_equal(pl.concat(frames), whole)


def test_columns_and_filter_and_options_count_in_chunks(ice):
    first = ice.get_table("users").snapshots()[0].snapshot_id
    read = {"columns": ["name"], "filter": "id % 2 = 0", "chunk_size": 4000}
    for chunks in (
        ice.read_table_chunked("users", **read, snapshot_id=first),
        MemoryManager().read_table_chunked(ice, "users", **read, snapshot_id=first),
    ):
        frames = list(chunks)
        assert [frame.columns for frame in frames] == [["name"]] * 9
        assert [len(frame) for frame in frames] == [4000] * 8 + [3001]
        assert frames[8]["name"][-1] == "name 70000"


def test_a_table_without_rows_gives_no_chunk(ice):
    assert list(ice.read_table_chunked("nothing")) == []
    assert list(ice.read_table_chunked("users", filter="id < 0")) == []


def test_what_cannot_be_meant_is_refused_at_the_call(ice):
    through_a_manager = functools.partial(MemoryManager().read_table_chunked, ice)
    for read in (ice.read_table_chunked, through_a_manager):
        for size in (0, -1, 2.5, "3", True):
            with pytest.raises(ValidationError, match="chunk_size"):
                read("users", chunk_size=size)
        with pytest.raises(TableNotFoundError, match="nope"):
            read("nope")
        with pytest.raises(ValidationError, match="nope"):
            read("users", columns=["nope"])
    with pytest.raises(ValidationError, match="an IceFrame is needed, got 'users'"):
        MemoryManager().read_table_chunked("users", "users")
    for wrong in (0, -1, float("nan"), float("inf"), "1GB", True):
        with pytest.raises(ValidationError, match="max_memory_mb"):
            MemoryManager(wrong)


def open_files():
    links = pathlib.Path("/proc/self/fd").iterdir()
    targets = [str(link.readlink()) for link in links if link.is_symlink()]
    return [target for target in targets if target.endswith(".parquet")]


def test_dropping_the_iterator_closes_the_files_and_gives_back_all(ice):
    manager = MemoryManager(ice)
    for end in ("close", "drop"):
        chunks = ice.read_table_chunked("users", 1000)
        assert len(next(chunks)) == 1000
        assert manager.used > 0
        if end == "close":
            chunks.close()
        del chunks
        gc.collect()
        assert open_files() == []
        assert manager.used == 0


def at_rest(manager: MemoryManager) -> int:
    """Return what is used once nothing runs any more."""
    until = time.monotonic() + 60
    while _native.num_tasks():
        assert time.monotonic() < until
        time.sleep(0.001)
    return manager.used


def test_a_slow_consumer_holds_a_flat_amount(ice):
    manager = MemoryManager(max_memory_mb=64)
    chunks = manager.read_table_chunked(ice, "users", 1000)
    chunk = next(chunks)
    used = [at_rest(manager)]
    for _ in range(4):
        chunk = next(chunks)
        assert len(chunk) == 1000
        used.append(at_rest(manager))
    assert len(set(used)) == 1, "reading ahead comes to rest"
    del chunk, chunks
    gc.collect()
    assert manager.used == 0


def test_nothing_holds_a_chunk_but_its_consumer(ice):
    manager = MemoryManager()
    chunks = manager.read_table_chunked(ice, "users", 10**6, columns=["id"])
    frame = next(chunks)
    held = manager.used
    assert held >= frame["id"].len() * 8
    del frame
    gc.collect()
    assert manager.used < held


def test_never_more_is_reserved_than_the_limit(ice):
    manager = MemoryManager(max_memory_mb=4)
    assert sum(len(chunk) for chunk in manager.read_table_chunked(ice, "users")) == 100_006
    assert 0 < manager.peak <= 4 * MIB
    small = MemoryManager(max_memory_mb=0.01)
    with pytest.raises(MemoryError, match="memory limit reached") as caught:
        list(small.read_table_chunked(ice, "users"))
    assert isinstance(caught.value, MemoryLimitError)
    assert isinstance(caught.value, IceFrameError)
    assert "asked by Scan" in str(caught.value)
    assert small.peak <= 0.01 * MIB
    assert small.used == 0
    assert len(next(ice.read_table_chunked("users"))) == 10_000, "the session lives on"


def test_a_manager_of_its_own_keeps_to_the_limit_of_the_session_too(lake):
    ice = IceFrame(lake, memory_limit="10kB")
    with pytest.raises(MemoryLimitError, match="memory limit reached: session"):
        list(MemoryManager(max_memory_mb=64).read_table_chunked(ice, "users"))
    with pytest.raises(MemoryLimitError, match="memory limit reached: session"):
        list(ice.read_table_chunked("users", max_memory_mb=64))
    with pytest.raises(MemoryLimitError, match="memory limit reached: memory manager"):
        list(IceFrame(lake).read_table_chunked("users", max_memory_mb=0.01))


def test_a_bound_manager_is_the_limit_of_the_session(lake):
    ice = IceFrame(lake)
    manager = MemoryManager(ice, max_memory_mb=64)
    assert manager.limit == 64 * MIB
    assert len(ice.read_table("users")) == 100_006
    assert 0 < manager.peak <= 64 * MIB
    assert MemoryManager(ice).max_memory_mb == 64, "without a limit it watches"
    assert MemoryManager(max_memory_mb=np.int64(5)).limit == 5 * MIB
    MemoryManager(ice, 0.01)
    with pytest.raises(MemoryLimitError):
        ice.read_table("users")
    assert MemoryManager(max_memory_mb=5, ice=ice).limit == 5 * MIB
    with pytest.raises(TypeError, match="twice"):
        MemoryManager(ice, ice=ice)


def test_sessions_share_the_limit_of_a_manager(lake):
    manager = MemoryManager(max_memory_mb=64)
    first, second = IceFrame(lake, memory_limit=manager), IceFrame(lake, memory_limit=manager)
    assert len(first.read_table("users")) == len(second.read_table("users"))
    assert 0 < manager.peak <= 64 * MIB
    small = IceFrame(lake, memory_limit=MemoryManager(max_memory_mb=0.01))
    with pytest.raises(MemoryLimitError, match="memory manager"):
        small.read_table("users")


def test_answers_of_queries_count_in_the_limit_and_give_way(lake):
    cache = QueryCache()
    kept = IceFrame(lake, cache=cache).query("users").cache().execute()
    in_cache = cache.stats()["bytes"]
    assert in_cache > MIB, "an answer that a session without a limit left"
    del kept
    limited = IceFrame(lake, memory_limit=in_cache + 2 * MIB)
    assert sum(len(chunk) for chunk in limited.read_table_chunked("users")) == 100_006
    chunks = [chunk for chunk in limited.read_table_chunked("users") if len(chunk)]
    assert len(chunks) == 11
    assert cache.stats()["bytes"] == 0, "it gave way to rows that are held"


def test_usage_is_that_of_the_process():
    manager = MemoryManager()
    before = manager.get_memory_usage_mb()
    touched = bytearray(os.urandom(MIB)) * 64
    assert manager.get_memory_usage_mb() - before > 32
    del touched
    manager.check_memory_limit()
    MemoryManager(max_memory_mb=10**6).check_memory_limit()
    with pytest.raises(MemoryError, match="max_memory_mb=1:") as caught:
        MemoryManager(max_memory_mb=1).check_memory_limit()
    assert isinstance(caught.value, IceFrameError)


def test_the_environment_sets_the_limit(lake):
    program = (
        "from iceframe import IceFrame\n"
        "from iceframe.memory import MemoryManager\n"
        "import sys\n"
        "assert 'psutil' not in sys.modules\n"
        f"print(MemoryManager(IceFrame({lake!r})).limit)"
    )
    environment = {**os.environ, "ICEFRAME_MEMORY_LIMIT": "64MiB"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str(64 * MIB)


def test_signatures_tell_what_there_is():
    names = list(inspect.signature(MemoryManager).parameters)
    assert names == ["max_memory_mb", "ice"]
    names = list(inspect.signature(MemoryManager.read_table_chunked).parameters)
    assert names == [
        "self",
        "ice_frame",
        "table_name",
        "chunk_size",
        "columns",
        "filter",
        "options",
    ]
    names = list(inspect.signature(IceFrame.read_table_chunked).parameters)
    assert names[1:5] == ["table_name", "chunk_size", "columns", "max_memory_mb"]
