"""What `iceframe stream` can be told to do."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from typing import Any

from iceframe.errors import ValidationError
from iceframe.frame import IceFrame
from iceframe.kafka import KafkaStream, KafkaSummary, stream_from_kafka

__all__ = ["add_kafka_command"]

_EPILOG = """\
Each message becomes a row of the table once: the position is committed with the rows, and the
stream goes on there when it is started again (docs/kafka.md). Ctrl-C and SIGTERM end it. A status
line is drawn on a terminal; at the end, what it did is printed as JSON.

example:
  iceframe stream kafka clicks events --set bootstrap_servers=localhost:9092 \\
      --set group_id=ingest --batch-size 100000
"""

#: How often the status line is drawn.
_STATUS_MS = 250


def add_kafka_command(commands: Any) -> None:  # noqa: ANN401 - argparse has no public name for it
    """Adds `kafka` to the commands of `iceframe stream`."""
    command = commands.add_parser(
        "kafka",
        help="write a Kafka topic's messages into a table",
        description="Writes a Kafka topic's messages into a table.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("topic")
    command.add_argument("table", help='"namespace.table", or "table" in "default"')
    command.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", dest="config",
        help="a key of the consumer's configuration, kafka-python's or librdkafka's",
    )  # fmt: skip
    command.add_argument("--batch-size", type=int, default=1000, help="default: %(default)s")
    command.add_argument("--max-latency-seconds", type=float)
    command.add_argument("--max-batch-bytes", type=int)
    command.add_argument("--max-messages", type=int)
    command.add_argument(
        "--compact-every", type=int, metavar="COMMITS", dest="enable_auto_compaction",
        help="join the table's small files after every so many commits",
    )  # fmt: skip
    command.add_argument("--stream-id")
    command.add_argument("--format", choices=("json", "raw", "registry"))
    command.add_argument("--schema-registry", metavar="URL", help="of Avro or JSON messages")
    command.add_argument(
        "--column", action="append", default=[], metavar="PART=COLUMN",
        help="fill a column with a message's key, headers, topic, partition, offset, timestamp",
    )  # fmt: skip
    command.add_argument("--on-error", choices=("fail", "skip", "dead_letter"))
    command.add_argument("--dead-letter-table")
    command.add_argument("--max-poison-ratio", type=float)
    command.add_argument("--schema-evolution", choices=("off", "add_columns", "widen"))
    command.add_argument("--on-rollback", choices=("fail", "replay", "skip"))
    command.add_argument("--on-lost-messages", choices=("fail", "earliest", "latest"))
    command.set_defaults(run=_kafka)


_OPTIONS = (
    "max_latency_seconds",
    "max_batch_bytes",
    "max_messages",
    "enable_auto_compaction",
    "stream_id",
    "format",
    "schema_registry",
    "on_error",
    "dead_letter_table",
    "max_poison_ratio",
    "schema_evolution",
    "on_rollback",
    "on_lost_messages",
)


def _pairs(option: str, given: list[str]) -> dict[str, str]:
    pairs = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise ValidationError(f"{option} takes NAME=VALUE, got {text!r}")
        pairs[name] = value
    return pairs


def _kafka(ice: IceFrame, options: argparse.Namespace) -> None:
    config = _pairs("--set", options.config)
    more = {name: getattr(options, name) for name in _OPTIONS}
    columns = _pairs("--column", options.column)
    stream = stream_from_kafka(
        ice,
        options.topic,
        options.table,
        config,
        options.batch_size,
        background=True,
        message_columns=columns or None,
        **more,
    )
    print(json.dumps(_follow(stream)))


def _follow(stream: KafkaStream) -> KafkaSummary:
    """Draws the status line until the stream ends."""
    is_drawn = sys.stderr.isatty()

    def stop(number: int, frame: object) -> None:
        stream._end_by_signal()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    try:
        while not stream._native.wait(_STATUS_MS):
            if is_drawn:
                _draw(stream.stats())
    finally:
        if is_drawn:
            print(file=sys.stderr)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
    return stream._joined()


def _draw(stats: KafkaSummary) -> None:
    rate = stats["messages"] / max(stats["elapsed_seconds"], 0.001)
    parts = [
        f"{stats['messages']:,} messages",
        f"{rate:,.0f}/s",
        f"{stats['commits']:,} commits",
        f"lag {stats['lag']:,}",
    ]
    if (freshness := stats["freshness_seconds"]) is not None:
        parts.append(f"{freshness:.1f} s old")
    if stats["rejected"]:
        parts.append(f"{stats['rejected']:,} rejected")
    if stats["trouble"]:
        parts.append(stats["trouble"][:60])
    print("\r\x1b[K" + " · ".join(parts), end="", file=sys.stderr, flush=True)
