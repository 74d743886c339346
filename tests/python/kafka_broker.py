# SPDX-License-Identifier: Apache-2.0
"""A real Kafka broker that the tests start and kill, and what they do to it."""

import contextlib
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "tests/servers/kafka.sh"
#: A slow machine takes this long at most for anything that is waited for.
PATIENCE = 240


class BrokerMissing(Exception):
    """Java, Maven or the broker's packages can't be had."""


def wait_until(what: str, is_so: Callable[[], object], patience: float = PATIENCE) -> None:
    """Waits until `is_so()`, and fails naming `what` when that takes too long."""
    end = time.monotonic() + patience
    while not is_so():
        assert time.monotonic() < end, f"not within {patience} s: {what}"
        time.sleep(0.05)


def free_port() -> int:
    """Returns a port that is free, and the one after it too."""
    while True:
        port = random.randrange(20_000, 32_000, 2)
        with contextlib.suppress(OSError), socket.socket() as one, socket.socket() as other:
            one.bind(("127.0.0.1", port))
            other.bind(("127.0.0.1", port + 1))
            return port


class Broker:
    """One broker in a folder; it keeps its topics over stop and start."""

    def __init__(self, folder: pathlib.Path) -> None:
        for program in ("java", "mvn", "bash"):
            if shutil.which(program) is None:
                raise BrokerMissing(f"{program} is not installed")
        fetched = subprocess.run(
            ["bash", SCRIPT, "install"], capture_output=True, text=True, timeout=600
        )
        if fetched.returncode != 0:
            raise BrokerMissing("Maven can't get Kafka's packages: " + fetched.stderr[-300:])
        self.folder = folder
        # Somebody else may be faster to take the port.
        for _ in range(5):
            self.port = free_port()
            if (failure := self._try_to_start()) is None:
                return
            shutil.rmtree(self.folder, ignore_errors=True)  # a new port makes a new cluster
        raise AssertionError(failure)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        return int((self.folder / "pid").read_text())

    def start(self) -> None:
        assert (failure := self._try_to_start()) is None, failure

    def _try_to_start(self) -> str | None:
        """Starts it; returns what it said where it did not come up."""
        environment = {**os.environ, "KAFKA_AUTO_CREATE": "false"}
        command = ["bash", SCRIPT, "start", self.folder, str(self.port)]
        with (self.folder.parent / "start.log").open("w") as log:
            # Its output is a file: the broker inherits it, and a pipe would never end.
            started = subprocess.run(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environment
            )
        if started.returncode == 0:
            return None
        return (self.folder.parent / "start.log").read_text()

    def stop(self) -> None:
        subprocess.run(["bash", SCRIPT, "stop", self.folder], check=True)

    def kill(self) -> None:
        """Ends it as a power cut does, but for the disk."""
        pid = self.pid
        os.kill(pid, signal.SIGKILL)
        wait_until("the broker is gone", lambda: not _is_alive(pid))

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    # -- topics and messages ---------------------------------------------------------------------

    def admin(self):
        from confluent_kafka.admin import AdminClient

        # Kept: its requests end with it.
        self._admin = AdminClient({"bootstrap.servers": self.address, "log_level": 0})
        return self._admin

    def create_topic(self, name: str, partitions: int = 1, **config: str) -> None:
        from confluent_kafka.admin import NewTopic

        topic = NewTopic(name, partitions, 1, config=config)

        def created() -> bool:
            # A topic that was deleted a moment ago may still be there.
            with contextlib.suppress(Exception):
                self.admin().create_topics([topic])[name].result(PATIENCE)
                return True
            return False

        wait_until(f"topic {name} is made", created)

    def delete_topic(self, name: str) -> None:
        self.admin().delete_topics([name])[name].result(PATIENCE)

    def add_partitions(self, name: str, total: int) -> None:
        from confluent_kafka.admin import NewPartitions

        self.admin().create_partitions([NewPartitions(name, total)])[name].result(PATIENCE)

    def delete_messages(self, name: str, partition: int, before: int) -> None:
        """Has the topic begin at an offset, as retention does."""
        from confluent_kafka import TopicPartition

        one = TopicPartition(name, partition, before)
        self.admin().delete_records([one])[one].result(PATIENCE)

    def producer(self, **config: object):
        from confluent_kafka import Producer

        return Producer(
            {
                "bootstrap.servers": self.address,
                "enable.idempotence": True,
                "linger.ms": 5,
                "queue.buffering.max.messages": 1_000_000,
                "message.timeout.ms": PATIENCE * 1000,
                "log_level": 0,  # nothing of a broker that is stopped
                **config,
            }
        )

    def produce(self, topic: str, values: Iterable[object], partition: int | None = None) -> None:
        """Sends values, as JSON where they are no bytes, and waits until the broker has them."""
        producer = self.producer()
        where = {} if partition is None else {"partition": partition}
        for value in values:
            payload = value if isinstance(value, bytes) else json.dumps(value).encode()
            while True:
                with contextlib.suppress(BufferError):
                    producer.produce(topic, payload, **where)
                    break
                producer.poll(0.1)
        assert producer.flush(PATIENCE) == 0

    def ends(self, topic: str, committed: bool = True) -> dict[int, int]:
        """Returns the end of each partition."""
        from confluent_kafka import Consumer, TopicPartition

        consumer = Consumer({"bootstrap.servers": self.address, "group.id": "ends"})
        try:
            known = consumer.list_topics(topic, timeout=PATIENCE).topics[topic].partitions
            return {
                number: consumer.get_watermark_offsets(
                    TopicPartition(topic, number), timeout=PATIENCE
                )[1]
                for number in known
            }
        finally:
            consumer.close()


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return not pathlib.Path(f"/proc/{pid}/stat").read_text().split(") ")[1].startswith("Z")


@contextlib.contextmanager
def running_broker(folder: pathlib.Path) -> Iterator[Broker]:
    broker = Broker(folder)
    try:
        yield broker
    finally:
        with contextlib.suppress(ProcessLookupError):
            broker.signal(signal.SIGCONT)
        broker.stop()
