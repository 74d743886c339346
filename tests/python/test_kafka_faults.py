# SPDX-License-Identifier: Apache-2.0
"""Every message is in the table once, at whichever step of a commit the ingester ends, and whatever
of the catalog and the file system fails meanwhile."""

import contextlib
import pathlib
import shutil
import signal
import sqlite3
import subprocess

import pytest
from kafka_broker import PATIENCE, wait_until
from kafka_runs import Run

#: The last step of each ends the process.
PHASES = {
    "before the data file is there": "publish:.parquet",
    "after the data file": "published:.parquet",
    "before the manifest is there": "published:.parquet,publish:.avro",
    "after the manifest": "published:.parquet,published:.avro",
    "before the manifest list is there": "published:.parquet,published:.avro,publish:.avro",
    "after the manifest list": "published:.parquet,published:.avro,published:.avro",
    "before the metadata file is there": "publish:.metadata.json",
    "before the pointer moves": "published:.metadata.json,write:-wal",
    "while the pointer moves": "published:.metadata.json,wrote:-wal",
    "after the pointer moved": "published:.metadata.json,wrote:-wal,publish:.parquet",
}


@pytest.fixture(scope="module")
def preload(tmp_path_factory) -> str:
    """The library that ends processes and has their writes fail."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("no C compiler")
    library = tmp_path_factory.mktemp("faults") / "file_faults.so"
    source = pathlib.Path(__file__).parent / "file_faults.c"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return str(library)


def test_an_ingester_that_ends_at_any_step_of_a_commit_loses_and_repeats_nothing(
    broker, lake, preload
):
    run = Run(broker, lake, seed=1)
    produced = 0
    for phase, steps in PHASES.items():
        run.produce(200, produced)
        produced += 200
        process = run.start({"LD_PRELOAD": preload, "FILE_FAULTS_KILL": steps}, batch_size=100)
        # The step that follows a commit needs one more.
        while process.poll() is None and steps.endswith(",publish:.parquet"):
            run.produce(10, produced)
            produced += 10
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.5)
        process.wait(PATIENCE)
        assert process.returncode == -signal.SIGKILL, (phase, run.log())
    last = run.start()
    run.wait_for_all([last], produced)
    run.end(last)
    run.check_every_message_once(produced)


def test_an_ingester_whose_writes_fail_loses_and_repeats_nothing(broker, lake, preload):
    run = Run(broker, lake, seed=2)
    run.produce(6000)
    failing = {"LD_PRELOAD": preload, "FILE_FAULTS_RATE": "25"}
    for seed in range(6):
        process = run.start({**failing, "FILE_FAULTS_SEED": str(seed)}, batch_size=100)
        wanted = min(run.committed() + 500, 6000)

        def is_further_or_ended(process=process, wanted=wanted) -> bool:
            return process.poll() is not None or run.committed() >= wanted

        # What fails for good ends the stream; it is started again, as a supervisor would.
        wait_until("it ends or goes on", is_further_or_ended)
        run.end(process, signal.SIGKILL)
    last = run.start()
    run.wait_for_all([last], 6000)
    run.end(last)
    run.check_every_message_once(6000)


def test_a_catalog_that_is_locked_is_waited_for(broker, lake):
    run = Run(broker, lake, seed=3)
    process = run.start(batch_size=100)
    run.produce(500)
    run.wait_for_all([process], 1)
    with contextlib.closing(sqlite3.connect(lake.folder / "catalog.db", timeout=PATIENCE)) as other:
        other.isolation_level = None
        other.execute("BEGIN IMMEDIATE")
        run.produce(500, 500)
        before = run.committed()
        run.check_alive(process)
        assert run.committed() == before
        other.execute("ROLLBACK")
    run.wait_for_all([process], 1000)
    run.end(process)
    run.check_every_message_once(1000)
