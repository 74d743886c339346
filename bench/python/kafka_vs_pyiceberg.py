# SPDX-License-Identifier: Apache-2.0
"""A Kafka topic into a table: `stream_from_kafka`, a consumer that drops everything, and PyIceberg.

MESSAGES=3000000 python bench/python/kafka_vs_pyiceberg.py
The topic has 5 partitions and JSON events of 29 columns (bench/cpp/stream_events.h) on a broker of
this machine, which shares its cores; the table is on the local disk. Each reader is a process of
its own. PyIceberg's is what people write: confluent-kafka, json, an append for each 100 000
messages; it reads a twentieth of the topic, and its rate is compared. The consumer that drops
everything is confluent-kafka's too, which makes a Python object of each message.
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
PEER_SHARE = 20
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

    made = Consumer(
        {"bootstrap.servers": address, "group.id": group, "auto.offset.reset": "earliest"}
    )
    made.subscribe([topic])
    return made


def drop_all(address: str, topic: str, folder: str, count: int) -> tuple[float, float]:
    reader = consumer(address, topic, "drops")
    start, cpu = time.perf_counter(), cpu_seconds()
    while count > 0:
        count -= len(reader.consume(10_000, 1.0))
    return time.perf_counter() - start, cpu_seconds() - cpu


def into_iceframe(address: str, topic: str, folder: str, count: int) -> tuple[float, float]:
    from iceframe import IceFrame
    from iceframe.streaming import stream_from_kafka

    os.environ["ICEFRAME_STREAMING_STATE_FOLDER"] = f"{folder}/state"
    ice = IceFrame(catalog(folder))
    ice.create_table("events", COLUMNS)
    config = {"bootstrap_servers": address, "group_id": "iceframe", "auto_offset_reset": "earliest"}
    start, cpu = time.perf_counter(), cpu_seconds()
    stream_from_kafka(ice, topic, "events", config, 1_000_000, max_messages=count)
    took = time.perf_counter() - start, cpu_seconds() - cpu
    assert ice.count_rows("events") == count
    return took


def into_pyiceberg(address: str, topic: str, folder: str, count: int) -> tuple[float, float]:
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
    table = peers.create_table("peers.events", schema)

    def row(payload: bytes) -> dict[str, object]:
        event = json.loads(payload, parse_float=decimal.Decimal)
        for name in ("event_time", "server_time"):
            event[name] = dt.datetime.fromisoformat(event[name])
        event["signup_date"] = dt.date.fromisoformat(event["signup_date"])
        for name in ("latitude", "longitude", "scroll_depth", "discount"):
            event[name] = float(event[name])
        return event

    reader = consumer(address, topic, "pyiceberg")
    rows: list[dict[str, object]] = []
    left = count
    start, cpu = time.perf_counter(), cpu_seconds()
    while left > 0:
        messages = reader.consume(min(10_000, left), 1.0)
        rows += [row(message.value()) for message in messages]
        left -= len(messages)
        if len(rows) >= 100_000 or left == 0:
            table.append(pa.Table.from_pylist(rows, schema=schema))
            reader.commit(asynchronous=False)
            rows.clear()
    return time.perf_counter() - start, cpu_seconds() - cpu


def events() -> list[bytes]:
    program = ROOT / "build" / "release" / "iceframe_stream_events"
    done = subprocess.run([program, "0", str(DISTINCT)], stdout=subprocess.PIPE, check=True)
    return done.stdout.splitlines()


def measure(work, *arguments) -> tuple[float, float]:
    """Runs it in a fresh process, so that its CPU time is its own."""
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(work, *arguments).result()


def main() -> int:
    from kafka_broker import BrokerMissing, running_broker

    payloads = events()
    size = sum(map(len, payloads)) / len(payloads)
    megabytes = MESSAGES * size / 1e6
    with tempfile.TemporaryDirectory() as folder:
        try:
            with running_broker(Path(folder) / "broker") as broker:
                broker.create_topic("events", PARTITIONS)
                broker.produce("events", (payloads[i % DISTINCT] for i in range(MESSAGES)))
                where = (broker.address, "events", folder)
                plain, _ = measure(drop_all, *where, MESSAGES)
                ours, cpu = measure(into_iceframe, *where, MESSAGES)
                peer_count = MESSAGES // PEER_SHARE
                peer, _ = measure(into_pyiceberg, *where, peer_count)
        except BrokerMissing as missing:
            print(f"no broker: {missing}")
            return 0
    faster = (MESSAGES / ours) / (peer_count / peer)
    print(f"{MESSAGES} messages of {size:.0f} B in {PARTITIONS} partitions, {megabytes:.0f} MB")
    print(f"  dropped              {plain:6.1f} s")
    print(f"  into a table         {ours:6.1f} s, {ours / plain:.2f} times that (at most 3)")
    print(f"  of our CPU time      {megabytes / cpu:6.1f} MB/s (at least 45)")
    print(
        f"  PyIceberg            {peer_count / peer:6.0f} messages/s, ours {faster:.1f} times that"
    )
    met = (
        ours / plain <= AIMS["elapsed"]
        and megabytes / cpu >= AIMS["mb_per_cpu_s"]
        and faster >= AIMS["pyiceberg"]
    )
    return 0 if met else 1


if __name__ == "__main__":
    raise SystemExit(main())
