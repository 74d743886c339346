# SPDX-License-Identifier: Apache-2.0
"""`iceframe.streaming.StreamingWriter`: rows that are safe when write returns, and come once."""

import gc
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import threading
import time

import polars as pl
import pytest
from conftest import Lake

from iceframe import IceFrame
from iceframe.cli import main
from iceframe.errors import (
    CommitRejectedError,
    DataError,
    SchemaError,
    TableNotFoundError,
    UnavailableError,
    ValidationError,
)
from iceframe.streaming import StreamingWriter

ALWAYS = 10**6  # rows, or seconds: nothing is committed by itself


@pytest.fixture(autouse=True)
def state(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """The folder of the writers' logs."""
    folder = tmp_path / "state"
    monkeypatch.setenv("ICEFRAME_STREAMING_STATE_FOLDER", str(folder))
    return folder


@pytest.fixture
def ice(lake: Lake) -> IceFrame:
    # Made once the folder is set.
    ice = IceFrame(lake.config)
    ice.create_table("events", {"id": "long", "event": "string"})
    return ice


def ids(ice: IceFrame, table: str = "events") -> list[int]:
    return sorted(ice.read_table(table, columns=["id"])["id"].to_list())


def late_writer(ice: IceFrame, **options: object) -> StreamingWriter:
    """A writer that commits only when it is told to."""
    return StreamingWriter(ice, "events", ALWAYS, ALWAYS, **options)


def until(condition: object) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, "it does not come true"
        time.sleep(0.005)


def test_rows_are_in_the_table_once_flushed(ice):
    with late_writer(ice) as writer:
        assert writer.write({"id": 1, "event": "click"}) == 1
        assert writer.write([{"id": 2, "event": "view"}, {"id": 3}]) == 2
        assert writer.write(pl.DataFrame({"id": [4], "event": ["x"]})) == 3
        assert writer.write({"id": 5, "event": None}, wait=False) == 4
        assert (ids(ice), writer.last_committed()) == ([], 0)
        writer.flush()
        assert (ids(ice), writer.last_committed()) == ([1, 2, 3, 4, 5], 4)
        writer.write({"id": 6})
    assert ids(ice) == [1, 2, 3, 4, 5, 6]
    assert writer.closed
    with pytest.raises(ValidationError, match="closed"):
        writer.write({"id": 7})
    stats = writer.stats()
    assert (stats["rows"], stats["committed_rows"], stats["pending_rows"]) == (6, 6, 0)
    assert (stats["commits"], stats["wal_bytes"], stats["last_error"]) == (2, 0, None)


@pytest.mark.needs_pyarrow
def test_takes_what_arrow_has(ice):
    import pyarrow as pa

    with late_writer(ice) as writer:
        writer.write(pa.table({"id": [1, 2]}))
        writer.write(pa.record_batch({"id": pa.array([3], pa.int16())}))
    assert ids(ice) == [1, 2, 3]


@pytest.mark.parametrize(
    "options",
    [
        {"batch_size": 3, "flush_interval_seconds": ALWAYS},
        {"batch_size": ALWAYS, "flush_interval_seconds": 0.001},
        {"batch_size": ALWAYS, "flush_interval_seconds": ALWAYS, "batch_bytes": 1},
    ],
)
def test_commits_by_itself_without_a_further_call(ice, options):
    with StreamingWriter(ice, "events", **options) as writer:
        for i in range(3):
            writer.write({"id": i}, wait=i % 2 == 0)
        until(lambda: writer.last_committed() == 3)
        assert ids(ice) == [0, 1, 2]


def test_a_bad_row_is_refused_where_it_is_written_and_holds_up_nothing(ice):
    with late_writer(ice) as writer:
        for wait in (True, False):
            writer.write({"id": 1, "event": "a"}, wait=wait)
            with pytest.raises(SchemaError, match=r"id is long, but 'x' \(str\)"):
                writer.write({"event": "b", "id": "x"}, wait=wait)
            with pytest.raises(SchemaError, match="event is string, but 7"):
                writer.write([{"id": 2, "event": "a"}, {"id": 3, "event": 7}], wait=wait)
            with pytest.raises(SchemaError, match=r"evnt \(did you mean event"):
                writer.write({"id": 2, "evnt": "b"}, wait=wait)
            writer.write({"id": 4, "event": "c"}, wait=wait)
        writer.flush()
        assert ids(ice) == [1, 1, 4, 4]


def test_a_row_that_is_refused_leaves_no_trace_in_nested_columns(ice):
    columns = {"id": "long", "tags": "list<string>", "at": {"x": "long", "y": "long"}}
    ice.create_table("nested", columns)
    row = {"id": 1, "tags": ["a", "b"], "at": {"x": 1, "y": 2}}
    with StreamingWriter(ice, "nested", ALWAYS, ALWAYS) as writer:
        writer.write(row, wait=False)
        for bad in ({"tags": ["c", 3]}, {"at": {"x": 1, "y": "z"}}):
            with pytest.raises(SchemaError):
                writer.write(row | bad, wait=False)
        writer.write(row | {"id": 2}, wait=False)
    assert ice.read_table("nested").sort("id").to_dicts() == [row, row | {"id": 2}]


def test_a_required_column_is_not_left_out(ice):
    ice.create_table("strict", {"id": {"type": "long", "required": True}})
    with StreamingWriter(ice, "strict", ALWAYS, ALWAYS) as writer:
        with pytest.raises(SchemaError, match="required column holds a null: id"):
            writer.write({"id": None})
        writer.write({"id": 1})
    assert ids(ice, "strict") == [1]


def test_columns_that_others_add_are_taken_at_once(ice):
    with late_writer(ice) as writer:
        writer.write({"id": 1}, wait=False)
        ice.alter_table("events").add_column("place", "string")
        writer.write({"id": 2, "place": "here"}, wait=False)
        ice.alter_table("events").rename_column("event", "kind")
        writer.write({"id": 3, "place": "there", "kind": "k"})
    rows = ice.read_table("events").sort("id")
    assert rows["place"].to_list() == [None, "here", "there"]
    assert rows["kind"].to_list() == [None, None, "k"]


def test_evolution_adds_and_widens_only_where_it_may(ice):
    ice.create_table("small", {"id": "int"})

    def writer(evolution: str) -> StreamingWriter:
        return StreamingWriter(ice, "small", ALWAYS, ALWAYS, schema_evolution=evolution)

    with writer("off") as off, pytest.raises(SchemaError, match="place"):
        off.write({"id": 1, "place": "x"})
    with writer("add_columns") as add:
        add.write({"id": 1, "place": "x", "at": {"lat": 1.5}})
        with pytest.raises(SchemaError):
            add.write({"id": 2**40})
    with writer("widen") as widen:
        widen.write([{"id": 2**40}, {"id": 3, "more": 1}])
        with pytest.raises(SchemaError):
            widen.write({"id": "text"})
    assert ids(ice, "small") == [1, 3, 2**40]
    types = {field.name: str(field.field_type) for field in ice.get_table("small").schema().fields}
    assert types["id"] == "long"
    assert types["place"] == "string"
    assert "lat" in types["at"]


@pytest.mark.parametrize("durability", ["memory", "wal", "commit"])
def test_durability_says_what_a_crash_leaves(ice, durability):
    writer = late_writer(ice, durability=durability)
    writer.write({"id": 1})
    writer.flush()
    writer.write({"id": 2})
    assert ids(ice) == ([1, 2] if durability == "commit" else [1])
    writer._native = None  # as a crash leaves it
    gc.collect()
    with late_writer(ice) as after:
        assert ids(ice) == ([1] if durability == "memory" else [1, 2])
        assert after.stats()["recovered_rows"] == (1 if durability == "wal" else 0)


def test_tokens_tell_where_to_read_on(ice):
    with late_writer(ice, writer_id="reader") as writer:
        assert writer.committed_token() is None
        writer.write({"id": 1}, token="offset 1")
        writer.write({"id": 2}, token="offset 2", wait=False)
        assert writer.committed_token() is None
        writer.flush()
        assert writer.committed_token() == "offset 2"
    with late_writer(ice, writer_id="reader") as writer:
        assert (writer.committed_token(), writer.last_committed()) == ("offset 2", 2)
    summary = ice.get_table("events").current_snapshot().summary
    assert summary["iceframe.writer.reader.seq"] == "2"


def test_writer_without_close_commits_when_it_is_dropped(ice):
    late_writer(ice).write({"id": 1})
    gc.collect()
    assert ids(ice) == [1]


def test_with_block_that_raises_keeps_its_rows_and_its_exception(ice):
    def work() -> None:
        with late_writer(ice) as writer:
            writer.write({"id": 1})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert ids(ice) == [1]


def test_many_threads_write_at_once(ice):
    def work(first: int) -> None:
        for i in range(50):
            row = {"id": first + i, "event": "x"}
            writer.write(row if i % 3 else [row], wait=i % 2 == 0)

    with StreamingWriter(ice, "events", 40) as writer:
        threads = [threading.Thread(target=work, args=(i * 50,)) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert ids(ice) == list(range(400))


def test_a_row_whose_code_writes_is_refused(ice):
    writer = late_writer(ice)

    class Row(dict):
        def keys(self):
            writer.write({"id": 1})
            return super().keys()

    class Odd:
        def __getitem__(self, name):
            return 1

        def keys(self):
            writer.write({"id": 1})
            return ["id"]

    with pytest.raises(ValidationError, match="reads a row of the same thread"):
        writer.write(Odd())
    writer.write({"id": 2})
    writer.close()
    assert ids(ice) == [2]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "batch_size must be at least 1, got 0"),
        ({"batch_size": "x"}, "batch_size is no whole number"),
        ({"flush_interval_seconds": 0}, "flush_interval_seconds must be more than 0"),
        ({"flush_interval_seconds": "1"}, "flush_interval_seconds must be a number"),
        ({"durability": "disk"}, "durability is one of memory, wal and commit, got 'disk'"),
        ({"schema_evolution": "on"}, "schema_evolution is one of"),
        ({"writer_id": "a/b"}, "writer id is not"),
        ({"state_folder": 7}, "state_folder must be a path"),
    ],
)
def test_arguments_that_can_not_be_meant_are_refused(ice, options, message):
    with pytest.raises(ValidationError, match=message):
        StreamingWriter(ice, "events", **options)


