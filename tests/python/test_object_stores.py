# SPDX-License-Identifier: Apache-2.0
"""Tables whose files are objects of an S3 store."""

import itertools
import json
import os
import pathlib
import signal
import subprocess
import sys
import textwrap
import threading
import uuid

import pyarrow as pa
import pytest
from s3_server import BUCKET, PATIENCE, ROOT, S3, S3Missing, running_proxy, running_s3

from iceframe import IceFrame
from iceframe.errors import UnauthorizedError, UnavailableError, ValidationError

SCHEMA = {"id": "long", "name": "string"}


@pytest.fixture(scope="module")
def s3(tmp_path_factory):
    try:
        with running_s3(tmp_path_factory.mktemp("s3") / "data") as server:
            yield server
    except S3Missing as missing:
        pytest.skip(f"no S3 server: {missing}")


@pytest.fixture
def config(s3: S3, tmp_path: pathlib.Path) -> dict[str, str]:
    """A catalog of its own with a warehouse of its own."""
    return {
        "type": "sql",
        "uri": f"sqlite:///{tmp_path}/catalog.db",
        "warehouse": f"s3://{BUCKET}/{uuid.uuid4().hex}",
        **s3.properties(),
    }


@pytest.fixture
def proxy(s3: S3):
    with running_proxy(s3.endpoint) as running:
        yield running


def rows(first: int, end: int) -> pa.Table:
    ids = range(first, end)
    return pa.table({"id": pa.array(ids, pa.int64()), "name": [f"n{i}" for i in ids]})


def ids(ice: IceFrame, table: str, **options) -> list[int]:
    return sorted(ice.read_table(table, **options)["id"].to_list())


def make_table(config: dict[str, str], files: int = 1) -> IceFrame:
    ice = IceFrame(config)
    ice.create_namespace("db")
    ice.create_table("db.t", SCHEMA)
    for i in range(files):
        ice.append_to_table("db.t", rows(i * 10, i * 10 + 10))
    return ice


def test_a_table_lives_in_a_bucket(config):
    ice = make_table(config, files=2)
    assert ids(ice, "db.t") == list(range(20))
    assert ids(ice, "db.t", filter_expr="id >= 5 and id < 12") == list(range(5, 12))
    ice.overwrite_table("db.t", rows(100, 103), "id < 10", allow_rows_outside_filter=True)
    assert ids(IceFrame(config), "db.t") == [*range(10, 20), 100, 101, 102]
    ice.drop_table("db.t", purge=True)
    assert not ice.table_exists("db.t")


def test_pyiceberg_reads_and_writes_the_same_table(config):
    from pyiceberg.catalog.sql import SqlCatalog

    ice = make_table(config)
    theirs = SqlCatalog("iceframe", **{k: v for k, v in config.items() if k != "type"})
    table = theirs.load_table("db.t")
    assert sorted(table.scan().to_arrow()["id"].to_pylist()) == list(range(10))
    table.append(rows(10, 15))
    assert ids(ice, "db.t") == list(range(15))


def test_files_are_merged_and_orphans_found_and_deleted(config):
    ice = make_table(config, files=8)
    old = {snapshot.manifest_list for snapshot in ice.get_table("db.t").snapshots()}
    ice.compact_data_files("db.t")
    assert ids(ice, "db.t") == list(range(80))
    orphans = ice.remove_orphan_files("db.t", 0)
    assert orphans == [], "what an older snapshot needs is no orphan"
    ice.expire_snapshots("db.t", 0, 1, delete_files=False)
    found = ice.remove_orphan_files("db.t", 0, False, allow_recent=True)
    assert old <= set(found)
    assert ice.remove_orphan_files("db.t", 0, allow_recent=True) == []
    assert ids(ice, "db.t") == list(range(80))


def test_a_wrong_key_is_refused_by_name_of_the_setting_and_never_shown(config):
    make_table(config)
    wrong = {**config, "s3.secret-access-key": "canary-of-a-secret"}
    with pytest.raises(UnauthorizedError, match=r"s3\.secret-access-key") as caught:
        IceFrame(wrong).read_table("db.t")
    assert "canary-of-a-secret" not in str(caught.value) + repr(IceFrame(wrong))


def test_a_key_that_may_only_read_cannot_write(config):
    make_table(config)
    reader = {
        **config,
        "s3.access-key-id": "icereader",
        "s3.secret-access-key": "icereader-secret",
    }
    ice = IceFrame(reader)
    assert ids(ice, "db.t") == list(range(10))
    with pytest.raises(UnauthorizedError, match="rights"):
        ice.append_to_table("db.t", rows(10, 11))
    assert ids(IceFrame(config), "db.t") == list(range(10))


def test_settings_that_cannot_be_meant_are_refused(config):
    for wrong in (
        {"s3.endpoint": "ftp://host"},
        {"s3.secret-access-key": ""},
        {"s3.anonymous": "perhaps"},
        {"s3.connect-timeout": "soon"},
    ):
        with pytest.raises(ValidationError, match=next(iter(wrong))):
            IceFrame({**config, **wrong})


