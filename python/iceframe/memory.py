"""Memory limits: `MemoryManager`, and reading a table in chunks that stay under one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from math import isfinite
from typing import TYPE_CHECKING, Any, TypeVar, Unpack, cast

from iceframe import _native
from iceframe.arguments import filter_argument, identifier, required_whole_number
from iceframe.errors import MemoryLimitError, ValidationError, shown
from iceframe.expressions import Expression
from iceframe.options import ScanOptions
from iceframe.plain_values import python_number
from iceframe.polars_frames import to_polars
from iceframe.read_requests import read_request
from iceframe.sessions import SessionHolder, session_of, session_within

if TYPE_CHECKING:
    import polars as pl

__all__ = ["MemoryManager"]

_MIB = 1024 * 1024

_Init = TypeVar("_Init", bound=Callable[..., None])


def _bindable(init: _Init) -> _Init:
    """Lets the first argument be an IceFrame, before those that the signature tells."""

    @wraps(init)
    def accept(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on
        if args and session_within(args[0]) is not None:
            if "ice" in kwargs:
                raise TypeError("ice is given twice, by position and by name")
            kwargs["ice"], *args = args  # type: ignore[assignment]
        init(self, *args, **kwargs)

    return cast("_Init", accept)


class MemoryManager:
    """A limit on the memory that reading takes, and a way to read under it.

    ``MemoryManager(max_memory_mb=1000)`` has a budget of its own: what is read through it never
    has more reserved than that, beside what the session's own limit allows.
    ``MemoryManager(ice, max_memory_mb=1000)`` is the session's budget: the limit holds for all
    that the session runs. ``IceFrame(…, memory_limit=manager)`` opens a session under a manager,
    so that several share one limit.

    What counts is what the engine allocates: decoders, pages read ahead, operators, queues, and
    frames that Polars still shares with it. Copies that Polars makes are outside of the limit
    (docs/memory.md).

    Args:
        max_memory_mb: the most, in units of 1024 * 1024 bytes; None: no limit, or the one that the
            session has.
        ice: the session; also as the first argument.

    Example:
        >>> manager = MemoryManager(max_memory_mb=100)
        >>> [len(chunk) for chunk in manager.read_table_chunked(demo(), "users", chunk_size=1)]
        [1, 1]
        >>> 0 < manager.peak <= 100 * 1024 * 1024
        True
    """

    @_bindable
    def __init__(
        self, max_memory_mb: float | None = None, *, ice: SessionHolder | None = None
    ) -> None:
        limit_bytes = _limit_bytes(max_memory_mb)
        if ice is None:
            self._budget = _native.MemoryBudget.of_process("memory manager", limit_bytes)
        else:
            self._budget = session_of(ice).memory()
            if limit_bytes is not None:
                self._budget.limit_bytes = limit_bytes

    def __repr__(self) -> str:
        numbers = f"used={self.used}, peak={self.peak}, limit={self.limit}"
        return f"MemoryManager(max_memory_mb={self.max_memory_mb}, {numbers})"

    @property
    def max_memory_mb(self) -> float | None:
        """The limit in units of 1024 * 1024 bytes; None: there is none."""
        return None if self.limit is None else self.limit / _MIB

    @property
    def limit(self) -> int | None:
        """The limit in bytes; None: there is none."""
        return self._budget.limit_bytes

    @property
    def used(self) -> int:
        """The bytes that are reserved under the limit now."""
        return self._budget.used_bytes

    @property
    def peak(self) -> int:
        """The most bytes that were reserved at once."""
        return self._budget.peak_bytes

    def get_memory_usage_mb(self) -> float:
        """Returns the resident memory of the whole process, in units of 1024 * 1024 bytes.

        Example:
            >>> MemoryManager().get_memory_usage_mb() > 1
            True
        """
        return _native.resident_bytes() / _MIB

    def check_memory_limit(self) -> None:
        """Raises where the process, with all that is not the engine's, is above the limit.

        The engine needs no such check to keep to the limit; this one is for a program that holds
        much else and wants to hear of it.

        Raises:
            MemoryLimitError: the process is above the limit; it is a ``MemoryError`` too.

        Example:
            >>> MemoryManager(max_memory_mb=1).check_memory_limit()  # doctest: +ELLIPSIS
            Traceback (most recent call last):
            ...
            iceframe.errors.MemoryLimitError: the process uses ... MB, more than ...
        """
        limit = self.max_memory_mb
        usage = self.get_memory_usage_mb()
        if limit is not None and usage > limit:
            raise MemoryLimitError(
                f"the process uses {usage:.0f} MB, more than max_memory_mb={limit:g}: let go of "
                "frames, or raise the limit"
            )

    def read_table_chunked(
        self,
        ice_frame: SessionHolder,
        table_name: str,
        chunk_size: int = 10000,
        columns: Sequence[str] | None = None,
        filter: str | Expression | None = None,
        **options: Unpack[ScanOptions],
    ) -> Iterator[pl.DataFrame]:
        """Yields a table's rows as Polars DataFrames of exactly ``chunk_size`` rows.

        The last frame may be shorter; a table without rows gives none. Files are read as far ahead
        as the limit allows and no further; a consumer that takes its time holds nothing but its
        frame and that. Dropping the iterator, or its ``close()``, closes the files.

        Args:
            ice_frame: the session whose table it is.
            table_name: "namespace.table", or "table" in the namespace "default".
            chunk_size: the rows of a frame.
            columns: as for `IceFrame.scan`.
            filter: SQL text or an expression; rows for which it is not true are left out.
            **options: see `ScanOptions`.

        Raises:
            TableNotFoundError: there is no such table.
            ValidationError: chunk_size is below 1, a column is unknown, or the filter is no SQL.
            MemoryLimitError: the limit is too low for one chunk with what is decoded for it; the
                message names the operator and what it asked for.

        Example:
            >>> manager = MemoryManager(max_memory_mb=100)
            >>> chunks = manager.read_table_chunked(demo(), "users", filter="age > 30")
            >>> next(chunks)["name"].to_list()
            ['Ada']
        """
        request = chunk_request(columns, filter, options)
        return read_chunks(session_of(ice_frame), self._budget, table_name, chunk_size, request)


def chunk_request(
    columns: Sequence[str] | None, filter_expr: str | Expression | None, options: ScanOptions
) -> dict[str, Any]:
    """Returns what chunks are asked for, as the native module takes it."""
    request = read_request(columns, options=options)
    request["filter"] = filter_argument("filter", filter_expr)
    return request


def read_chunks(
    session: _native.Session,
    budget: _native.MemoryBudget,
    table_name: str,
    chunk_size: int,
    request: dict[str, Any],
) -> Iterator[pl.DataFrame]:
    """Yields frames as `MemoryManager.read_table_chunked`; wrong arguments are raised at once."""
    chunk_rows = required_whole_number("chunk_size", chunk_size)
    return _frames(
        _native.read_chunks(session, identifier(table_name), request, chunk_rows, budget)
    )


def _frames(stream: _native.ChunkStream) -> Iterator[pl.DataFrame]:
    try:
        # Nothing here holds a frame while its consumer has it.
        yield from map(to_polars, iter(stream.next_chunk, None))
    finally:
        stream.close()


def _limit_bytes(max_memory_mb: Any) -> int | None:  # noqa: ANN401 - what the user wrote
    if max_memory_mb is None:
        return None
    max_memory_mb = python_number(max_memory_mb)
    is_number = isinstance(max_memory_mb, int | float) and not isinstance(max_memory_mb, bool)
    is_finite = not isinstance(max_memory_mb, float) or isfinite(max_memory_mb)
    if not is_number or not is_finite or max_memory_mb <= 0:
        raise ValidationError(
            f"max_memory_mb must be a number above 0, or None for no limit, got "
            f"{shown(max_memory_mb)}"
        )
    return min(max(1, int(max_memory_mb * _MIB)), 2**63 - 1)