def test_missing_tables_and_other_writers_are_told(ice):
    with pytest.raises(TableNotFoundError):
        StreamingWriter(ice, "nothing")
    with late_writer(ice, writer_id="w"), pytest.raises(UnavailableError, match="open already"):
        late_writer(ice, writer_id="w")


def test_small_files_are_joined_beside_the_writing(ice):
    with late_writer(ice) as writer:
        with pytest.raises(ValidationError, match="every_n_flushes must be at least 1, got 0"):
            writer.enable_auto_compaction(0)
        writer.enable_auto_compaction(every_n_flushes=6)
        for i in range(6):
            writer.write({"id": i})
            writer.flush()
        until(lambda: writer.stats()["compactions"] == 1)
        assert len(ice.get_table("events").scan().plan_files()) == 1
        writer.write({"id": 6})
    assert ids(ice) == list(range(7))
    with late_writer(ice) as writer:
        assert writer.last_committed() == 7


def test_more_rows_than_memory_go_through(lake):
    ice = IceFrame(lake.config, memory_limit="48MB")
    ice.create_table("wide", {"id": "long", "text": "string"})
    frame = pl.DataFrame({"id": range(1000), "text": ["x" * 2000] * 1000})
    with StreamingWriter(ice, "wide", ALWAYS, ALWAYS) as writer:
        for _ in range(60):
            writer.write(frame)
        for i in range(2000):
            writer.write({"id": i, "text": "y" * 20_000}, wait=False)
    assert ice.count_rows("wide") == 62_000


