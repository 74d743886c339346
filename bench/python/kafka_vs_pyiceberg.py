# SPDX-License-Identifier: Apache-2.0
"""A Kafka topic into a table: `stream_from_kafka`, a consumer that drops everything, and PyIceberg.

MESSAGES=3000000 python bench/python/kafka_vs_pyiceberg.py
The topic has 5 partitions and JSON events of 29 columns (bench/cpp/stream_events.h) on a broker of
this machine, which shares its cores; the table is on the local disk. Each reader is a process of
its own. The consumer that drops everything is librdkafka in C++ (bench/cpp/drop_messages.cc).

PyIceberg's is what people write: confluent-kafka, json, rows in a list, an append and a commit of
the offsets as soon as so many are there. It runs twice, as `stream_from_kafka` does: with the
default batch_size of 1 000, and with 100 000. Both sides have the same setting; what they make of
it differs: the list is appended before the next message is read, while the stream reads on during
a commit, and the next one takes all that came. How many commits there were is printed.
PyIceberg reads a small part of the topic, and its rate from its first message on is compared, while
ours counts from the call.
"""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "python"))

MESSAGES = int(os.environ.get("MESSAGES", "3000000"))
#: So many events differ; then they come again.
DISTINCT = 200_000
PARTITIONS = 5
#: By the rows of a commit: how much of the topic PyIceberg reads.
PEER_SHARES = {1_000: 60, 100_000: 10}
AIMS = {"elapsed": 3.0, "mb_per_cpu_s": 45.0, "pyiceberg": 20.0}
COLUMNS = {
    "event_id": "uuid", "event_time": "timestamptz", "event_type": "string", "user_id": "long",
    "session_id": "long", "is_logged_in": "boolean", "device": "string", "os": "string",
    "app_version": "string", "browser": "string", "country": "string", "city": "string",
    "latitude": "double", "longitude": "double", "ip": "string", "page": "string",
    "referrer": "string", "duration_ms": "int", "scroll_depth": "float", "product_id": "long",
    "category": "string", "quantity": "int", "unit_price": "decimal(10,2)", "discount": "double",
    "currency": "string", "signup_date": "date", "campaign": "string", "is_mobile": "boolean",
    "server_time": "timestamptz",
}  # fmt: skip


def cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def catalog(folder: str) -> dict[str, str]:
    return {"uri": f"sqlite:///{folder}/catalog.db", "warehouse": f"file://{folder}/warehouse"}


