"""`TableTail`: a table followed, snapshot by snapshot."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Self

from iceframe import _native
from iceframe.errors import ValidationError, shown
from iceframe.polars_frames import to_polars

if TYPE_CHECKING:
    import polars as pl

__all__ = ["TableTail", "TailPace"]


@dataclasses.dataclass(frozen=True)
class TailPace:
    """How much a tail gives at once, and how it waits."""

    chunk_rows: int | None
    poll_seconds: float
    timeout: float | None

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Self:
        """Takes what concerns it of a tail's `TailOptions`."""
        return cls(
            chunk_rows=options.get("chunk_size"),
            poll_seconds=options.get("poll_interval", 1.0),
            timeout=options.get("timeout"),
        )

    def __post_init__(self) -> None:
        if self.chunk_rows is not None and self.chunk_rows < 1:
            raise ValidationError(f"chunk_size must be at least 1, got {self.chunk_rows}")
        _check_seconds("poll_interval", self.poll_seconds)
        if self.timeout is not None:
            _check_seconds("timeout", self.timeout)


class TableTail:
    """The new rows of a table as they come; made by `IceFrame.tail`.

    An iterator of Polars DataFrames, none of them empty, one per snapshot (or several, with
    ``chunk_size``). After an error it stands where it was: the next call reads that snapshot
    again. Once ``timeout`` has ended it, it may be iterated further. For one thread; `stop` may
    be called from any.

    Example:
        >>> ice = demo()
        >>> with ice.tail("users", start="earliest", timeout=0) as tail:
        ...     for rows in tail:
        ...         print(rows.height, tail.snapshot_id is not None)
        2 True
    """

    def __init__(
        self,
        session: _native.Session,
        native: _native.TableTail,
        request: dict[str, Any],
        pace: TailPace,
    ) -> None:
        self._session = session
        self._native = native
        self._request = request
        self._pace = pace
        self._stopped = threading.Event()
        self._token = native.token()
        self._snapshot_id: int | None = None
        self._timestamp_ms: int | None = None
        # The snapshot that is being read.
        self._step: _native.TailStep | None = None
        self._frames: Iterator[pl.DataFrame] | None = None

    @property
    def token(self) -> str:
        """Where a tail goes on behind what was given out; a snapshot counts with its last rows."""
        return self._token

    @property
    def snapshot_id(self) -> int | None:
        """The snapshot of the rows that were given out last."""
        return self._snapshot_id

    @property
    def timestamp_ms(self) -> int | None:
        """When that snapshot was made, in milliseconds since the epoch."""
        return self._timestamp_ms

    def stop(self) -> None:
        """Ends the iteration, in any thread, after what is being read."""
        self._stopped.set()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> pl.DataFrame:
        if self._frames is None:
            self._frames = self._read()
        frames = self._frames
        self._frames = None
        rows = next(frames)
        # Errors, and the end, leave none: the next call starts anew.
        self._frames = frames
        return rows

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _read(self) -> Iterator[pl.DataFrame]:
        while (step := self._step or self._wait()) is not None:
            self._step = step
            held: pl.DataFrame | None = None
            for frame in self._frames_of(step):
                self._snapshot_id, self._timestamp_ms = step.snapshot_id, step.timestamp_ms
                if held is not None:
                    yield held
                held = frame
            self._step, self._token = None, step.token
            if held is not None:
                yield held

    def _wait(self) -> _native.TailStep | None:
        """Returns the next snapshot that brought rows; None when stopped or out of time."""
        begin = time.monotonic()
        while not self._stopped.is_set():
            if (step := self._native.next()) is not None:
                return step
            self._token = self._native.token()
            wait = self._pace.poll_seconds
            if self._pace.timeout is not None:
                left = self._pace.timeout - (time.monotonic() - begin)
                if left <= 0:
                    return None
                wait = min(wait, left)
            self._stopped.wait(wait)
        return None

    def _frames_of(self, step: _native.TailStep) -> Iterator[pl.DataFrame]:
        version = {"snapshot_id": step.snapshot_id, "since_snapshot_id": step.since_snapshot_id}
        request = self._request | version
        if self._pace.chunk_rows is None:
            frame = to_polars(
                self._session.scan(step.table, request, progress=None).read_all(as_views=True)
            )
            if frame.height > 0:
                yield frame
            return
        chunks = _native.read_chunks(
            self._session, step.table, request, self._pace.chunk_rows, None
        )
        try:
            while (chunk := chunks.next_chunk()) is not None:
                yield to_polars(chunk)
        finally:
            chunks.close()


def _check_seconds(name: str, value: Any) -> None:  # noqa: ANN401 - what the user wrote
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e9:
        raise ValidationError(f"{name} must be a number of seconds, got {shown(value)}")