def test_a_writer_whose_place_was_taken_says_so(ice, tmp_path):
    first = late_writer(ice, writer_id="w")
    first.write({"id": 1})
    with late_writer(ice, writer_id="w", state_folder=tmp_path / "elsewhere") as second:
        second.write({"id": 2})
    with pytest.raises(CommitRejectedError, match="taken this one's place"):
        first.close()
    first._native = None
    gc.collect()
    late_writer(ice, writer_id="w").close()
    assert ids(ice) == [1, 2]


def test_rows_survive_an_overwrite_by_others_and_come_once(ice):
    with late_writer(ice, writer_id="w") as writer:
        writer.write({"id": 1})
        writer.flush()
        ice.append_to_table("events", {"id": [10]})
        ice.overwrite_table("events", {"id": [11]})
        writer.write({"id": 2})
    with late_writer(ice, writer_id="w") as writer:
        assert writer.last_committed() == 2
    assert ids(ice) == [2, 11]


LEFT = """
import json, os, sys
from iceframe import IceFrame
from iceframe.streaming import StreamingWriter
ice = IceFrame(json.loads(sys.argv[1]))
writer = StreamingWriter(ice, "events", 10**6, 10**6)
writer.write([{"id": 1}, {"id": 2}])
os.kill(os.getpid(), 9)
"""


def leave_rows(lake: Lake) -> None:
    done = subprocess.run([sys.executable, "-c", LEFT, json.dumps(lake.config)], check=False)
    assert done.returncode == -signal.SIGKILL


def command(lake: Lake, *arguments: str) -> int:
    return main(["--uri", lake.config["uri"], "--warehouse", lake.config["warehouse"], "--type",
                 "sql", "--catalog", "lake", "stream", "recover", *arguments])  # fmt: skip


def test_the_command_lists_and_brings_in_what_was_left(ice, lake, capsys):
    assert command(lake) == 0
    assert capsys.readouterr().out == "nothing was left behind\n"
    leave_rows(lake)
    assert command(lake, "--list") == 0
    listed = capsys.readouterr().out
    assert "default.events in catalog lake" in listed
    assert "2 rows" in listed
    assert ids(ice) == []
    assert command(lake, "events") == 0
    assert "default.events: 2 rows brought in by 1 commits" in capsys.readouterr().out
    assert command(lake) == 0
    assert capsys.readouterr().out == "nothing was left behind\n"
    assert ids(ice) == [1, 2]


