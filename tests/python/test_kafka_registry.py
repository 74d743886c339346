# SPDX-License-Identifier: Apache-2.0
"""Avro and JSON messages whose schemas a registry keeps, asked over HTTP."""

import base64
import http.server
import json
import struct
import threading
import uuid
from collections import Counter
from collections.abc import Iterator

import pytest
from kafka_broker import wait_until

from iceframe.errors import IceFrameError, ValidationError
from iceframe.kafka import stream_from_kafka

AVRO = json.dumps(
    {
        "type": "record",
        "name": "Click",
        "fields": [{"name": "id", "type": "long"}, {"name": "name", "type": "string"}],
    }
)
SCHEMAS = {
    1: {"schema": AVRO},
    2: {"schema": "{}", "schemaType": "JSON"},
    3: {"schema": "syntax = 'proto3';", "schemaType": "PROTOBUF"},
    4: {"schema": AVRO, "references": [{"name": "Other", "subject": "other", "version": 1}]},
    5: {
        "schema": json.dumps(
            {
                "type": "record",
                "name": "shop.Sale",
                "fields": [{"name": "id", "type": "long"}, {"name": "name", "type": "Buyer"}],
            }
        ),
        "references": [{"name": "shop.Buyer", "subject": "shop/buyers", "version": 2}],
    },
}
#: By subject and version, as a URL has them.
VERSIONS = {
    "shop%2Fbuyers/versions/2": {
        "schema": json.dumps(
            {
                "type": "record",
                "name": "Buyer",
                "namespace": "shop",
                "fields": [{"name": "kind", "type": "shop.Kind"}],
            }
        ),
        "references": [{"name": "shop.Kind", "subject": "kinds", "version": 1}],
    },
    "kinds/versions/1": {
        "schema": '{"type": "enum", "name": "shop.Kind", "symbols": ["NEW", "KNOWN"]}'
    },
}


