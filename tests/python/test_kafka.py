# SPDX-License-Identifier: Apache-2.0
"""A Kafka topic flows into a table: where it begins, goes on and ends, and what is refused."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
import uuid

import pytest
from kafka_broker import PATIENCE, wait_until

from iceframe import IceFrame, _native
from iceframe.errors import (
    CommitRejectedError,
    DataError,
    NotFoundError,
    UnavailableError,
    ValidationError,
)
from iceframe.kafka import stream_from_kafka

COLUMNS = {"message_columns": {"partition": "part", "offset": "off"}}
SCHEMA = {"id": "long", "event": "string", "part": "int", "off": "long"}


@pytest.fixture(autouse=True)
def state_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def topic(broker) -> str:
    name = f"t-{uuid.uuid4().hex[:12]}"
    broker.create_topic(name, 3)
    return name


@pytest.fixture
def events(ice) -> IceFrame:
    ice.create_table("events", SCHEMA)
    return ice


def config(broker, topic, **more) -> dict[str, object]:
    return {
        "bootstrap_servers": [broker.address],
        "group_id": f"group-{topic}",
        "auto_offset_reset": "earliest",
        "consumer_timeout_ms": 300,
        **more,
    }


def rows(first: int, count: int) -> list[dict[str, object]]:
    return [{"id": i, "event": f"click {i}"} for i in range(first, first + count)]


def ids(ice) -> list[int]:
    return sorted(ice.read_table("events")["id"].to_list())


def position(ice, topic) -> dict[str, object]:
    summary = ice.get_table("events").current_snapshot().summary
    return {
        name: json.loads(summary[f"iceframe.stream.group-{topic}.{name}"])
        for name in ("offsets", "seq", "epoch")
    }


def test_messages_become_rows_and_the_snapshot_says_how_far_it_is(broker, topic, events):
    broker.produce(topic, rows(0, 2500))
    summary = stream_from_kafka(events, topic, "events", config(broker, topic), **COLUMNS)
    assert (summary["messages"], summary["rows"], summary["rejected"]) == (2500, 2500, 0)
    assert (summary["ended_by"], summary["lag"]) == ("idle", 0)
    assert ids(events) == list(range(2500))
    ends = broker.ends(topic)
    assert summary["offsets"] == {number: end for number, end in ends.items() if end}
    assert position(events, topic)["offsets"] == {
        topic: {str(n): end for n, end in ends.items() if end}
    }
    assert position(events, topic)["seq"] == summary["commits"]


def test_what_streams_do_is_in_the_metrics(broker, topic, events):
    broker.produce(topic, [*rows(0, 10), b"{oops"], partition=1)
    stream_from_kafka(events, topic, "events", config(broker, topic), on_error="skip")
    found = {
        (name, labels.get("result", labels.get("partition"))): value
        for name, labels, value in _native.metrics()
        if labels.get("stream") == f"group-{topic}"
    }
    size = found.pop(("iceframe_stream_bytes_total", None))
    assert size == sum(len(json.dumps(row)) for row in rows(0, 10)) + len("{oops")
    assert found.pop(("iceframe_stream_freshness_seconds", None)) > 0
    lags = {key: value for key, value in found.items() if key[0] == "iceframe_stream_lag_records"}
    assert lags[("iceframe_stream_lag_records", "1")] == 0
    assert {key: value for key, value in found.items() if key not in lags} == {
        ("iceframe_stream_records_total", "committed"): 10,
        ("iceframe_stream_records_total", "dlq"): 0,
        ("iceframe_stream_records_total", "skipped"): 1,
        ("iceframe_stream_commits_total", None): 1,
        ("iceframe_stream_rewinds_total", None): 0,
        ("iceframe_stream_running", None): 0,
    }


def test_small_files_are_joined_beside_the_stream(broker, topic, events):
    # A commit for each, and the compaction after the last of them is waited for.
    for start in range(6):
        broker.produce(topic, rows(10 * start, 10), partition=0)
        summary = stream_from_kafka(
            events, topic, "events", config(broker, topic), enable_auto_compaction=start == 5 and 1
        )
    assert summary["compactions"] >= 1
    snapshot = events.get_table("events").current_snapshot()
    assert snapshot.summary["operation"] == "replace"
    assert ids(events) == list(range(60))
    assert position(events, topic)["offsets"] == {topic: {"0": 60}}
    broker.produce(topic, rows(60, 3), partition=0)
    assert stream_from_kafka(events, topic, "events", config(broker, topic))["rows"] == 3
    assert ids(events) == list(range(63))


def test_it_goes_on_where_the_table_is(broker, topic, events):
    for first in (0, 100, 200):
        broker.produce(topic, rows(first, 100))
        assert stream_from_kafka(events, topic, "events", config(broker, topic))["messages"] == 100
    assert ids(events) == list(range(300))
    # Nothing came: nothing is committed.
    assert stream_from_kafka(events, topic, "events", config(broker, topic))["commits"] == 0


def test_other_commits_carry_the_position_on(broker, topic, events):
    broker.produce(topic, rows(0, 50))
    stream_from_kafka(events, topic, "events", config(broker, topic))
    before = position(events, topic)
    events.append_to_table("events", {"id": [-1]})
    assert position(events, topic) == before
    broker.produce(topic, rows(50, 50))
    stream_from_kafka(events, topic, "events", config(broker, topic))
    assert ids(events) == list(range(-1, 100))


def test_streams_of_different_ids_each_read_all(broker, topic, events):
    broker.produce(topic, rows(0, 10))
    for stream_id in ("one", "two"):
        stream_from_kafka(events, topic, "events", config(broker, topic), stream_id=stream_id)
    assert ids(events) == sorted([*range(10), *range(10)])


def test_latest_begins_with_what_comes_next(broker, topic, events):
    broker.produce(topic, rows(0, 30))
    later = config(broker, topic, auto_offset_reset="latest", consumer_timeout_ms=None)
    with stream_from_kafka(
        events, topic, "events", later, background=True, max_latency_seconds=0.2
    ) as stream:
        # Until it has its partitions, what is sent may be before its beginning.
        count = 0
        while not stream.stats()["rows"]:
            broker.produce(topic, [{"id": 1000 + count}], partition=0)
            count += 1
            time.sleep(0.2)
    broker.produce(topic, rows(5000, 30))
    stream_from_kafka(events, topic, "events", config(broker, topic, auto_offset_reset="latest"))
    found = ids(events)
    assert found[-30:] == list(range(5000, 5030))
    assert found[:-30] == list(range(found[0], 1000 + count))
    assert found[0] >= 1000


def test_it_ends_after_max_messages(broker, topic, events):
    broker.produce(topic, rows(0, 500), partition=1)
    for _ in range(2):
        summary = stream_from_kafka(
            events, topic, "events", config(broker, topic), 7, max_messages=100, **COLUMNS
        )
        assert (summary["messages"], summary["ended_by"]) == (100, "max_messages")
    assert ids(events) == list(range(200))
    assert position(events, topic)["offsets"] == {topic: {"1": 200}}


def test_it_ends_when_its_event_is_set(broker, topic, events):
    broker.produce(topic, rows(0, 10))
    stop = threading.Event()
    summaries = []

    def run():
        forever = config(broker, topic, consumer_timeout_ms=None)
        summaries.append(stream_from_kafka(events, topic, "events", forever, 5, stop=stop))

    thread = threading.Thread(target=run)
    thread.start()
    wait_until("rows are there", lambda: len(ids(events)) == 10)
    stop.set()
    thread.join(PATIENCE)
    assert summaries[0]["ended_by"] == "stopped"


def test_a_stop_commits_what_was_read(broker, topic, events):
    broker.produce(topic, rows(0, 10))
    stream = stream_from_kafka(
        events, topic, "events", config(broker, topic, consumer_timeout_ms=None), background=True,
        batch_size=1_000_000, max_latency_seconds=3600,
    )  # fmt: skip
    wait_until("messages are read", lambda: stream.stats()["pending"] == 10)
    assert stream.is_running
    assert ids(events) == []
    summary = stream.stop()
    assert (summary["rows"], summary["commits"]) == (10, 1)
    assert not stream.is_running
    assert ids(events) == list(range(10))


STREAM = textwrap.dedent(
    """
    import json, sys
    from iceframe import IceFrame
    from iceframe.kafka import stream_from_kafka
    ice = IceFrame(json.loads(sys.argv[1]))
    print("running", flush=True)
    try:
        print(stream_from_kafka(ice, sys.argv[2], "events", json.loads(sys.argv[3]))["ended_by"])
    except KeyboardInterrupt:
        print("interrupted")
    """
)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_a_signal_ends_it(broker, topic, events, lake, number):
    broker.produce(topic, rows(0, 1000))
    forever = json.dumps(config(broker, topic, consumer_timeout_ms=None))
    process = subprocess.Popen(
        [sys.executable, "-c", STREAM, json.dumps(lake.config), topic, forever],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout.readline() == "running\n"
    wait_until("rows are there", lambda: len(ids(events)) == 1000)
    os.kill(process.pid, number)
    assert process.communicate(timeout=PATIENCE)[0] == "signal\n"
    assert process.returncode == 0


# -- what is refused ------------------------------------------------------------------------------


def test_misfits_are_refused_by_name(events):
    servers = {"bootstrap_servers": "127.0.0.1:1"}
    for given, words in [
        ({**servers, "groupid": "g"}, "groupid; did you mean group_id"),
        ({**servers, "value_deserializer": json.loads}, "value_deserializer can't be used"),
        ({**servers, "no.such.key": "x"}, "no.such.key"),
        ({**servers, "bootstrap.servers": "x"}, "same thing twice"),
        ({}, "names no servers"),
        ("localhost", "kafka_config must be a mapping, got"),
    ]:
        with pytest.raises(ValidationError, match=words):
            stream_from_kafka(events, "t", "events", given)
    for options, words in [
        ({"batch_size": 0}, "batch_size must be at least 1"),
        ({"on_error": "ignore"}, "on_error must be one of 'fail'"),
        ({"stop": 1}, "stop must be a threading.Event, got"),
        ({"message_columns": {"offset": "nowhere"}}, "nowhere"),
        ({"max_latency_seconds": -1}, "max_latency_seconds must be a positive number"),
    ]:
        with pytest.raises(ValidationError, match=words):
            stream_from_kafka(events, "t", "events", servers, **options)
    with pytest.raises(TypeError, match="batchsize"):
        stream_from_kafka(events, "t", "events", servers, batchsize=1)


def test_a_topic_that_is_not_there_is_an_error(broker, events):
    with pytest.raises(NotFoundError, match="topic does not exist: nowhere"):
        stream_from_kafka(events, "nowhere", "events", config(broker, "nowhere"))


def test_a_message_that_is_no_row_ends_the_stream_or_is_passed_over(broker, topic, events):
    broker.produce(topic, [{"id": 1}, b"{oops", {"id": "x"}, None and b"", {"id": 2}], partition=2)
    with pytest.raises(DataError, match=r"malformed JSON.*\[offset: 1\] \[partition: 2\]"):
        stream_from_kafka(events, topic, "events", config(broker, topic))
    assert ids(events) == []
    summary = stream_from_kafka(events, topic, "events", config(broker, topic), on_error="skip")
    assert (summary["rows"], summary["rejected"]) == (2, 3)
    assert ids(events) == [1, 2]


# -- what happens to the topic and the table ------------------------------------------------------


def test_messages_that_are_gone_are_an_error(broker, topic, events):
    broker.produce(topic, rows(0, 10), partition=0)
    stream_from_kafka(events, topic, "events", config(broker, topic))
    broker.produce(topic, rows(10, 20), partition=0)
    broker.delete_messages(topic, 0, 25)
    with pytest.raises(NotFoundError, match=r"no longer kept.* offset 25, the table is at 10"):
        stream_from_kafka(events, topic, "events", config(broker, topic))
    stream_from_kafka(events, topic, "events", config(broker, topic), on_lost_messages="earliest")
    assert ids(events) == [*range(10), *range(25, 30)]


def test_a_topic_that_was_made_anew_is_an_error(broker, topic, events):
    broker.produce(topic, rows(0, 10), partition=0)
    stream_from_kafka(events, topic, "events", config(broker, topic))
    broker.delete_topic(topic)
    broker.create_topic(topic, 3)
    broker.produce(topic, rows(100, 5), partition=0)
    with pytest.raises(NotFoundError, match=r"made anew.* ends at offset 5, the table is at 10"):
        stream_from_kafka(events, topic, "events", config(broker, topic))
    stream_from_kafka(events, topic, "events", config(broker, topic), stream_id="again")
    assert ids(events) == [*range(10), *range(100, 105)]


def test_a_topic_that_was_made_anew_is_read_from_its_beginning_where_that_is_wanted(
    broker, topic, events
):
    letters = {"dead_letter_table": "letters", "max_poison_ratio": 1}
    broker.produce(topic, [*rows(0, 9), b"{old"], partition=0)
    stream_from_kafka(events, topic, "events", config(broker, topic), **letters)
    broker.delete_topic(topic)
    broker.create_topic(topic, 3)
    broker.produce(topic, [b"{new", *rows(100, 4)], partition=0)
    anew = {**letters, "on_lost_messages": "earliest"}
    summary = stream_from_kafka(events, topic, "events", config(broker, topic), **anew)
    assert (summary["rows"], summary["rejected"]) == (4, 1)
    assert ids(events) == [*range(9), *range(100, 104)]
    assert sorted(events.read_table("letters")["payload"].to_list()) == [b"{new", b"{old"]
    # From there it goes on.
    broker.produce(topic, rows(104, 3), partition=0)
    stream_from_kafka(events, topic, "events", config(broker, topic), **letters)
    assert ids(events) == [*range(9), *range(100, 107)]


def test_partitions_that_are_added_are_read_from_their_beginning(broker, topic, events):
    broker.produce(topic, rows(0, 30))
    latest = config(broker, topic)
    stream_from_kafka(events, topic, "events", latest)
    broker.add_partitions(topic, 5)
    broker.produce(topic, rows(100, 10), partition=4)
    wait_until(
        "the new partition's rows are there",
        lambda: (
            stream_from_kafka(
                events, topic, "events", config(broker, topic, auto_offset_reset="latest")
            )
            and len(ids(events)) == 40
        ),
    )
    assert ids(events) == [*range(30), *range(100, 110)]


def test_partitions_that_are_added_meanwhile_are_found(broker, topic, events):
    running = config(broker, topic, consumer_timeout_ms=None, metadata_max_age_ms=500)
    with stream_from_kafka(
        events, topic, "events", running, background=True, max_latency_seconds=0.1
    ):
        broker.produce(topic, rows(0, 10), partition=0)
        wait_until("rows are there", lambda: len(ids(events)) == 10)
        broker.add_partitions(topic, 6)
        broker.produce(topic, rows(10, 10), partition=5)
        wait_until("the new rows are there", lambda: len(ids(events)) == 20)
    assert ids(events) == list(range(20))


@pytest.mark.parametrize("choice", ["fail", "replay", "skip"])
def test_a_rollback_is_told(broker, topic, events, choice):
    broker.produce(topic, rows(0, 10))
    stream_from_kafka(events, topic, "events", config(broker, topic))
    snapshot = events.get_table("events").current_snapshot_id
    broker.produce(topic, rows(10, 10))
    stream_from_kafka(events, topic, "events", config(broker, topic))
    events.rollback_to_snapshot("events", snapshot)
    broker.produce(topic, rows(20, 10))
    if choice == "fail":
        with pytest.raises(CommitRejectedError, match=r"set back.*on_rollback='replay'"):
            stream_from_kafka(events, topic, "events", config(broker, topic))
        assert ids(events) == list(range(10))
        return
    stream_from_kafka(events, topic, "events", config(broker, topic), on_rollback=choice)
    again = range(10, 20) if choice == "replay" else []
    assert ids(events) == [*range(10), *again, *range(20, 30)]
    # Told once: it goes on without a word.
    broker.produce(topic, rows(30, 5))
    stream_from_kafka(events, topic, "events", config(broker, topic))
    assert ids(events)[-5:] == list(range(30, 35))


def test_rows_of_aborted_transactions_do_not_come(broker, topic, events):
    producer = broker.producer(
        **{"transactional.id": f"x-{topic}", "transaction.timeout.ms": PATIENCE * 1000}
    )
    producer.init_transactions(PATIENCE)
    for first, end in [(0, "commit"), (100, "abort"), (200, "commit"), (300, "abort")]:
        producer.begin_transaction()
        for row in rows(first, 20):
            producer.produce(topic, json.dumps(row).encode())
        getattr(producer, f"{end}_transaction")(PATIENCE)
    summary = stream_from_kafka(events, topic, "events", config(broker, topic))
    assert summary["lag"] == 0
    assert ids(events) == [*range(20), *range(200, 220)]
    assert stream_from_kafka(events, topic, "events", config(broker, topic))["messages"] == 0


def test_no_broker_is_an_error(events):
    with pytest.raises(UnavailableError, match=r"no Kafka broker answered at 127.0.0.1:1: "):
        stream_from_kafka(events, "t", "events", {"bootstrap_servers": "127.0.0.1:1"})


def test_dead_letters_are_in_their_table_once(broker, topic, events, lake, monkeypatch):
    good = rows(0, 300)
    for part in (0, 1, 2):
        values = [row if row["id"] % 10 else b"{oops %d" % row["id"] for row in good]
        broker.produce(topic, values, partition=part)
    bad = {(part, off) for part in range(3) for off in range(0, 300, 10)}
    summary = stream_from_kafka(
        events, topic, "events", config(broker, topic), 50, dead_letter_table="letters", **COLUMNS
    )
    assert (summary["rows"], summary["rejected"]) == (810, 90)
    letters = events.read_table("letters")
    assert sorted(letters.select("partition", "offset").iter_rows()) == sorted(bad)
    assert set(letters["topic"]) == {topic}
    assert set(letters["stream_id"]) == {f"group-{topic}"}
    assert letters.filter(letters["offset"] == 0)["payload"][0] == b"{oops 0"
    kept = events.read_table("events")
    every = {(part, off) for part in range(3) for off in range(300)}
    assert set(kept.select("part", "off").iter_rows()) == every - bad
    assert kept.height == 810
    # The rows are taken back, not the letters: these are not written again.
    first = events.get_table("events").snapshots()[0].snapshot_id
    events.rollback_to_snapshot("events", first)
    stream_from_kafka(
        events, topic, "events", config(broker, topic), 50,
        dead_letter_table="letters", on_rollback="replay", **COLUMNS,
    )  # fmt: skip
    assert events.read_table("events").height == 810
    assert events.read_table("letters").height == 90


def test_too_much_poison_ends_the_stream(broker, topic, events):
    broker.produce(topic, [b"poison"] * 3000)
    with pytest.raises(DataError, match="too many messages make no row"):
        stream_from_kafka(events, topic, "events", config(broker, topic), on_error="skip")


def test_columns_come_and_get_wider(broker, topic, ice):
    ice.create_table("events", {"id": "int"})
    broker.produce(topic, [{"id": 1}, {"id": 2, "name": "Ada"}], partition=0)
    broker.produce(topic, [{"id": 2**40, "at": {"x": 1.5}}, {"id": 3}], partition=0)
    summary = stream_from_kafka(
        ice, topic, "events", config(broker, topic), schema_evolution="widen"
    )
    assert summary["rows"] == 4
    table = ice.read_table("events").sort("id")
    assert table["id"].to_list() == [1, 2, 3, 2**40]
    assert table["name"].to_list() == [None, "Ada", None, None]
    assert table["at"].to_list()[3] == {"x": 1.5}


def test_raw_messages_with_key_and_headers(broker, topic, ice):
    ice.create_table("events", {"body": "binary", "name": "string", "at": "timestamptz"})
    producer = broker.producer()
    producer.produce(topic, b"\x00\xff", key="k1", headers={"h": b"1"}, timestamp=1_700_000_000_000)
    producer.produce(topic, None, key="k2")
    assert producer.flush(PATIENCE) == 0
    parts = {"payload": "body", "key": "name", "timestamp": "at"}
    stream_from_kafka(
        ice, topic, "events", config(broker, topic), format="raw", message_columns=parts
    )
    table = ice.read_table("events").sort("name")
    assert table["body"].to_list() == [b"\x00\xff", None]
    assert table["name"].to_list() == ["k1", "k2"]
    assert table["at"][0].timestamp() == 1_700_000_000


def test_the_command_line_streams_and_prints_what_it_did(broker, topic, events, lake, tmp_path):
    broker.produce(topic, rows(0, 100))
    command = [sys.executable, "-m", "iceframe"]
    for key in ("type", "uri", "warehouse"):
        command += [f"--{key}", lake.config[key]]
    command += ["--catalog", "lake", "stream", "kafka", topic, "events", "--max-messages", "100"]
    for key, value in config(broker, topic).items():
        value = value[0] if isinstance(value, list) else value
        command += ["--set", f"{key}={value}"]
    command += ["--column", "offset=off", "--max-latency-seconds", "0.5"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert (summary["rows"], summary["ended_by"]) == (100, "max_messages")
    assert ids(events) == list(range(100))
    refused = subprocess.run(
        [*command[:-4], "--set", "oops"], capture_output=True, text=True, timeout=PATIENCE
    )
    assert refused.returncode == 1
    assert "--set takes NAME=VALUE, got 'oops'" in refused.stderr