def consumer(address: str, topic: str, group: str):
    from confluent_kafka import Consumer

    # Offsets that were committed in the background meanwhile make the commit below an error.
    made = Consumer(
        {
            "bootstrap.servers": address,
            "group.id": group,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    made.subscribe([topic])
    return made


def drop_all(address: str, topic: str) -> float:
    program = ROOT / "build" / "release" / "iceframe_drop_messages"
    command = [program, address, topic, str(MESSAGES)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout.split()[0])


def into_iceframe(
    address: str, topic: str, folder: str, count: int, batch_size: int
) -> tuple[float, float, int]:
    from iceframe import IceFrame
    from iceframe.streaming import stream_from_kafka

    os.environ["ICEFRAME_STREAMING_STATE_FOLDER"] = f"{folder}/state"
    ice = IceFrame(catalog(folder))
    table = f"events_{batch_size}"
    ice.create_table(table, COLUMNS)
    config = {"bootstrap_servers": address, "group_id": table, "auto_offset_reset": "earliest"}
    start, cpu = time.perf_counter(), cpu_seconds()
    summary = stream_from_kafka(ice, topic, table, config, batch_size, max_messages=count)
    took = time.perf_counter() - start, cpu_seconds() - cpu
    assert ice.count_rows(table) == count
    return *took, summary["commits"]


def into_pyiceberg(
    address: str, topic: str, folder: str, count: int, batch_size: int
) -> tuple[float, float, int]:
    import datetime as dt
    import decimal
    import json

    import pyarrow as pa
    from pyiceberg.catalog.sql import SqlCatalog

    types = {
        "string": pa.string(), "long": pa.int64(), "int": pa.int32(), "double": pa.float64(),
        "float": pa.float32(), "boolean": pa.bool_(), "date": pa.date32(), "uuid": pa.string(),
        "timestamptz": pa.timestamp("us", "UTC"), "decimal(10,2)": pa.decimal128(10, 2),
    }  # fmt: skip
    schema = pa.schema([(name, types[kind]) for name, kind in COLUMNS.items()])
    peers = SqlCatalog("peers", **catalog(folder))
    peers.create_namespace_if_not_exists("peers")
    table = peers.create_table(f"peers.events_{batch_size}", schema)

    def row(payload: bytes) -> dict[str, object]:
        event = json.loads(payload, parse_float=decimal.Decimal)
        for name in ("event_time", "server_time"):
            event[name] = dt.datetime.fromisoformat(event[name])
        event["signup_date"] = dt.date.fromisoformat(event["signup_date"])
        for name in ("latitude", "longitude", "scroll_depth", "discount"):
            event[name] = float(event[name])
        return event

    reader = consumer(address, topic, f"pyiceberg-{batch_size}")
    rows: list[dict[str, object]] = []
    left, num_commits = count, 0
    messages = []
    while not messages:
        messages = reader.consume(1, 1.0)
    start, cpu = time.perf_counter(), cpu_seconds()
    while left > 0:
        rows += [row(message.value()) for message in messages]
        left -= len(messages)
        if len(rows) >= batch_size or left == 0:
            table.append(pa.Table.from_pylist(rows, schema=schema))
            reader.commit(asynchronous=False)
            num_commits += 1
            rows.clear()
        messages = reader.consume(min(batch_size - len(rows), 10_000, left), 1.0) if left else []
    return time.perf_counter() - start, cpu_seconds() - cpu, num_commits


def events() -> list[bytes]:
    program = ROOT / "build" / "release" / "iceframe_stream_events"
    done = subprocess.run([program, "0", str(DISTINCT)], stdout=subprocess.PIPE, check=True)
    return done.stdout.splitlines()


def measure(work, *arguments) -> tuple[float, float, int]:
    """Runs it in a fresh process, so that its CPU time is its own."""
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(work, *arguments).result()


def compare(where: tuple[str, str, str], batch_size: int, plain: float, size: float) -> bool:
    """Runs both sides with the same size of batches; returns whether the aims are met."""
    ours, cpu, commits = measure(into_iceframe, *where, MESSAGES, batch_size)
    peer_count = MESSAGES // PEER_SHARES[batch_size]
    peer, _, peer_commits = measure(into_pyiceberg, *where, peer_count, batch_size)
    faster = (MESSAGES / ours) / (peer_count / peer)
    rate = MESSAGES * size / 1e6 / cpu
    print(f"batch_size={batch_size}")
    print(f"  into a table         {ours:6.1f} s, {ours / plain:.2f} times that (at most 3)")
    print(f"                       {MESSAGES / ours:6.0f} messages/s, {commits} commits")
    print(f"  of our CPU time      {rate:6.1f} MB/s (at least 45)")
    print(f"  PyIceberg            {peer_count / peer:6.0f} messages/s, {peer_commits} commits of")
    print(f"                       {peer_count} messages; ours {faster:.1f} times that (20)")
    return (
        ours / plain <= AIMS["elapsed"]
        and rate >= AIMS["mb_per_cpu_s"]
        and faster >= AIMS["pyiceberg"]
    )


def main() -> int:
    from kafka_broker import BrokerMissing, running_broker

    payloads = events()
    size = sum(map(len, payloads)) / len(payloads)
    with tempfile.TemporaryDirectory() as folder:
        try:
            with running_broker(Path(folder) / "broker") as broker:
                broker.create_topic("events", PARTITIONS)
                broker.produce("events", (payloads[i % DISTINCT] for i in range(MESSAGES)))
                print(f"{MESSAGES} messages of {size:.0f} B in {PARTITIONS} partitions")
                plain = drop_all(broker.address, "events")
                print(f"  dropped              {plain:6.1f} s")
                where = (broker.address, "events", folder)
                met = [compare(where, batch_size, plain, size) for batch_size in PEER_SHARES]
        except BrokerMissing as missing:
            print(f"no broker: {missing}")
            return 0
    return 0 if all(met) else 1


if __name__ == "__main__":
    raise SystemExit(main())