class Registry:
    """As much of Confluent's registry as a consumer asks."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.statuses: list[int] = []
        self.password: str | None = None
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body = outer.answer(self.path, self.headers)
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "http://127.0.0.1:1/")
                self.end_headers()
                self.wfile.write(json.dumps(body).encode())

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, path: str, headers) -> tuple[int, object]:
        self.asked[path] += 1
        if self.password is not None:
            wanted = base64.b64encode(self.password.encode()).decode()
            if headers["Authorization"] != f"Basic {wanted}":
                return 401, {"message": "who are you?"}
        if self.statuses:
            return self.statuses.pop(0), {"message": "not now"}
        if path.startswith("/subjects/"):
            found = VERSIONS.get(path.removeprefix("/subjects/"))
        else:
            found = SCHEMAS.get(int(path.removeprefix("/schemas/ids/")))
        return (200, found) if found else (404, {"error_code": 40403})


@pytest.fixture
def registry() -> Iterator[Registry]:
    running = Registry()
    yield running
    running.server.shutdown()
    running.server.server_close()


@pytest.fixture(autouse=True)
def state_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def topic(broker) -> str:
    name = f"registry-{uuid.uuid4().hex[:12]}"
    broker.create_topic(name, 1)
    return name


def config(broker, topic, **more) -> dict[str, object]:
    return {
        "bootstrap_servers": [broker.address],
        "group_id": f"group-{topic}",
        "auto_offset_reset": "earliest",
        "consumer_timeout_ms": 300,
        **more,
    }


def with_id(schema_id: int, body: bytes) -> bytes:
    return b"\0" + struct.pack(">i", schema_id) + body


def avro(number: int, name: str) -> bytes:
    def varint(value: int) -> bytes:
        value = value << 1
        out = bytearray()
        while value > 127:
            out.append(value & 127 | 128)
            value >>= 7
        out.append(value)
        return bytes(out)

    return varint(number) + varint(len(name)) + name.encode()


def test_messages_of_registered_schemas_become_rows(broker, topic, ice, registry):
    registry.password = "reader:secret"
    registry.statuses = [503]  # waited for
    ice.create_table("events", {"id": "long", "name": "string"})
    sent = [with_id(1, avro(i, f"name {i}")) for i in range(300)]
    sent += [with_id(2, json.dumps({"id": 300 + i, "name": "of JSON"}).encode()) for i in range(3)]
    broker.produce(topic, sent)
    summary = stream_from_kafka(
        ice, topic, "events", config(broker, topic),
        schema_registry={"url": registry.url + "/", "basic.auth.user.info": registry.password},
    )  # fmt: skip
    assert (summary["rows"], summary["rejected"]) == (303, 0)
    table = ice.read_table("events").sort("id")
    assert table["id"].to_list() == list(range(303))
    assert table["name"].to_list()[299:301] == ["name 299", "of JSON"]
    # Once each, and once more where it was not answered.
    assert registry.asked == {"/schemas/ids/1": 2, "/schemas/ids/2": 1}
    snapshot = ice.get_table("events").current_snapshot()
    assert snapshot.summary[f"iceframe.stream.group-{topic}.schema-id"] == "2"


def test_schemas_take_types_from_others(broker, topic, ice, registry):
    ice.create_table("sales", {"id": "long", "name": "struct<kind: string>"})
    broker.produce(topic, [with_id(5, b"\x0e\x00"), with_id(5, b"\x10\x02")])
    summary = stream_from_kafka(
        ice, topic, "sales", config(broker, topic), schema_registry=registry.url
    )
    assert (summary["rows"], summary["rejected"]) == (2, 0)
    table = ice.read_table("sales").sort("id")
    assert table["id"].to_list() == [7, 8]
    assert [row["kind"] for row in table["name"].to_list()] == ["NEW", "KNOWN"]
    assert set(registry.asked.values()) == {1}


def test_messages_of_schemas_that_cannot_be_read_are_poison(broker, topic, ice, registry):
    ice.create_table("events", {"id": "long", "name": "string"})
    poison = [with_id(3, b"x"), with_id(4, avro(1, "a")), with_id(99, avro(1, "a")), b"{}"]
    broker.produce(topic, [*poison, with_id(1, avro(7, "good"))])
    summary = stream_from_kafka(
        ice, topic, "events", config(broker, topic),
        schema_registry=registry.url, dead_letter_table="letters", max_poison_ratio=1.0,
    )  # fmt: skip
    assert (summary["rows"], summary["rejected"]) == (1, 4)
    assert ice.read_table("events")["id"].to_list() == [7]
    assert ice.read_table("letters")["payload"].to_list() == poison


def test_a_registry_that_does_not_answer_makes_no_poison(broker, topic, ice, registry):
    ice.create_table("events", {"id": "long", "name": "string"})
    broker.produce(topic, [with_id(1, avro(7, "good"))])
    registry.statuses = [500] * 10_000
    with stream_from_kafka(
        ice, topic, "events", config(broker, topic, consumer_timeout_ms=None), background=True,
        schema_registry=registry.url, dead_letter_table="letters",
    ) as stream:  # fmt: skip
        wait_until("it is asked again", lambda: sum(registry.asked.values()) >= 3)
        assert stream.stats()["rejected"] == 0
        registry.statuses = []
        wait_until("the row is there", lambda: stream.stats()["rows"] == 1)
    assert ice.read_table("letters").height == 0


@pytest.mark.parametrize(("status", "password"), [(302, None), (400, None), (401, "reader:secret")])
def test_an_answer_that_is_no_schema_ends_the_stream(
    broker, topic, ice, registry, status, password
):
    ice.create_table("events", {"id": "long", "name": "string"})
    broker.produce(topic, [with_id(1, avro(7, "good"))])
    registry.statuses = [] if status == 401 else [status] * 100
    registry.password = password
    wrong = {"url": registry.url, "basic.auth.user.info": "reader:wrong"}
    with pytest.raises(IceFrameError, match=f"answered with status {status}") as caught:
        stream_from_kafka(
            ice, topic, "events", config(broker, topic), on_error="skip", schema_registry=wrong
        )
    assert "reader:wrong" not in str(caught.value)
    assert ice.read_table("events").height == 0


@pytest.mark.parametrize(
    ("registry", "words"),
    [
        (7, "must be a URL or a mapping, got 7"),
        ({"uri": "http://x"}, "and no key 'uri'"),
        ({"basic.auth.user.info": "a:b"}, "must have a url"),
        ("registry:8081", "must be http://… or https://…"),
        ("http://user:secret@registry", "give user and password apart"),
    ],
)
def test_registries_that_cannot_be_meant_are_refused(ice, registry, words):
    ice.create_table("events", {"id": "long"})
    with pytest.raises(ValidationError, match=words):
        stream_from_kafka(
            ice, "t", "events", {"bootstrap_servers": "127.0.0.1:1"}, schema_registry=registry
        )
