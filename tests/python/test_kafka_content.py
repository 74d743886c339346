# SPDX-License-Identifier: Apache-2.0
"""Streams of messages that are poison, and streams while columns of table and messages change."""

import json
import os
import uuid

import pytest
from kafka_broker import wait_until

from iceframe.kafka import stream_from_kafka

#: The size of the largest message; 64 MB by hand.
BLOB_BYTES = int(os.environ.get("KAFKA_BLOB_BYTES", str(2_000_000)))
MESSAGE_COLUMNS = {"message_columns": {"partition": "part", "offset": "off"}}
SCHEMA = {"id": "long", "text": "string", "part": "int", "off": "long"}


@pytest.fixture(autouse=True)
def state_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def topic(broker) -> str:
    name = f"content-{uuid.uuid4().hex[:12]}"
    broker.create_topic(name, 3, **{"max.message.bytes": str(2 * BLOB_BYTES)})
    return name


def config(broker, topic, **more) -> dict[str, object]:
    return {
        "bootstrap_servers": [broker.address],
        "group_id": f"group-{topic}",
        "auto_offset_reset": "earliest",
        "consumer_timeout_ms": 300,
        **more,
    }


POISON = [
    b"{oops",
    b'{"id": "no number"}',
    b"[" * 10_000 + b"]" * 10_000,
    b"\x00\x00\x00\x00\x07{}",
    b'{"id": 1} {"id": 2}',
    b"\xff\xfe",
    b"",
]


def test_rows_and_dead_letters_are_what_was_sent(broker, topic, ice):
    ice.create_table("events", SCHEMA)
    blob = json.dumps({"id": "x" * BLOB_BYTES}).encode()
    sent: list[bytes] = []
    for number in range(2000):
        is_poison = number % 100 == 50
        good = json.dumps({"id": number, "text": f"text of {number}"}).encode()
        sent.append(POISON[number // 100 % len(POISON)] if is_poison else good)
    sent.insert(1000, blob)
    producer = broker.producer(**{"message.max.bytes": 2 * BLOB_BYTES})
    for payload in sent:
        producer.produce(topic, payload)
    assert producer.flush(240) == 0
    summary = stream_from_kafka(
        ice, topic, "events", config(broker, topic), 300, dead_letter_table="letters",
        **MESSAGE_COLUMNS,
    )  # fmt: skip
    assert (summary["rows"], summary["rejected"]) == (1980, 21)
    rows = ice.read_table("events")
    letters = ice.read_table("letters")
    assert sorted(rows["id"].to_list()) == [i for i in range(2000) if i % 100 != 50]
    assert sorted(letters["payload"].to_list()) == sorted(
        payload for payload in sent if payload in {*POISON, blob}
    )
    where = [*rows.select("part", "off").iter_rows()]
    where += letters.select("partition", "offset").iter_rows()
    ends = broker.ends(topic)
    assert sorted(where) == [(part, off) for part in sorted(ends) for off in range(ends[part])]


def test_columns_change_while_messages_come(broker, topic, ice):
    ice.create_table("events", {"id": "long", "text": "string"})
    running = config(broker, topic, consumer_timeout_ms=None)
    rounds, each = 5, 60
    with stream_from_kafka(
        ice, topic, "events", running, 20, background=True,
        schema_evolution="add_columns", max_latency_seconds=0.1,
    ) as stream:  # fmt: skip
        for number in range(rounds):
            # The producer has a new field, another writer a new column and rows of its own.
            values = [
                {"id": number * each + i, f"field_{number}": i, f"own_{number - 1}": f"own {i}"}
                for i in range(each)
            ]
            broker.produce(topic, values)
            ice.alter_table("events").add_column(f"own_{number}", "string")
            ice.append_to_table("events", [{"id": -1 - number, f"own_{number}": "other"}])
            done = (number + 1) * each
            wait_until("its rows are there", lambda done=done: stream.stats()["rows"] == done)
    table = ice.read_table("events").sort("id")
    assert table["id"].to_list() == [*range(-rounds, 0), *range(rounds * each)]
    for row in table.iter_rows(named=True):
        number, i = divmod(row["id"], each)
        if row["id"] < 0:
            number, i = -1 - row["id"], None
        expected = {f"own_{n}": None for n in range(-1, rounds)}
        expected |= {f"field_{n}": None for n in range(rounds)}
        if i is None:
            expected[f"own_{number}"] = "other"
        else:
            expected |= {f"field_{number}": i, f"own_{number - 1}": f"own {i}"}
        assert {name: row[name] for name in expected} == expected, row
