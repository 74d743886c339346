# SPDX-License-Identifier: Apache-2.0
"""Many processes append to one table with default properties: every append lands, once."""

import itertools
import json
import os
import subprocess
import sys
import textwrap
import threading

import pyarrow as pa
from pyiceberg.exceptions import CommitFailedException

NUM_PROCESSES = int(os.environ.get("ICEFRAME_TEST_PROCESSES", "16"))
NUM_APPENDS = int(os.environ.get("ICEFRAME_TEST_APPENDS", "100"))

WRITER = textwrap.dedent(
    """
    import json, sys
    import pyarrow as pa
    from iceframe import IceFrame

    config, writer, count = json.loads(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    ice = IceFrame(config)
    for i in range(count):
        ice.append_to_table("t", pa.table({"id": pa.array([writer * count + i], pa.int64())}))
    """
)


def test_every_append_of_many_processes_lands_once(ice, lake):
    ice.create_table("t", {"id": "long"})
    environment = {**os.environ, "ICEFRAME_EXECUTOR_NUM_THREADS": "1"}
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, json.dumps(lake.config), str(n), str(NUM_APPENDS)],
            env=environment,
            stderr=subprocess.PIPE,
        )
        for n in range(NUM_PROCESSES)
    ]
    for writer in writers:
        _, errors = writer.communicate(timeout=280)
        assert writer.returncode == 0, errors.decode()
    total = NUM_PROCESSES * NUM_APPENDS
    assert sorted(ice.to_arrow("t").to_pydict()["id"]) == list(range(total))
    snapshots = ice.get_table("t").snapshots()
    assert len(snapshots) == total
    for parent, child in itertools.pairwise(snapshots):
        assert child.parent_snapshot_id == parent.snapshot_id
        assert child.sequence_number == parent.sequence_number + 1


def test_pyiceberg_appends_in_the_same_process_and_database(ice, lake):
    """Both hold the database open; each closes connections while the other writes."""
    count = 20
    ice.create_table("t", {"id": "long"})
    errors: list[BaseException] = []

    def rows(i: int) -> pa.Table:
        return pa.table({"id": pa.array([i], pa.int64())})

    def append_ours() -> None:
        for i in range(count):
            lake.open().append_to_table("t", rows(i))

    def append_theirs() -> None:
        for i in range(count, 2 * count):
            catalog = lake.pyiceberg()
            while True:
                try:
                    catalog.load_table("default.t").append(rows(i))
                    break
                except CommitFailedException:
                    continue
            catalog.engine.dispose()

    def run(work) -> None:
        try:
            work()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=[w]) for w in (append_ours, append_theirs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sorted(ice.to_arrow("t").to_pydict()["id"]) == list(range(2 * count))