def test_a_query_asks_for_what_it_needs_and_no_more(config, proxy):
    make_table(config, files=3)
    ice = IceFrame({**config, "s3.endpoint": proxy.endpoint})
    proxy.forget()
    assert ids(ice, "db.t") == list(range(30))
    # Metadata, manifest list, three manifests; each file's tail holds all of a small file.
    assert proxy.methods()["GET"] <= 1 + 1 + 3 + 2 * 3
    # Sizes are asked for of Avro alone: nobody knows a manifest list's.
    others = [path for method, path in proxy.requests if method != "GET"]
    assert all(path.endswith(".avro") for path in others)


def test_many_files_are_read_side_by_side(config, proxy):
    make_table(config, files=20)
    enough = 16
    all_there = threading.Event()
    waiting = itertools.count(1)

    def hold_until_enough_wait(method: str, path: str) -> int | None:
        if path.endswith(".parquet"):
            if next(waiting) == enough:
                all_there.set()
            # Answers come when so many have been asked for; else the read fails.
            return None if all_there.wait(PATIENCE) else 403
        return None

    proxy.before = hold_until_enough_wait
    ice = IceFrame({**config, "s3.endpoint": proxy.endpoint, "s3.request-timeout": "600"})
    assert len(ids(ice, "db.t")) == 200
    assert proxy.most_at_once >= enough


def test_failures_that_pass_are_retried(config, proxy):
    ice = make_table({**config, "s3.endpoint": proxy.endpoint})
    failed = []

    def fail_twice(method: str, path: str) -> int | None:
        if path in failed and failed.count(path) >= 2:
            return None
        failed.append(path)
        return 503

    proxy.before = fail_twice
    assert ids(ice, "db.t") == list(range(10))
    ice.append_to_table("db.t", rows(10, 12))
    assert ids(ice, "db.t") == list(range(12))
    assert failed


def test_a_store_that_only_fails_ends_in_an_error(config, proxy):
    ice = make_table(config)
    down = IceFrame({**config, "s3.endpoint": proxy.endpoint})
    proxy.before = lambda method, path: 503
    with pytest.raises(UnavailableError, match="s3://"):
        down.read_table("db.t")
    assert ids(ice, "db.t") == list(range(10))


def run_python(code: str, config: dict[str, str], timeout: float = PATIENCE) -> str:
    program = "import os, sys, json\nconfig = json.loads(sys.argv[1])\n" + textwrap.dedent(code)
    ended = subprocess.run(
        [sys.executable, "-c", program, json.dumps(config)],
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == ""
    return ended.stdout


def test_a_process_that_used_s3_ends_cleanly(config):
    make_table(config)
    code = """
        from iceframe import IceFrame
        print(len(IceFrame(config).read_table("db.t")))
    """
    assert run_python(code, config) == "10\n"


def test_a_forked_child_reads_over_connections_of_its_own(config):
    make_table(config)
    code = """
        from iceframe import IceFrame
        ice = IceFrame(config)
        assert len(ice.read_table("db.t")) == 10
        child = os.fork()
        if child == 0:
            seen = [len(one.read_table("db.t")) for one in (ice, IceFrame(config))]
            os._exit(0 if seen == [10, 10] else 1)
        assert os.waitpid(child, 0)[1] == 0
        print(len(ice.read_table("db.t")))
    """
    assert run_python(code, config) == "10\n"


def test_ctrl_c_ends_a_read_that_the_store_keeps_waiting(config, proxy):
    make_table(config)
    code = """
        import signal
        from iceframe import IceFrame
        ice = IceFrame(config)
        print("reading", flush=True)
        try:
            ice.read_table("db.t")
        except KeyboardInterrupt:
            os._exit(7)
    """
    reached = threading.Event()
    release = threading.Event()

    def hold(method: str, path: str) -> None:
        reached.set()
        release.wait(PATIENCE)

    proxy.before = hold
    program = "import os, sys, json\nconfig = json.loads(sys.argv[1])\n" + textwrap.dedent(code)
    child = subprocess.Popen(
        [
            sys.executable,
            "-c",
            program,
            json.dumps({**config, "s3.endpoint": proxy.endpoint}),
        ]
    )
    try:
        assert reached.wait(PATIENCE)
        child.send_signal(signal.SIGINT)
        assert child.wait(PATIENCE) == 7
    finally:
        release.set()
        child.kill()


def test_the_contract_of_files_holds_on_s3(s3):
    program = ROOT / "build/release/iceframe_io_test"
    if not program.exists():
        pytest.skip("the C++ tests are not built")
    environment = {**os.environ, "ICEFRAME_TEST_S3_ENDPOINT": s3.endpoint}
    ended = subprocess.run(
        [program, "--gtest_filter=*/s3", "--gtest_brief=1"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert ended.returncode == 0, ended.stdout
