# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C while a program plans, scans or appends: KeyboardInterrupt at once, nothing is left."""

import json
import os
import pathlib
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time

import polars as pl
import pyarrow as pa
import pytest
from conftest import Lake

from iceframe.errors import CancelledError, IceFrameError

LIMIT_SECONDS = 0.5

PRELUDE = textwrap.dedent(
    """
    import json, sys, time
    import pyarrow as pa
    from iceframe import IceFrame, _native

    ice = IceFrame(json.loads(sys.argv[1]))
    schema = pa.schema([("id", pa.int64()), ("text", pa.string())])

    def rows(begin, count):
        ids = range(begin, begin + count)
        return pa.record_batch({"id": ids, "text": [f"text {i}" * 4 for i in ids]}, schema)

    def batches(pause, count=1_000_000):
        for i in range(count):
            if i == 3:
                print("running", flush=True)
            yield rows(i * 1000, 1000)
            time.sleep(pause)

    def appended(pause):
        return pa.RecordBatchReader.from_batches(schema, batches(pause))

    def ended():
        return _native.num_tasks() == 0 and ice._session.memory_used_bytes() == 0

    def interrupted(work):
        try:
            work()
        except KeyboardInterrupt:
            stopped = time.time()
        else:
            stopped = None
        until = time.monotonic() + 30
        while not ended() and time.monotonic() < until:
            time.sleep(0.001)
        print(json.dumps({
            "stopped": stopped,
            "tasks": _native.num_tasks(),
            "memory": ice._session.memory_used_bytes(),
            "rows": ice.to_arrow("t", ["id"]).num_rows,
        }), flush=True)
    """
)

PROGRAMS = {
    "append_from_a_fast_source": "interrupted(lambda: ice.append_to_table('t', appended(0)))",
    "append_from_a_slow_source": "interrupted(lambda: ice.append_to_table('t', appended(0.05)))",
    "append_from_a_stuck_source": """
        def stuck():
            yield rows(0, 1000)
            print("running", flush=True)
            time.sleep(60)

        stuck = pa.RecordBatchReader.from_batches(schema, stuck())
        interrupted(lambda: ice.append_to_table("t", stuck))
    """,
    "scan_to_arrow": """
        def scan():
            print("running", flush=True)
            while True:
                ice.to_arrow("t")

        interrupted(scan)
    """,
    "scan_by_batches": """
        def scan():
            print("running", flush=True)
            while True:
                for batch in ice.scan_batches("t", batch_size=100):
                    pass

        interrupted(scan)
    """,
    "scan_through_the_arrow_stream": """
        pa.table(ice.scan("t", limit=1))  # imports pandas, in which an interrupt can be lost

        def scan():
            print("running", flush=True)
            while True:
                # The reader may raise an error of its own first; the interrupt comes right behind.
                try:
                    pa.table(ice.scan("t"))
                except pa.ArrowInvalid as error:
                    assert "interrupted" in str(error), error
                    time.sleep(1)

        interrupted(scan)
    """,
    "plan": """
        def plan():
            print("running", flush=True)
            while True:
                ice.to_arrow("many", filter_expr="id = -1")

        interrupted(plan)
    """,
}


