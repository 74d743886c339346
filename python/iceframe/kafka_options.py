"""What `stream_from_kafka` can be told, in the form the native module takes."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from typing import Any, Protocol, TypedDict

from iceframe.arguments import (
    required_text,
    required_whole_number,
    string_properties,
    text,
    whole_number,
)
from iceframe.errors import ValidationError, shown

__all__ = ["KafkaOptions", "StopEvent", "kafka_request"]

#: Options that are words.
_TEXTS = (
    "format",
    "on_error",
    "on_lost_messages",
    "on_rollback",
    "schema_evolution",
    "stream_id",
)

#: After how many commits small files are joined, where the user gives no number.
_COMMITS_PER_COMPACTION = 10


class StopEvent(Protocol):
    """What `threading.Event` and `multiprocessing.Event` have."""

    def is_set(self) -> bool:
        """Returns whether the stream is to end."""


class KafkaOptions(TypedDict, total=False):
    """What more `stream_from_kafka` can be told.

    Attributes:
        stop: an event (`threading.Event`) that ends a blocking stream when it is set.
        stream_id: under which the table keeps the position; by default the group's id.
        format: ``"json"`` (objects), ``"raw"`` (bytes, for `message_columns`), or ``"registry"``:
            Avro or JSON in the wire format of schema registries.
        schema_registry: the registry's URL, or Confluent's configuration of it: ``url`` with
            ``basic.auth.user.info`` ("user:password") or ``bearer.auth.token``, and
            ``ssl.ca.location``. Says ``format="registry"`` by itself.
        message_columns: what else of a message goes into which column, e.g.
            ``{"offset": "kafka_offset", "key": "id"}``; of payload, key, headers, topic, partition,
            offset, timestamp.
        max_latency_seconds: a commit is made, too, when the first waiting message is so old; 10.
        max_batch_bytes: ... or all are so large; 128 MiB.
        max_messages: end after so many.
        enable_auto_compaction: ``True`` joins the table's small files after every 10 commits, a
            number after so many; beside the stream, which goes first.
        on_error: of a message that makes no row: ``"fail"``, ``"skip"`` or ``"dead_letter"``.
        dead_letter_table: where such messages go, each once; it is made if it is not there. Says
            ``on_error="dead_letter"`` by itself.
        max_poison_ratio: of the latest thousand messages; more such end the stream; 0.5.
        schema_evolution: ``"off"``, ``"add_columns"`` for fields that the table lacks, or
            ``"widen"`` for values that are too large for their column, too.
        on_rollback: where the table was set back behind rows of the stream: ``"fail"``,
            ``"replay"`` or ``"skip"``.
        on_lost_messages: where messages that the table waits for are gone from the topic:
            ``"fail"``, ``"earliest"`` or ``"latest"``.
    """

    stop: StopEvent | None
    stream_id: str | None
    format: str
    schema_registry: str | Mapping[str, str] | None
    message_columns: Mapping[str, str] | None
    max_latency_seconds: float | None
    max_batch_bytes: int | None
    max_messages: int | None
    enable_auto_compaction: bool | int | None
    on_error: str | None
    dead_letter_table: str | None
    max_poison_ratio: float | None
    schema_evolution: str | None
    on_rollback: str | None
    on_lost_messages: str | None


def kafka_request(
    topic: str, kafka_config: Mapping[str, Any], batch_size: int, options: KafkaOptions
) -> dict[str, Any]:
    """Returns the request; misfits are refused by name."""
    request: dict[str, Any] = {
        "topic": topic,
        "config": _config_texts(kafka_config),
        "batch_size": required_whole_number("batch_size", batch_size),
        "fallback_ca_file": _certifi_file(),
    }
    for name, value in options.items():
        if value is None:
            continue
        if name in _TEXTS:
            request[name] = text(name, value)
        elif name in ("dead_letter_table", "stop"):
            continue
        elif name == "max_poison_ratio":
            request[name] = _ratio(name, value)
        elif name in ("max_messages", "max_batch_bytes"):
            request[name] = whole_number(name, value)
        elif name == "schema_registry":
            request.update(_registry(value))
            request.setdefault("format", "registry")
        elif name == "enable_auto_compaction":
            if value is not False:
                every = _COMMITS_PER_COMPACTION if value is True else value
                request["compact_every_n_commits"] = whole_number(name, every)
        elif name == "max_latency_seconds":
            request["max_latency_ms"] = _milliseconds(name, value)
        elif name == "message_columns":
            request[name] = list(string_properties(name, value).items())
        else:
            raise TypeError(f"stream_from_kafka() got an unexpected keyword argument {name!r}")
    return request


#: Confluent's keys of a schema registry, by those of the request.
_REGISTRY_KEYS = {
    "url": "registry_url",
    "basic.auth.user.info": "registry_basic_auth",
    "bearer.auth.token": "registry_token",
    "ssl.ca.location": "registry_ca_file",
}


def _registry(given: Any) -> dict[str, str]:  # noqa: ANN401 - what the user wrote
    if isinstance(given, str):
        given = {"url": given}
    if not isinstance(given, Mapping):
        raise ValidationError(f"schema_registry must be a URL or a mapping, got {shown(given)}")
    request = {}
    for key, value in given.items():
        if key not in _REGISTRY_KEYS:
            known = ", ".join(_REGISTRY_KEYS)
            raise ValidationError(f"schema_registry has {known}, and no key {shown(key)}")
        request[_REGISTRY_KEYS[key]] = required_text(f"schema_registry[{key!r}]", value)
    if not request.get("registry_url"):
        raise ValidationError("schema_registry must have a url")
    return request


def _ratio(name: str, value: Any) -> float:  # noqa: ANN401 - what the user wrote
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValidationError(f"{name} must be from 0 to 1, got {shown(value)}")
    return float(value)


def _milliseconds(name: str, seconds: Any) -> int:  # noqa: ANN401 - what the user wrote
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds < 1e9:
        raise ValidationError(f"{name} must be a positive number of seconds, got {shown(seconds)}")
    return max(1, int(seconds * 1000))


def _config_texts(config: Mapping[str, Any]) -> dict[str, str]:
    """Returns the configuration as librdkafka takes it: texts, lists joined by commas."""
    if not isinstance(config, Mapping):
        raise ValidationError(f"kafka_config must be a mapping, got {shown(config)}")
    texts = {}
    for key, value in config.items():
        name = required_text("a key of kafka_config", key)
        if value is not None:
            texts[name] = _config_text(name, value)
    return texts


def _config_text(name: str, value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    if isinstance(value, list | tuple | set) and all(isinstance(v, str | int) for v in value):
        return ",".join(map(str, value))
    if callable(value):
        # Refused by its name, which says more.
        return f"<{getattr(value, '__name__', 'callable')}>"
    raise ValidationError(f"kafka_config[{name!r}] can't be used: {shown(value)}")


def _certifi_file() -> str:
    if importlib.util.find_spec("certifi") is None:
        return ""
    import certifi

    return certifi.where()
