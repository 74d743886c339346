# SPDX-License-Identifier: Apache-2.0
"""Memory of a process that streams for a long time: a Kafka topic and a StreamingWriter at once.

MINUTES=10 python bench/python/streaming_soak.py
Each brings 20 000 rows a second into a table of its own, with a commit every second or so, and
small files are joined beside them, into files of 8 MB: what a compaction holds grows with what it
joins, and so is at its highest after a minute or two. Another process fills the topic.

The process's memory is looked at every second; its median and its highest in each minute are
printed, and the exit status says whether the medians of the second half of the time are no more
than those of the first one, its first minute left out, within 5 % on average.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

from iceframe import IceFrame
from iceframe.streaming import StreamingWriter, stream_from_kafka

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "python"))

MINUTES = float(os.environ.get("MINUTES", "10"))
ROWS_PER_SECOND = 20_000
COLUMNS = {"id": "long", "user": "string", "value": "double"}
PROPERTIES = {"write.target-file-size-bytes": str(8 << 20)}
SLACK = 1.05


def row(number: int) -> dict[str, object]:
    return {"id": number, "user": f"user {number % 1000}", "value": number * 0.5}


def paced(until: float):
    """Yields the numbers of a tenth of a second's rows, each when they are due."""
    step = ROWS_PER_SECOND // 10
    begin = time.monotonic()
    number = 0
    while (now := time.monotonic()) < until:
        due = begin + number / ROWS_PER_SECOND
        if now < due:
            time.sleep(due - now)
        yield range(number, number + step)
        number += step


def fill_topic(address: str, seconds: float) -> None:
    from confluent_kafka import Producer

    producer = Producer({"bootstrap.servers": address, "linger.ms": 5})
    until = time.monotonic() + seconds
    for numbers in paced(until):
        for number in numbers:
            producer.produce("events", json.dumps(row(number)).encode())
        producer.poll(0)
    producer.flush(60)


def write_rows(ice: IceFrame, until: float) -> int:
    written = 0
    with StreamingWriter(ice, "written", batch_size=20_000, flush_interval_seconds=1) as writer:
        writer.enable_auto_compaction(20)
        for numbers in paced(until):
            writer.write([row(number) for number in numbers], wait=False)
            written += len(numbers)
    return written


def rss_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def rss_by_minute(begin: float, until: float) -> list[list[float]]:
    seen: list[list[float]] = []
    while (now := time.monotonic()) < until:
        minute = int((now - begin) // 60)
        seen += [[] for _ in range(minute + 1 - len(seen))]
        seen[minute].append(rss_mb())
        time.sleep(1)
    return seen


def soak(folder: str, address: str) -> bool:
    os.environ["ICEFRAME_STREAMING_STATE_FOLDER"] = f"{folder}/state"
    ice = IceFrame({"uri": f"sqlite:///{folder}/catalog.db", "warehouse": f"file://{folder}/lake"})
    for table in ("streamed", "written"):
        ice.create_table(table, COLUMNS, properties=PROPERTIES)
    begin = time.monotonic()
    until = begin + MINUTES * 60
    filler = multiprocessing.get_context("spawn").Process(
        target=fill_topic, args=(address, MINUTES * 60)
    )
    filler.start()
    config = {"bootstrap_servers": address, "group_id": "soak", "auto_offset_reset": "earliest"}
    handle = stream_from_kafka(
        ice, "events", "streamed", config, 20_000, max_latency_seconds=1, background=True
    )
    handle.enable_auto_compaction(20)
    written: list[int] = []
    writer = threading.Thread(target=lambda: written.append(write_rows(ice, until)))
    writer.start()
    seen = rss_by_minute(begin, until)
    writer.join()
    filler.join()
    handle.stop()
    stats = handle.stats()
    medians = [statistics.median(minute) for minute in seen]
    print("RSS by minute, MB: median", *(f"{mb:.0f}" for mb in medians))
    print("                  highest", *(f"{max(minute):.0f}" for minute in seen))
    print(f"streamed {ice.count_rows('streamed')}, {stats['commits']} commits; written", *written)
    assert ice.count_rows("written") == written[0]
    half = len(medians) // 2
    first = medians[1:half] or medians[:1]
    return statistics.mean(medians[half:]) <= SLACK * statistics.mean(first)


def main() -> int:
    from kafka_broker import BrokerMissing, running_broker

    with tempfile.TemporaryDirectory() as folder:
        try:
            with running_broker(Path(folder) / "broker") as broker:
                broker.create_topic("events", 4)
                return 0 if soak(folder, broker.address) else 1
        except BrokerMissing as missing:
            print(f"no broker: {missing}")
            return 0


if __name__ == "__main__":
    raise SystemExit(main())