def files_below(folder: pathlib.Path) -> set[str]:
    return {str(path) for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A table of a million rows, and one of many files."""
    lake = Lake(tmp_path_factory.mktemp("lake"))
    (lake.folder / "warehouse").mkdir()
    ice = lake.open()
    ids = range(1_000_000)
    rows = pa.table({"id": ids, "text": [f"text {i}" * 4 for i in ids]})
    ice.create_table("t", rows.schema)
    ice.append_to_table("t", rows)
    ice.create_table("many", {"id": "long"}, partition_spec=[("id", "identity")])
    ice.append_to_table("many", {"id": list(range(500))})
    return lake


@pytest.mark.parametrize("name", PROGRAMS)
def test_an_interrupt_ends_it_and_leaves_nothing(filled, name):
    before = files_below(filled.folder / "warehouse")
    program = PRELUDE + textwrap.dedent(PROGRAMS[name])
    command = [sys.executable, "-c", program, json.dumps(filled.config)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            line = process.stdout.readline()
            assert line == "running\n", process.stderr.read()
            time.sleep(0.2)
            sent = time.time()
            process.send_signal(signal.SIGINT)
            out, errors = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 0, errors
    assert errors == ""
    seen = json.loads(out)
    assert seen["stopped"] is not None, "it ended before the interrupt"
    assert seen["stopped"] - sent < LIMIT_SECONDS
    assert seen["tasks"] == 0
    assert seen["memory"] == 0
    assert seen["rows"] == 1_000_000
    assert files_below(filled.folder / "warehouse") == before


def test_a_stream_can_be_cancelled_from_another_thread(filled):
    stream = filled.open().scan("t", batch_size=100)
    assert stream.next_batch() is not None
    stream.cancel()
    with pytest.raises(CancelledError):
        stream.next_batch()


INTERRUPTS_AN_IMPORT = """
import os, signal, sys

class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == os.environ["INTERRUPT_AT"]:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupt())
"""


@pytest.mark.parametrize("module", ["iceframe._native", "iceframe.frame", "iceframe.cli.commands"])
@pytest.mark.parametrize("as_module", [True, False])
def test_the_command_that_is_loading_stops_without_a_traceback(
    tmp_path: pathlib.Path, module: str, as_module: bool
) -> None:
    (tmp_path / "sitecustomize.py").write_text(INTERRUPTS_AN_IMPORT)
    script = pathlib.Path(sys.executable).with_name("iceframe")
    command = [sys.executable, "-m", "iceframe"] if as_module else [str(script)]
    ended = subprocess.run(
        [*command, "list"],
        env={**os.environ, "PYTHONPATH": str(tmp_path), "INTERRUPT_AT": module},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "")


def test_a_program_of_another_name_gets_its_keyboard_interrupt() -> None:
    program = "import signal, iceframe; print(signal.getsignal(signal.SIGINT))"
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "default_int_handler" in ended.stdout


COMMITTING = """
    data = rows(0, 10)
    print("running", flush=True)
    began = time.time()
    try:
        ice.append_to_table("t", data)
        end = None
    except KeyboardInterrupt as error:
        end = getattr(error, "__notes__", [])
    print(json.dumps({"notes": end, "seconds": time.time() - began}), flush=True)
"""


@pytest.mark.parametrize("seconds", [0.5, 7])
def test_an_interrupt_while_a_commit_is_under_way_says_what_became_of_it(lake, seconds):
    ice = lake.open()
    ice.create_table("t", {"id": "long", "text": "string"})
    other = sqlite3.connect(lake.folder / "catalog.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    program = PRELUDE + textwrap.dedent(COMMITTING)
    command = [sys.executable, "-c", program, json.dumps(lake.config)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            assert process.stdout.readline() == "running\n"
            # The new metadata file is the last that is written before the catalog is asked.
            metadata = lake.folder / "warehouse"
            while len(list(metadata.rglob("*.metadata.json"))) < 2 and process.poll() is None:
                time.sleep(0.01)
            time.sleep(0.2)
            process.send_signal(signal.SIGINT)
            if seconds < 5:
                time.sleep(seconds)
                other.execute("ROLLBACK")
            out, errors = process.communicate(timeout=60)
        finally:
            process.kill()
    other.close()
    assert process.returncode == 0, errors
    seen = json.loads(out)
    (note,) = seen["notes"]
    snapshot = ice.get_table("t").current_snapshot_id
    if seconds < 5:
        assert note == f"the commit to t landed before: snapshot {snapshot}"
        assert ice.count_rows("t") == 10
    else:
        assert note in ("nothing was committed to t",) or note.startswith("the state of the commit")
        assert snapshot is None
        assert seen["seconds"] > 5


class Stream:
    """What gives its rows through the C interface alone, so that exceptions become text."""

    def __init__(self, reader):
        self.reader = reader

    def __arrow_c_stream__(self, requested_schema=None):
        return self.reader.__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize("give", ["rows", "columns", "generator", "column", "frames", "stream"])
def test_a_word_in_the_data_is_no_interrupt(ice, give):
    word = "KeyboardInterrupt"
    ice.create_table("t", {"a": "long"})

    def batches():
        yield pa.record_batch({"a": [1]})
        raise ValueError(f"bad line:\n{word}")

    data = {
        "rows": [{"a": word}],
        "columns": {"a": [word]},
        "generator": ({"a": value} for value in [1, word]),
        "column": {word: [1]},
        "frames": [pl.DataFrame({word: [1]})],
        "stream": Stream(pa.RecordBatchReader.from_batches(pa.schema([("a", "int64")]), batches())),
    }[give]
    with pytest.raises(IceFrameError, match=word):
        ice.append_to_table("t", data)


def test_an_interrupt_inside_of_a_stream_of_others_is_raised(ice):
    ice.create_table("t", {"a": "long"})

    def batches():
        yield pa.record_batch({"a": [1]})
        signal.raise_signal(signal.SIGINT)
        yield pa.record_batch({"a": [2]})

    data = Stream(pa.RecordBatchReader.from_batches(pa.schema([("a", "int64")]), batches()))
    with pytest.raises(KeyboardInterrupt):
        ice.append_to_table("t", data)
    assert ice.count_rows("t") == 0
