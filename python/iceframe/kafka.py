"""`stream_from_kafka`: a Kafka topic flows into a table, every message once (docs/kafka.md)."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack, overload

from iceframe import _native
from iceframe.arguments import identifier, required_text, required_whole_number, text, truth
from iceframe.errors import CancelledError, ValidationError, shown
from iceframe.kafka_options import KafkaOptions, StopEvent, kafka_request

if TYPE_CHECKING:
    from types import FrameType

    from iceframe.frame import IceFrame

__all__ = ["KafkaOptions", "KafkaStream", "KafkaSummary", "StopEvent", "stream_from_kafka"]

#: How often a blocking stream looks for its `stop` event.
_LOOK_MS = 50
#: How long a stream that a signal ends may take for its last commit.
_SIGNAL_PATIENCE_MS = 300


class KafkaSummary(TypedDict):
    """What a stream did since it was started."""

    topic: str
    table: str
    #: Messages whose position is committed: as rows, or rejected.
    messages: int
    rows: int
    rejected: int
    commits: int
    bytes: int
    #: Messages that wait for their commit.
    pending: int
    #: Batches that were dropped and read again.
    rewinds: int
    #: Times that small files were joined (`enable_auto_compaction`).
    compactions: int
    #: The next offset of each partition, as the table has it.
    offsets: dict[int, int]
    #: Messages behind those offsets.
    lag: int
    #: Seconds from a message's timestamp to its commit, at the last one.
    freshness_seconds: float | None
    elapsed_seconds: float
    #: "stopped", "signal", "max_messages", "idle", "failed"; None while it runs.
    ended_by: str | None
    #: What goes wrong and is tried again.
    trouble: str | None


class KafkaStream:
    """A stream that runs in the background.

    As a context manager it is stopped at the end of the block.
    """

    def __init__(self, native: _native.KafkaStream, topic: str, table: str) -> None:
        self._native, self._topic, self._table = native, topic, table
        self._by_signal = False

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self._native.is_running()

    def stats(self) -> KafkaSummary:
        """Returns what it did so far."""
        report = self._native.report()
        freshness = report.freshness_ms
        ended_by = report.ended_by
        if self._by_signal and ended_by in ("stopped", "failed"):
            ended_by = "signal"
        return {
            "topic": self._topic,
            "table": self._table,
            "messages": report.num_messages,
            "rows": report.num_rows,
            "rejected": report.num_rejected,
            "commits": report.num_commits,
            "bytes": report.num_bytes,
            "pending": report.num_pending,
            "rewinds": report.num_rewinds,
            "compactions": report.num_compactions,
            "offsets": report.offsets,
            "lag": report.lag,
            "freshness_seconds": None if freshness is None else freshness / 1000,
            "elapsed_seconds": report.elapsed_ms / 1000,
            "ended_by": ended_by or None,
            "trouble": report.trouble or None,
        }

    def enable_auto_compaction(self, every_n_flushes: int = 10) -> None:
        """Joins the table's small files after every so many commits, beside the stream.

        A compaction that meets other writers gives way; one that fails is logged.

        Raises:
            ValidationError: every_n_flushes is below 1.
        """
        self._native.enable_auto_compaction(
            required_whole_number("every_n_flushes", every_n_flushes)
        )

    def stop(self, timeout: float | None = None) -> KafkaSummary:
        """Has the stream commit what it read and end; returns what it did.

        Raises:
            TimeoutError: it has not ended after `timeout` seconds; it will.
            IceFrameError: what it ended with.
        """
        self._native.stop()
        return self.join(timeout)

    def join(self, timeout: float | None = None) -> KafkaSummary:
        """Waits until the stream ends by itself; errors as `stop`."""
        end = None if timeout is None else time.monotonic() + timeout
        while not self._native.wait(_LOOK_MS):
            if end is not None and time.monotonic() >= end:
                raise TimeoutError(f"the stream has not ended within {timeout} s")
        self._native.check()
        return self.stats()

    def __enter__(self) -> KafkaStream:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        state = "running" if self.is_running else "ended"
        return f"<KafkaStream {self._topic} -> {self._table}, {state}>"

    def _joined(self) -> KafkaSummary:
        """As `join`; a stream that a signal cut short has ended well, too."""
        try:
            return self.join()
        except CancelledError:
            if not self._by_signal:
                raise
            return self.stats()

    def _end_by_signal(self) -> None:
        """Ends soon: with a last commit if there is time for one."""
        self._by_signal = True
        self._native.stop()
        if not self._native.wait(_SIGNAL_PATIENCE_MS):
            self._native.cancel()


@overload
def stream_from_kafka(
    ice_frame: IceFrame,
    kafka_topic: str,
    table_name: str,
    kafka_config: Mapping[str, Any],
    batch_size: int = ...,
    *,
    background: Literal[True],
    **options: Unpack[KafkaOptions],
) -> KafkaStream: ...


@overload
def stream_from_kafka(
    ice_frame: IceFrame,
    kafka_topic: str,
    table_name: str,
    kafka_config: Mapping[str, Any],
    batch_size: int = ...,
    *,
    background: Literal[False] = ...,
    **options: Unpack[KafkaOptions],
) -> KafkaSummary: ...


def stream_from_kafka(
    ice_frame: IceFrame,
    kafka_topic: str,
    table_name: str,
    kafka_config: Mapping[str, Any],
    batch_size: int = 1000,
    *,
    background: bool = False,
    **options: Unpack[KafkaOptions],
) -> KafkaSummary | KafkaStream:
    """Reads a topic into a table; each message becomes a row once, whatever is killed and when.

    Runs until a signal (Ctrl-C, SIGTERM), ``stop=``, ``max_messages=``, or for as long as
    ``consumer_timeout_ms`` in the configuration says without a message; then it returns what it
    did. The position is in the table, in the same snapshot as the rows: started again with the
    same stream id, it goes on there.

    Args:
        ice_frame: the catalog of the table.
        kafka_topic: the topic.
        table_name: the table, which must be there; messages become rows by its columns' names.
        kafka_config: the consumer's configuration with kafka-python's keys
            (``bootstrap_servers``) or librdkafka's (``bootstrap.servers``).
        batch_size: a commit is made as soon as so many messages wait and none is under way.
        background: return at once, with a `KafkaStream` that has `stop()` and `stats()`.
        **options: as `KafkaOptions` says.

    Raises:
        ValidationError: an argument or a configuration key is wrong; the error names it.
        UnavailableError: no broker answers at the start.
        NotFoundError: the topic, or messages that the table waits for, are not there.
        CommitRejectedError: the table was set back behind rows of the stream.
        IceFrameError: others, of reading and writing.
    """
    topic = required_text("kafka_topic", kafka_topic)
    table = identifier(table_name)
    stop = options.get("stop")
    if stop is not None and not callable(getattr(stop, "is_set", None)):
        raise ValidationError(f"stop must be a threading.Event, got {shown(stop)}")
    if stop is not None and background:
        raise ValidationError("stop is for a stream that blocks; one in the background has stop()")
    request = kafka_request(topic, kafka_config, batch_size, options)
    letters = text("dead_letter_table", options.get("dead_letter_table"))
    if letters is not None:
        request.setdefault("on_error", "dead_letter")
    native = _native.KafkaStream.start(ice_frame._session, table, request, letters)
    stream = KafkaStream(native, topic, table)
    if truth("background", background):
        return stream
    return _run(stream, stop)


def _run(stream: KafkaStream, stop: StopEvent | None) -> KafkaSummary:
    """Waits for the end of a stream; a signal is one."""
    try:
        with _term_as_interrupt():
            while not stream._native.wait(_LOOK_MS):
                if stop is not None and stop.is_set():
                    stream._native.stop()
    except KeyboardInterrupt:
        stream._end_by_signal()
    except BaseException:
        stream._native.cancel()
        raise
    return stream._joined()


@contextlib.contextmanager
def _term_as_interrupt() -> Iterator[None]:
    """Takes SIGTERM as Ctrl-C, where nobody else takes it and this thread can."""
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