ENDS = """
import json, sys
from iceframe import IceFrame
from iceframe.streaming import StreamingWriter
ice = IceFrame(json.loads(sys.argv[1]))
writer = StreamingWriter(ice, "events", 10**6, 10**6, durability="memory")
writer.write({"id": 1})
"""


def test_what_is_open_when_the_interpreter_ends_is_committed(ice, lake):
    subprocess.run([sys.executable, "-c", ENDS, json.dumps(lake.config)], check=True)
    assert ids(ice) == [1]


WRITES = """
import json, sys, threading
from iceframe import IceFrame
from iceframe.streaming import StreamingWriter
ice = IceFrame(json.loads(sys.argv[1]))
writer = StreamingWriter(ice, "events", 7, 10**6, writer_id=sys.argv[2] or None)
first = int(sys.argv[3])
lock = threading.Lock()
print("open", flush=True)
def work(part):
    for i in range(10**6):
        row = first + part * 10**6 + i
        writer.write({"id": row, "event": str(i)}, wait=i % 5 != 4)
        if i % 5 != 4:
            with lock:
                print(row, flush=True)
threads = [threading.Thread(target=work, args=(part,)) for part in range(2)]
for thread in threads:
    thread.start()
"""

#: How often the process is killed in CI; by hand: ICEFRAME_TEST_KILLS=1000.
KILLS = int(os.environ.get("ICEFRAME_TEST_KILLS", "100"))


@pytest.mark.parametrize("writer_id", ["", "sensor"])
def test_killed_at_any_moment_no_acknowledged_row_is_lost_or_doubled(ice, lake, writer_id):
    seed = random.randrange(10**6)
    print("seed", seed)
    chance = random.Random(seed)
    acknowledged: set[int] = set()
    for kill in range(KILLS // 2):
        arguments = [json.dumps(lake.config), writer_id, str((kill + 1) * 10**7)]
        # After so many acknowledgements, at any moment of what comes next.
        wanted = chance.randrange(40)
        process = subprocess.Popen([sys.executable, "-c", WRITES, *arguments],
                                   stdout=subprocess.PIPE, text=True)  # fmt: skip
        assert process.stdout.readline() == "open\n"
        for _ in range(wanted):
            acknowledged.add(int(process.stdout.readline()))
        time.sleep(chance.random() * 0.01)
        process.kill()
        rest = process.stdout.read().split("\n")
        acknowledged.update(int(line) for line in rest[:-1])
        process.wait()
    StreamingWriter(ice, "events", writer_id=writer_id or None).close()
    found = ids(ice)
    assert len(set(found)) == len(found), "rows came twice"
    assert acknowledged <= set(found), "acknowledged rows are lost"
    in_order = ice.read_table("events")["id"].to_list()
    parts = {}
    for row in in_order:
        assert parts.get(row // 10**6, -1) < row, "a writer's rows are not in its order"
        parts[row // 10**6] = row


def test_a_full_disk_takes_nothing_half(ice, lake):
    code = """
import json, resource, signal, sys
from iceframe import IceFrame
from iceframe.errors import MemoryLimitError
from iceframe.streaming import StreamingWriter
ice = IceFrame(json.loads(sys.argv[1]))
writer = StreamingWriter(ice, "events", 10**6, 10**6)
writer.write({"id": 1})
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
try:
    writer.write([{"id": i, "event": "x" * 100} for i in range(100)])
except MemoryLimitError as error:
    assert "no space is left" in str(error), error
else:
    raise AssertionError
writer.write({"id": 2})
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
writer.write({"id": 3})
writer.close()
"""
    subprocess.run([sys.executable, "-c", code, json.dumps(lake.config)], check=True)
    assert ids(ice) == [1, 2, 3]


def test_a_damaged_log_of_a_named_writer_is_refused(ice, lake, state, capsys):
    code = LEFT.replace(
        "10**6)\n", '10**6, writer_id="w")\nfor i in range(3):\n    writer.write({"id": i})\n'
    )
    done = subprocess.run([sys.executable, "-c", code, json.dumps(lake.config)], check=False)
    assert done.returncode == -signal.SIGKILL
    (log,) = state.rglob("*.log")
    damaged = bytearray(log.read_bytes())
    damaged[300] ^= 0xFF
    log.write_bytes(bytes(damaged))
    with pytest.raises(DataError, match="write-ahead log is damaged"):
        late_writer(ice, writer_id="w")
    assert command(lake, "--list") == 0
    assert "write-ahead log is damaged" in capsys.readouterr().out
    assert command(lake) == 1
    assert "some rows were not brought in" in capsys.readouterr().err
    assert log.exists()
