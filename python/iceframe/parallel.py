"""Several tables, queries or calls at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from iceframe import _native
from iceframe.arguments import identifier, required_whole_number, truth
from iceframe.errors import IceFrameError, ParallelError, ValidationError, shown
from iceframe.parallel_calls import Failure, ParallelCalls
from iceframe.parallel_requests import listed, requests_of_tables
from iceframe.polars_frames import to_polars
from iceframe.progress import ProgressOption, progress_listener
from iceframe.sessions import SessionHolder, session_of

if TYPE_CHECKING:
    import polars as pl

    from iceframe.query import QueryBuilder

__all__ = ["ParallelError", "ParallelExecutor"]

_T = TypeVar("_T")
_R = TypeVar("_R")

#: The flag of an async function's code (inspect.CO_COROUTINE).
_COROUTINE = 0x80


class ParallelExecutor:
    """Reads tables, runs queries and calls functions several at once.

    An executor has no threads of its own: files are opened and decoded on the engine's, which all
    sessions share, as many as there are cores. So several executors, or one used by many threads
    or inside of its own calls, never wait for each other for good.

    Args:
        max_workers: the most tables, queries or calls that one call has under way at once.

    Example:
        >>> from iceframe.parallel import ParallelExecutor
        >>> executor = ParallelExecutor(max_workers=2)
        >>> frames = executor.read_tables_parallel(demo(), ["users"], columns=["name"])
        >>> {name: frame.height for name, frame in frames.items()}
        {'users': 2}
    """

    def __init__(self, max_workers: int = 4) -> None:
        number = required_whole_number("max_workers", max_workers)
        if number < 1:
            raise ValidationError(f"max_workers must be at least 1, got {number}")
        #: The most tables, queries or calls at once.
        self.max_workers = number
        self._lock = threading.Lock()
        self._scopes: set[_native.CancelScope] = set()

    def __repr__(self) -> str:
        return f"ParallelExecutor(max_workers={self.max_workers})"

    @overload
    def read_tables_parallel(
        self,
        ice_frame: SessionHolder,
        table_names: Sequence[str] | Mapping[str, Mapping[str, Any]],
        return_exceptions: Literal[False] = False,
        **read_kwargs: Any,  # noqa: ANN401 - options of `read_table`
    ) -> dict[str, pl.DataFrame]: ...
    @overload
    def read_tables_parallel(
        self,
        ice_frame: SessionHolder,
        table_names: Sequence[str] | Mapping[str, Mapping[str, Any]],
        return_exceptions: bool,
        **read_kwargs: Any,  # noqa: ANN401 - as above
    ) -> dict[str, Any]: ...
    def read_tables_parallel(
        self,
        ice_frame: SessionHolder,
        table_names: Sequence[str] | Mapping[str, Mapping[str, Any]],
        return_exceptions: bool = False,
        **read_kwargs: Any,
    ) -> dict[str, Any]:
        """Returns each table's rows as a Polars DataFrame, by name, in the order asked.

        Args:
            ice_frame: whose tables they are.
            table_names: the tables; or, by table, options of its own:
                ``{"users": {"columns": ["id"]}, "orders": {}}``.
            return_exceptions: put a table's exception in the place of its frame instead of raising.
            **read_kwargs: options of `IceFrame.read_table` for all tables, by name, such as
                ``limit=10``; a mapping of tables holds for those alone, such as
                ``columns={"users": ["id"]}`` or ``filter={"orders": col("price") > 10}``.
                ``progress`` tells how many tables are done.

        Raises:
            ParallelError: tables failed, be it one: each is named by a member. The others were
                read to their end.
            ValidationError: an option is wrong; nothing was read.
            CancelledError: `cancel` was called.

        Example:
            >>> ice = demo()
            >>> executor = ParallelExecutor()
            >>> frames = executor.read_tables_parallel(ice, ["users"], filter={"users": "id > 1"})
            >>> frames["users"].rows()
            [(2, 'Bob', None)]
        """
        session = session_of(ice_frame)
        progress = read_kwargs.pop("progress", False)
        requests = requests_of_tables(table_names, read_kwargs)
        reads = {
            name: _native.ParallelRead.of_table(session, identifier(name), request)
            for name, request in requests.items()
        }
        return self._read("tables", reads, progress, return_exceptions)

    def execute_queries_parallel(
        self,
        queries: Sequence[QueryBuilder],
        return_exceptions: bool = False,
        *,
        progress: ProgressOption = False,
    ) -> list[Any]:
        """Runs queries, of one `IceFrame` or of several; returns their frames in their order.

        Args:
            queries: the queries, as `IceFrame.query` begins them.
            return_exceptions: put a query's exception in the place of its frame.
            progress: False, True (a bar) or a callable of a `Progress`: how many are done.

        Raises:
            ParallelError: queries failed, be it one: each is named by its place.

        Example:
            >>> users = demo().query("users")
            >>> counts = ParallelExecutor().execute_queries_parallel(
            ...     [users.select("count(*) AS n"), users.filter("id > 1").select("count(*) AS n")]
            ... )
            >>> [frame.item() for frame in counts]
            [2, 1]
        """
        reads = {i: _read_of_query(i, query) for i, query in enumerate(listed("queries", queries))}
        return list(self._read("queries", reads, progress, return_exceptions).values())

    def execute_parallel(
        self,
        func: Callable[..., _R],
        items: Iterable[Any],
        return_exceptions: bool = False,
        **kwargs: Any,  # noqa: ANN401 - what the function takes
    ) -> list[Any]:
        """Returns ``func(item, **kwargs)`` of each item, in the order of the items.

        The function runs in threads, with the calling thread's context variables; what it asks of
        the engine runs without the GIL, and ends when this call is interrupted or cancelled.

        Args:
            func: what is called.
            items: what it is called with.
            return_exceptions: put a call's exception in the place of its value.
            **kwargs: further arguments of all calls.

        Raises:
            ParallelError: calls raised, be it one; each member has a note that names its item.

        Example:
            >>> ParallelExecutor().execute_parallel(pow, [1, 2, 3], exp=2)
            [1, 4, 9]
        """
        truth("return_exceptions", return_exceptions)
        if not callable(func):
            raise ValidationError(f"func can't be called: {shown(func)}")
        if getattr(getattr(func, "__code__", None), "co_flags", 0) & _COROUTINE:
            raise ValidationError(f"func is async, threads call plain functions: {shown(func)}")
        given = listed("items", items)
        with self._scope() as scope:
            calls = ParallelCalls(lambda item: _finished(func(item, **kwargs)), given, scope)
            outcomes = calls.run(min(self.max_workers, len(given)))
        failures = [outcome for outcome in outcomes if isinstance(outcome, Failure)]
        for failure in failures:
            failure.error.add_note(f"item {failure.index}: {shown(given[failure.index])}")
        if failures and not return_exceptions:
            raise _parallel_error("calls", len(given), {f.index: f.error for f in failures})
        return [o.error if isinstance(o, Failure) else o for o in outcomes]

    async def read_tables_parallel_async(
        self,
        ice_frame: SessionHolder,
        table_names: Sequence[str] | Mapping[str, Mapping[str, Any]],
        return_exceptions: bool = False,
        **read_kwargs: Any,  # noqa: ANN401 - as above
    ) -> dict[str, Any]:
        """As `read_tables_parallel`, for an event loop, which goes on meanwhile.

        When the task that waits is cancelled, so is the reading.

        Example:
            >>> import asyncio
            >>> reading = ParallelExecutor().read_tables_parallel_async(demo(), ["users"])
            >>> asyncio.run(reading)["users"].height
            2
        """
        from iceframe.async_calls import in_own_thread, run_in_loop

        def read(progress: ProgressOption) -> dict[str, Any]:
            return self.read_tables_parallel(
                ice_frame, table_names, return_exceptions, progress=progress, **read_kwargs
            )

        return await run_in_loop(read, in_own_thread, read_kwargs.pop("progress", False))

    async def execute_queries_parallel_async(
        self,
        queries: Sequence[QueryBuilder],
        return_exceptions: bool = False,
        *,
        progress: ProgressOption = False,
    ) -> list[Any]:
        """As `execute_queries_parallel`, for an event loop, which goes on meanwhile."""
        from iceframe.async_calls import in_own_thread, run_in_loop

        def execute(progress: ProgressOption) -> list[Any]:
            return self.execute_queries_parallel(queries, return_exceptions, progress=progress)

        return await run_in_loop(execute, in_own_thread, progress)

    async def execute_parallel_async(
        self,
        func: Callable[..., _R],
        items: Iterable[Any],
        return_exceptions: bool = False,
        **kwargs: Any,  # noqa: ANN401 - what the function takes
    ) -> list[Any]:
        """As `execute_parallel`, for an event loop, which goes on meanwhile."""
        from iceframe.async_calls import in_own_thread, run_in_loop

        def execute(_: ProgressOption) -> list[Any]:
            return self.execute_parallel(func, items, return_exceptions, **kwargs)

        return await run_in_loop(execute, in_own_thread)

    def cancel(self) -> None:
        """Ends, from any thread, what this executor has under way: it raises `CancelledError`."""
        with self._lock:
            scopes = list(self._scopes)
        for scope in scopes:
            scope.cancel()

    @contextmanager
    def _scope(self) -> Iterator[_native.CancelScope]:
        scope = _native.CancelScope()
        with self._lock:
            self._scopes.add(scope)
        try:
            yield scope
        finally:
            with self._lock:
                self._scopes.discard(scope)

    def _read(
        self,
        what: str,
        reads: Mapping[_T, _native.ParallelRead],
        progress: ProgressOption,
        return_exceptions: bool,
    ) -> dict[_T, Any]:
        truth("return_exceptions", return_exceptions)
        with self._scope() as scope, scope, progress_listener(progress) as listener:
            outcomes = _native.read_in_parallel(
                list(reads.values()), max_parallel=self.max_workers, progress=listener
            )
        named = dict(zip(reads, outcomes, strict=True))
        failures = {name: o for name, o in named.items() if isinstance(o, IceFrameError)}
        if failures and not return_exceptions:
            raise _parallel_error(what, len(named), failures)
        return {name: o if name in failures else to_polars(o) for name, o in named.items()}


def _finished(value: _R) -> _R:
    """Returns a call's value; a coroutine, which nobody would await, is refused."""
    if hasattr(value, "cr_frame"):
        value.close()  # type: ignore[attr-defined]
        raise ValidationError("func gives coroutines, threads call plain functions")
    return value


def _parallel_error(what: str, total: int, errors: Mapping[Any, Exception]) -> ParallelError:
    names = ", ".join(map(str, errors))
    return ParallelError(f"{len(errors)} of {total} {what} failed: {names}", list(errors.values()))


def _read_of_query(index: int, query: object) -> _native.ParallelRead:
    from iceframe.query import QueryBuilder

    if not isinstance(query, QueryBuilder):
        raise ValidationError(f"queries[{index}] is no query of an IceFrame: {shown(query)}")
    return _native.ParallelRead.of_query(
        query._session, query._query, f"{index}: {query!r}", query._prepared_for_views()
    )
