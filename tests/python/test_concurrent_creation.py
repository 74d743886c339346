# SPDX-License-Identifier: Apache-2.0
"""Many create the same table at once, and all get it."""

import json
import subprocess
import sys
import threading

import pytest

from iceframe.errors import AlreadyExistsError

CREATE = """
import json, sys
from iceframe import IceFrame
config = json.loads(sys.argv[1])
sys.stdin.readline()
ice = IceFrame(config)
for number in range(3):
    table = ice.create_table(f"space.t{number}", {"id": "long"}, exist_ok=True)
    print(table.name()[1], flush=True)
"""


def at_once(work, num_threads=8):
    barrier = threading.Barrier(num_threads)
    errors = []

    def run():
        barrier.wait()
        try:
            work()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(num_threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def test_threads_of_one_session(ice):
    for number in range(10):
        name = f"space{number}.t"
        assert not at_once(lambda name=name: ice.create_table(name, {"id": "long"}, exist_ok=True))
        assert ice.count_rows(name) == 0


def test_threads_with_sessions_of_their_own(lake):
    for number in range(5):
        name = f"space{number}.t"
        errors = at_once(
            lambda name=name: lake.open().create_table(name, {"id": "long"}, exist_ok=True)
        )
        assert not errors
        assert lake.open().count_rows(name) == 0


def test_one_is_first_where_existing_is_an_error(ice):
    errors = at_once(lambda: ice.create_table("t", {"id": "long"}))
    assert [type(error) for error in errors] == [AlreadyExistsError] * 7


def test_processes(lake):
    command = [sys.executable, "-c", CREATE, json.dumps(lake.config)]
    children = [
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for child in children:
        child.stdin.write("\n")
        child.stdin.flush()
    for child in children:
        out, err = child.communicate(timeout=120)
        assert out.split() == ["t0", "t1", "t2"], err
    assert lake.open().list_tables("space") == ["space.t0", "space.t1", "space.t2"]


def test_a_table_that_is_there_needs_no_schema_that_can_be_read(ice):
    ice.create_table("t", {"id": "long"})
    assert ice.create_table("t", None, exist_ok=True).name() == ("default", "t")
    with pytest.raises(AlreadyExistsError):
        ice.create_table("t", {"id": "long"})
