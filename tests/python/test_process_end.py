# SPDX-License-Identifier: Apache-2.0
"""Children of fork() work; the interpreter ends cleanly with work in flight; nothing is printed."""

import json
import multiprocessing
import os
import subprocess
import sys
import textwrap

import pytest

from iceframe import IceFrame

pytestmark = pytest.mark.needs_pyarrow  # The programs read with it.

NUM_RUNS = int(os.environ.get("ICEFRAME_TEST_EXITS", "10"))

SCHEMA = {"id": "long", "text": "string"}


def rows(begin: int, count: int) -> dict[str, list]:
    ids = list(range(begin, begin + count))
    return {"id": ids, "text": [f"text {i}" for i in ids]}


def ids_of(ice: IceFrame) -> list[int]:
    return sorted(ice.to_arrow("t", ["id"]).to_pydict()["id"])


def use_in_child(ice: IceFrame, config: dict[str, str], number: int, queue) -> None:
    """Scans and appends with the inherited session, then with one of its own."""
    try:
        queue.put((number, "inherited", len([i for i in ids_of(ice) if i < 10_000])))
        ice.append_to_table("t", rows(10_000 + number * 100, 50))
        fresh = IceFrame(config)
        queue.put((number, "fresh", len([i for i in ids_of(fresh) if i < 10_000])))
        fresh.append_to_table("t", rows(10_050 + number * 100, 50))
        queue.put((number, "end", 0))
    except BaseException as error:
        queue.put((number, repr(error), -1))
        raise


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_children_of_fork_scan_and_append_with_old_and_new_sessions(ice, lake):
    ice.create_table("t", SCHEMA)
    for begin in range(0, 10_000, 2_500):
        ice.append_to_table("t", rows(begin, 2_500))
    assert ids_of(ice) == list(range(10_000))
    half_read = ice.scan_batches("t", batch_size=10)
    next(half_read)
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    children = [
        context.Process(target=use_in_child, args=(ice, lake.config, number, queue))
        for number in range(3)
    ]
    for child in children:
        child.start()
    said = [queue.get(timeout=60) for _ in range(9)]
    for child in children:
        child.join(60)
    assert [child.exitcode for child in children] == [0, 0, 0]
    assert sorted(said) == sorted(
        (number, what, count)
        for number in range(3)
        for what, count in (("inherited", 10_000), ("fresh", 10_000), ("end", 0))
    )
    assert ids_of(ice) == [*range(10_000), *range(10_000, 10_300)]
    assert sum(batch.num_rows for batch in half_read) == 9_990


PRELUDE = textwrap.dedent(
    """
    import json, logging, os, sys, threading, time
    import pyarrow as pa
    from iceframe import IceFrame

    ice = IceFrame(json.loads(sys.argv[1]))
    schema = pa.schema([("id", pa.int64())])

    def batches():
        while True:
            yield pa.record_batch({"id": list(range(1000))}, schema)
            time.sleep(0.001)

    def in_thread(work, daemon=True):
        threading.Thread(target=work, daemon=daemon).start()
        time.sleep(0.05)

    def append():
        data = pa.RecordBatchReader.from_batches(schema, batches())
        ice.append_to_table("sink", data, progress=lambda news: None)

    def scan():
        while True:
            ice.to_arrow("t", progress=lambda news: None)
    """
)

PROGRAMS = {
    "a_scan_half_read": "half = ice.scan_batches('t', batch_size=10); next(half)",
    "a_stream_half_read": """
        half = pa.RecordBatchReader.from_stream(ice.scan("t", batch_size=10))
        half.read_next_batch()
    """,
    "a_scan_half_read_in_a_cycle": """
        half = [ice.scan("t", batch_size=10)]
        half[0].next_batch()
        half.append(half)
    """,
    "a_thread_that_scans": "in_thread(scan)",
    "a_thread_that_appends": "in_thread(append)",
    "many_threads": "[in_thread(work) for work in (scan, append, scan)]",
    "a_thread_that_scans_a_stream": """
        def scan_stream():
            while True:
                pa.table(ice.scan("t"))

        in_thread(scan_stream)
    """,
    "a_call_from_atexit": """
        import atexit
        half = ice.scan_batches("t", batch_size=10)
        next(half)
        atexit.register(lambda: ice.to_arrow("t", limit=1))
    """,
    "a_thread_and_exit_by_an_error": "in_thread(scan); sys.exit(0)",
    "a_forked_child": """
        half = ice.scan_batches("t", batch_size=10)
        next(half)
        in_thread(scan)
        child = os.fork()
        if child == 0:
            ice.to_arrow("t", limit=1)
            sys.exit(0)
        assert os.waitpid(child, 0)[1] == 0
    """,
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_interpreter_ends_cleanly_with_work_in_flight(ice, lake, name):
    ice.create_table("t", {"id": "long"})
    ice.append_to_table("t", {"id": list(range(200_000))})
    ice.create_table("sink", {"id": "long"})
    program = PRELUDE + textwrap.dedent(PROGRAMS[name])
    command = [sys.executable, "-W", "ignore", "-c", program, json.dumps(lake.config)]
    for _ in range(NUM_RUNS):
        ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert ice.to_arrow("sink").num_rows == 0
    left = [path for path in (lake.folder / "warehouse/default/sink").rglob("*") if path.is_file()]
    assert [path for path in left if path.parent.name != "metadata"] == []
