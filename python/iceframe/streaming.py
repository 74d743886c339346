"""Rows that come in all the time: `StreamingWriter`, and `stream_from_kafka`."""

from __future__ import annotations

import atexit
import contextlib
import math
import os
import weakref
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Unpack

from iceframe import _native
from iceframe.arguments import identifier, required_text, required_whole_number, text, truth
from iceframe.errors import IceFrameError, SchemaError, ValidationError, shown
from iceframe.kafka import stream_from_kafka
from iceframe.options import StreamingOptions, checked
from iceframe.sessions import session_of
from iceframe.table_input import is_row, to_rows

__all__ = ["StreamingWriter", "stream_from_kafka"]

_MAX_SECONDS = 365 * 24 * 3600


class StreamingWriter:
    """Takes rows and commits them in the background, so that none is lost and none comes twice.

    When `write` returns, its rows are safe: by default they are in a log on this machine's disk,
    synced. They are committed once `batch_size` of them wait, once they are large, or once the
    oldest has waited for `flush_interval_seconds`, without a further call. After a crash, whoever
    opens a writer on the table next on this machine commits what was left in the log first;
    ``iceframe stream recover`` does the same. docs/streaming.md says what each crash leaves.

    Safe to use from many threads at once, which share syncs and commits. To be closed at the end,
    best by ``with``; what is still open when the interpreter ends is closed then.

    Args:
        ice_frame: the `IceFrame` whose table it is.
        table_name: "namespace.table", or "table" in the namespace "default".
        batch_size: commit once so many rows wait.
        flush_interval_seconds: commit once the oldest row has waited so long.
        durability: what is so when a write returns: "memory" (a crash loses what was not
            committed), "wal" (nothing loses it but this machine's disk), "commit" (it is in the
            table).
        **options: writer_id, schema_evolution, batch_bytes, max_pending_bytes and state_folder; see
            `iceframe.options.StreamingOptions`.

    Raises:
        TableNotFoundError: there is no such table.
        UnavailableError: a writer of this id is open.

    Example:
        >>> ice = demo()
        >>> _ = ice.create_table("events", {"id": "long", "event": "string"})
        >>> with StreamingWriter(ice, "events", batch_size=1000) as writer:
        ...     writer.write({"id": 1, "event": "click"})
        ...     writer.write([{"id": 2, "event": "view"}, {"id": 3, "event": "click"}])
        ...     writer.flush()
        ...     ice.count_rows("events")
        1
        2
        3
    """

    def __init__(
        self,
        ice_frame: Any,  # noqa: ANN401 - an IceFrame, or what holds one
        table_name: str,
        batch_size: int = 1000,
        flush_interval_seconds: float = 60,
        durability: str = "wal",
        **options: Unpack[StreamingOptions],
    ) -> None:
        #: The table's name as it was given.
        self.table_name = identifier(table_name)
        self.batch_size = required_whole_number("batch_size", batch_size)
        self.flush_interval_seconds = flush_interval_seconds
        self.durability = required_text("durability", durability)
        chosen: dict[str, Any] = {
            name: value
            for name, value in checked(StreamingOptions, options).items()
            if value is not None
        }
        if "state_folder" in chosen:
            chosen["state_folder"] = _folder(chosen["state_folder"])
        chosen |= {
            "batch_size": self.batch_size,
            "flush_interval_ms": _milliseconds(flush_interval_seconds),
            "durability": self.durability,
        }
        self._schema_evolution = chosen.get("schema_evolution", "off")
        self._native = _native.StreamingWriter.open(session_of(ice_frame), self.table_name, chosen)
        _open_writers.add(self)

    @property
    def writer_id(self) -> str | None:
        """Under which id the writer commits; None: none is kept."""
        return self._native.writer_id

    @property
    def closed(self) -> bool:
        """Whether `close` has succeeded."""
        return self._native.is_closed

    def write(
        self,
        record: Any,  # noqa: ANN401 - see Args
        token: str | None = None,
        wait: bool = True,
    ) -> int:
        """Takes rows, all of `record` or none; returns the write's sequence number.

        Numbers grow from write to write; `last_committed` says which are in the table.

        Args:
            record: a row as a dict (or pydantic model, data class, named tuple), a list of rows, a
                DataFrame, an Arrow table or batch, or anything with ``__arrow_c_stream__``.
            token: kept with the rows; `committed_token` gives the last one that is in the table,
                so that a source can be read on from there.
            wait: whether to wait until the rows are as safe as `durability` says. If not, they are
                soon, and a failure is raised by a later call.

        Raises:
            SchemaError: a row does not fit the table, naming the column and both types; rows before
                and after are not touched by it.
            MemoryLimitError: the memory, or the disk with the log, is full; nothing was taken.
        """
        if type(record) is dict and token is None and wait is False:
            try:
                return self._native.write_row(record, None, False)
            except SchemaError as error:
                return self._write_changed(record, None, False, error)
        token = text("token", token)
        wait = truth("wait", wait)
        if is_row(record):
            try:
                return self._native.write_row(record, token, wait)
            except SchemaError as error:
                return self._write_changed(record, token, wait, error)
        is_list = isinstance(record, list | tuple)
        try:
            return self._native.write(to_rows(record), token, wait)
        except SchemaError as error:
            if not is_list:
                raise
            return self._write_changed(record, token, wait, error)

    def _write_changed(
        self,
        data: Any,  # noqa: ANN401 - a row, or a list of them
        token: str | None,
        wait: bool,
        error: SchemaError,
    ) -> int:
        """Writes rows that did not fit the columns that the writer knew."""
        rows = list(data) if isinstance(data, list | tuple) and not is_row(data) else [data]
        if self._native.refresh_form():
            with contextlib.suppress(SchemaError):
                return self._native.write(to_rows(rows), token, wait)
        if self._schema_evolution == "off" or not all(isinstance(row, Mapping) for row in rows):
            raise error
        import polars as pl

        # Rows without types get those that their values have.
        try:
            frame = pl.DataFrame(rows, infer_schema_length=None)
        except (pl.exceptions.PolarsError, TypeError, ValueError, OverflowError):
            raise error from None
        return self._native.write(frame, token, wait)

    def flush(self) -> None:
        """Commits all that was written before, and waits for it.

        Raises:
            CommitConflictError, UnavailableError, …: the commit failed. The rows stay, and are
                tried again.
            CommitRejectedError: another writer of this id has taken this one's place.
        """
        self._native.flush()

    def close(self) -> None:
        """As `flush`; then nothing is taken any more. After an error the writer is still open."""
        self._native.close()

    def last_committed(self) -> int:
        """Returns the number of the last write whose rows are in the table; 0: none yet."""
        return self._native.last_committed()

    def committed_token(self) -> str | None:
        """Returns the last token given with rows that are in the table, by earlier runs as well."""
        return self._native.committed_token()

    def enable_auto_compaction(self, every_n_flushes: int = 10) -> None:
        """Joins the table's small files after every so many commits, beside the writing.

        A compaction that meets other writers gives way; one that fails is logged.

        Raises:
            ValidationError: every_n_flushes is below 1.
        """
        number = required_whole_number("every_n_flushes", every_n_flushes)
        self._native.enable_auto_compaction(number)

    def stats(self) -> dict[str, Any]:
        """Returns what the writer did and holds.

        rows, committed_rows and pending_rows of this run; pending_bytes; commits; failed_commits
        since the last one that succeeded, and last_error, their reason; wal_bytes; recovered_rows,
        which earlier writers had left; compactions.
        """
        return self._native.stats()

    def __enter__(self) -> StreamingWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
            return
        # What happened in the block is what is raised.
        with contextlib.suppress(IceFrameError):
            self.close()

    def __del__(self) -> None:
        # An object whose making failed has none.
        native = getattr(self, "_native", None)
        if native is not None and not native.is_closed:
            with contextlib.suppress(Exception):
                native.close()

    def __repr__(self) -> str:
        state = "closed" if self.closed else "open"
        return f"StreamingWriter({self.table_name!r}, writer_id={self.writer_id!r}, {state})"


def _milliseconds(seconds: Any) -> int:  # noqa: ANN401 - what the user wrote
    is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if not is_number or math.isnan(seconds):
        raise ValidationError(f"flush_interval_seconds must be a number, got {shown(seconds)}")
    if seconds <= 0:
        raise ValidationError(f"flush_interval_seconds must be more than 0, got {seconds}")
    return max(1, int(min(seconds, _MAX_SECONDS) * 1000))


def _folder(folder: Any) -> str:  # noqa: ANN401 - what the user wrote
    if not isinstance(folder, str | os.PathLike):
        raise ValidationError(f"state_folder must be a path, got {shown(folder)}")
    return os.path.abspath(os.fsdecode(folder))  # noqa: PTH100 - links stay as they are


_open_writers: weakref.WeakSet[StreamingWriter] = weakref.WeakSet()


@atexit.register
def _close_writers() -> None:
    """Commits what is still open, before the engine ends."""
    for writer in list(_open_writers):
        with contextlib.suppress(Exception):
            writer.close()
