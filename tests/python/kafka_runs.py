# SPDX-License-Identifier: Apache-2.0
"""Ingesters that are killed and stopped while a topic flows into a table, and the proof that every
message is in it once."""

import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from conftest import Lake
from kafka_broker import PATIENCE, Broker, wait_until

from iceframe import IceFrame

SCHEMA = {"id": "long", "text": "string", "part": "int", "off": "long"}
OPTIONS = {"message_columns": {"partition": "part", "offset": "off"}, "max_latency_seconds": 0.5}


class Run:
    """A topic, a table, and the processes between them."""

    def __init__(self, broker: Broker, lake: Lake, seed: int, partitions: int = 4) -> None:
        self.broker, self.lake = broker, lake
        self.random = random.Random(seed)
        self.topic = f"run-{uuid.uuid4().hex[:12]}"
        self.ice: IceFrame = lake.open()
        self.ice.create_table("events", SCHEMA)
        broker.create_topic(self.topic, partitions)
        self.config = {
            "bootstrap_servers": broker.address,
            "group_id": f"group-{self.topic}",
            "auto_offset_reset": "earliest",
            "session_timeout_ms": 6000,
            "heartbeat_interval_ms": 500,
        }

    def produce(self, count: int, first: int = 0) -> None:
        values = ({"id": i, "text": f"text of {i}"} for i in range(first, first + count))
        self.broker.produce(self.topic, values)

    def start(
        self, environment: Mapping[str, str] = MappingProxyType({}), **options: object
    ) -> subprocess.Popen[str]:
        """Starts an ingester; it is known again after a crash if its state folder is the same."""
        state = {"XDG_STATE_HOME": str(self.lake.folder / "state")}
        environment = {**os.environ, **state, **environment}
        arguments = [self.lake.config, self.config, {**OPTIONS, **options}]
        catalog, config, given = map(json.dumps, arguments)
        log = (self.lake.folder / "ingesters.log").open("a")
        script = pathlib.Path(__file__).parent / "kafka_ingester.py"
        process = subprocess.Popen(
            [sys.executable, script, catalog, self.topic, config, given],
            stdout=log, stderr=log, env=environment, text=True,
        )  # fmt: skip
        log.close()
        return process

    def log(self) -> str:
        return (self.lake.folder / "ingesters.log").read_text()[-3000:]

    def committed(self) -> int:
        """Returns how many messages the table has, by its position."""
        snapshot = self.ice.get_table("events").current_snapshot()
        if snapshot is None:
            return 0
        text = snapshot.summary.get(f"iceframe.stream.{self.config['group_id']}.offsets")
        if text is None:
            # A snapshot of other software: each message is a row.
            return self.ice.count_rows("events")
        return sum(json.loads(text).get(self.topic, {}).values())

    def check_alive(self, process: subprocess.Popen[str]) -> None:
        assert process.poll() is None, self.log()

    def wait_for_commit(self, process: subprocess.Popen[str], produced: int) -> None:
        """Waits for one more commit, or for all that was produced, if it is there already."""
        before = self.committed()

        def is_further() -> bool:
            self.check_alive(process)
            return self.committed() > min(before, produced - 1)

        wait_until("the table is further", is_further)

    def wait_for_all(self, processes: Iterable[subprocess.Popen[str]], count: int) -> None:
        processes = list(processes)

        def is_done() -> bool:
            for process in processes:
                self.check_alive(process)
            return self.committed() >= count

        wait_until(f"all {count} messages are committed", is_done)

    def end(self, process: subprocess.Popen[str], number: int = signal.SIGTERM) -> None:
        process.send_signal(number)
        process.wait(PATIENCE)

    def check_every_message_once(self, count: int) -> None:
        """Compares (partition, offset) and the ids with what was produced, as sets and by count."""
        table = self.ice.read_table("events", ["id", "part", "off"])
        assert table.height == count
        assert sorted(table["id"].to_list()) == list(range(count))
        ends = self.broker.ends(self.topic)
        assert sum(ends.values()) == count
        expected = {(part, off) for part, end in ends.items() for off in range(end)}
        assert set(table.select("part", "off").iter_rows()) == expected


def kill_while_it_runs(run: Run, count: int, kills: int, **options: object) -> int:
    """Kills ingesters so often while messages come, then lets one finish.

    Half of the kills come at any time from the start of the process on; half come within or between
    the commits that follow its first one. Returns how many commits there were.
    """
    slices = 4
    portion = count // (kills + 1) // slices
    produced = 0
    for number in range(kills):
        process = run.start(**options)
        cut = run.random.randrange(slices)
        for index in range(slices):
            run.produce(portion, produced)
            produced += portion
            if index != cut:
                continue
            if number % 2 == 0:
                time.sleep(run.random.uniform(0, 1.5))
            else:
                run.wait_for_commit(process, produced)
                time.sleep(run.random.uniform(0, 0.05))
            run.check_alive(process)
            run.end(process, signal.SIGKILL)
    last = run.start(**options)
    run.produce(count - produced, produced)
    run.wait_for_all([last], count)
    run.end(last)
    run.check_every_message_once(count)
    return len(run.ice.get_table("events").snapshots())
