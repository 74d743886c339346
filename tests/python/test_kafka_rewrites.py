# SPDX-License-Identifier: Apache-2.0
"""Iceberg's Java library joins a table's files and PyIceberg expires its snapshots, while a topic
flows into it."""

import contextlib
from collections.abc import Iterator

import pytest
from java_iceberg import JavaIceberg, JavaMissing
from kafka_runs import Run
from pyiceberg.exceptions import CommitFailedException


@pytest.fixture(scope="module")
def java() -> Iterator[JavaIceberg]:
    try:
        running = JavaIceberg()
    except JavaMissing as missing:
        pytest.skip(str(missing))
    yield running
    running.close()


def test_a_stream_goes_on_while_others_rewrite_and_expire(broker, lake, java):
    run = Run(broker, lake, seed=5)
    process = run.start(batch_size=50)
    produced, rewritten = 0, 0
    for number in range(2):
        run.produce(300, produced)
        # Some of them are in the table; the others come meanwhile.
        run.wait_for_all([process], produced + 1)
        produced += 300
        # It may meet a commit of the stream's, and comes before or after it.
        rewritten += java.ask(
            "rewrite",
            catalog="lake",
            database=str(lake.folder / "catalog.db"),
            warehouse=f"file://{lake.folder}/warehouse",
            table="default.events",
        )
        table = lake.pyiceberg().load_table("default.events")
        ids = [s.snapshot_id for s in table.snapshots()]
        refs = {ref.snapshot_id for ref in table.metadata.refs.values()}
        expired = [i for i in ids if i not in refs]
        if number == 1 and expired:
            # The stream may be first.
            with contextlib.suppress(CommitFailedException):
                table.maintenance.expire_snapshots().by_ids(expired).commit()
    assert rewritten > 2
    run.wait_for_all([process], produced)
    run.end(process)
    # The last word is Java's: the stream finds its position behind it.
    java.ask(
        "rewrite",
        catalog="lake",
        database=str(lake.folder / "catalog.db"),
        warehouse=f"file://{lake.folder}/warehouse",
        table="default.events",
    )
    last = run.start(batch_size=50)
    run.produce(300, produced)
    run.wait_for_all([last], produced + 300)
    run.end(last)
    run.check_every_message_once(produced + 300)
