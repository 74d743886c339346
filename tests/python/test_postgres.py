# SPDX-License-Identifier: Apache-2.0
"""A catalog in PostgreSQL: the contract of all, PyIceberg beside us, many writers."""

from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess
import sys
import threading

import pyarrow as pa
import pytest
from pyiceberg.exceptions import CommitFailedException

from iceframe import IceFrame
from iceframe.errors import IceFrameError, NotFoundError, UnauthorizedError, ValidationError

ROOT = pathlib.Path(__file__).resolve().parents[2]
CANARY = "canary-91c4"


@pytest.fixture
def config(postgres, tmp_path) -> dict[str, str]:
    """A catalog of its own for one test, in the server's only database."""
    return {"name": tmp_path.name, "uri": postgres.uri, "warehouse": f"file://{tmp_path}/warehouse"}


def test_it_does_what_every_catalog_does(postgres):
    folders = [os.environ.get("ICEFRAME_TOOLS"), ROOT / "build/release", ROOT / "build/dev"]
    programs = [pathlib.Path(folder) / "iceframe_catalog_test" for folder in folders if folder]
    program = next((program for program in programs if program.exists()), None)
    if program is None:
        pytest.skip("iceframe_catalog_test is not built")
    ended = subprocess.run(
        [program, "--gtest_filter=Catalogs/CatalogContract.*/Postgres"],
        env={**os.environ, "ICEFRAME_TEST_POSTGRES": postgres.uri},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert ended.returncode == 0, ended.stdout[-3000:]
    passed = re.search(r"\[  PASSED  \] (\d+) tests", ended.stdout)
    assert passed is not None
    assert int(passed[1]) >= 24


@pytest.mark.parametrize(
    "form",
    [
        "postgresql+psycopg2://iceberg:iceberg@{place}",
        "postgresql://iceberg:iceberg@{place}?application_name=mine",
        "postgres://iceberg@{place}?password=iceberg",
        "jdbc:postgresql://{place}?user=iceberg&password=iceberg",
    ],
)
def test_uris_of_all_kinds(config, postgres, form):
    ice = IceFrame({**config, "uri": form.format(place=f"127.0.0.1:{postgres.port}/iceberg")})
    assert ice.list_tables() == []
    ice.create_table("t", {"id": "long"})
    ice.append_to_table("t", {"id": [1, 2, 3]})
    assert ice.read_table("t", filter="id > 1")["id"].to_list() == [2, 3]
    assert "postgresql://iceberg@127.0.0.1" in repr(ice)
    ice.drop_table("t")
    assert ice.list_tables() == []


def test_errors_name_the_place_and_never_the_password(config, postgres):
    place = f"127.0.0.1:{postgres.port}"
    for uri, kind, words in [
        (f"postgresql://iceberg:{CANARY}@{place}/iceberg", UnauthorizedError, "authentication"),
        (f"postgresql://iceberg:iceberg@{place}/none?sslpassword={CANARY}", NotFoundError, "none"),
        (f"postgresql://u:{CANARY}@{place}/d?sslmod=x", ValidationError, "sslmod"),
        (f"postgresql://u:{CANARY}@{place}x/d", ValidationError, "port"),
        (f"postgresql://u:{CANARY}@127.0.0.1:1/d", IceFrameError, "127.0.0.1"),
    ]:
        with pytest.raises(kind) as caught:
            IceFrame({**config, "uri": uri}).list_tables()
        assert words in str(caught.value)
        assert CANARY not in f"{caught.value}{caught.value!r}{dict(caught.value.context)}"


def test_pyiceberg_uses_the_same_catalog_at_the_same_time(config):
    sql = pytest.importorskip("pyiceberg.catalog.sql")
    pytest.importorskip("psycopg2")
    theirs = sql.SqlCatalog(config["name"], uri=config["uri"], warehouse=config["warehouse"])
    ice = IceFrame(config)
    theirs.create_namespace("a", {"owner": "they"})
    assert ice.catalog.load_namespace_properties("a") == {"owner": "they"}
    theirs.create_table("a.theirs", pa.schema([("id", pa.int64())]))
    ice.create_table("a.ours", {"id": "long"})
    assert ice.list_tables("a") == ["a.ours", "a.theirs"]
    assert sorted(theirs.list_tables("a")) == [("a", "ours"), ("a", "theirs")]
    num_rounds = 10
    errors: list[BaseException] = []

    def append_ours() -> None:
        for i in range(num_rounds):
            ice.append_to_table("a.theirs", {"id": [i]})

    def append_theirs() -> None:
        for i in range(num_rounds, 2 * num_rounds):
            while True:
                try:
                    rows = pa.table({"id": pa.array([i], pa.int64())})
                    theirs.load_table("a.theirs").append(rows)
                    break
                except CommitFailedException:
                    continue

    run_together([append_ours, append_theirs], errors)
    assert sorted(ice.read_table("a.theirs")["id"].to_list()) == list(range(2 * num_rounds))
    assert theirs.load_table("a.theirs").scan().to_arrow().num_rows == 2 * num_rounds
    theirs.engine.dispose()


def run_together(works, errors) -> None:
    """Runs each in a thread, and raises what went wrong in one."""

    def run(work) -> None:
        try:
            work()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def server_processes(config) -> set[int]:
    """Those that serve the test of forks."""
    psycopg2 = pytest.importorskip("psycopg2")
    connection = psycopg2.connect(config["uri"].replace("+psycopg2", ""))
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE application_name = 'forking'")
        found = {pid for (pid,) in cursor.fetchall()}
    connection.close()
    return found


def test_a_forked_child_connects_anew(config):
    """What it inherited is the parent's, which goes on with it."""
    ice = IceFrame({**config, "uri": config["uri"] + "?application_name=forking"})
    ice.create_table("t", {"id": "long"})
    before = server_processes(config)
    assert before
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            status = 0 if ice.list_tables() == ["default.t"] else 2
        finally:
            os._exit(status)
    assert os.waitpid(pid, 0)[1] == 0
    ice.append_to_table("t", {"id": [1]})
    assert ice.read_table("t")["id"].to_list() == [1]
    assert before <= server_processes(config)


WRITER = """
import json, sys
from iceframe import IceFrame
config, writer, count = json.loads(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
ice = IceFrame(config)
for i in range(count):
    ice.append_to_table("t", {"id": [writer * count + i]})
"""


def test_every_append_of_many_processes_lands_once(config):
    num_writers = int(os.environ.get("ICEFRAME_TEST_PROCESSES", "16"))
    count = int(os.environ.get("ICEFRAME_TEST_APPENDS", "100"))
    ice = IceFrame(config)
    ice.create_table("t", {"id": "long"})
    environment = {**os.environ, "ICEFRAME_EXECUTOR_NUM_THREADS": "1"}
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, json.dumps(config), str(n), str(count)],
            env=environment,
            stderr=subprocess.PIPE,
        )
        for n in range(num_writers)
    ]
    for writer in writers:
        _, errors = writer.communicate(timeout=600)
        assert writer.returncode == 0, errors.decode()
    total = num_writers * count
    assert sorted(ice.read_table("t")["id"].to_list()) == list(range(total))
    snapshots = ice.get_table("t").snapshots()
    assert [s.sequence_number for s in snapshots] == list(range(1, total + 1))
