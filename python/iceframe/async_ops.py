"""`AsyncIceFrame`: an `IceFrame` whose calls an event loop awaits."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, Unpack

from iceframe.arguments import required_whole_number
from iceframe.async_calls import in_own_thread, run_in_loop
from iceframe.async_tail import AsyncTableTail
from iceframe.errors import ValidationError
from iceframe.frame import IceFrame
from iceframe.progress import ProgressOption
from iceframe.query import QueryBuilder
from iceframe.tail import TableTail, TailPace

if TYPE_CHECKING:
    from iceframe.expressions import Expression
    from iceframe.options import TailOptions

__all__ = ["AsyncIceFrame", "AsyncQueryBuilder"]

_R = TypeVar("_R")
_Method = Callable[..., Any]

#: Terminal calls of a query; its other methods are steps.
_TERMINAL = ("analyze", "execute", "collect", "to_polars", "to_arrow", "to_pandas", "explain")
#: Methods that yield: they are asynchronous generators here.
_YIELDING = ("scan_batches", "read_table_chunked")


class _Workers:
    """Threads in which the calls of one `AsyncIceFrame` run, so many at once."""

    def __init__(self, max_workers: int) -> None:
        self._threads = ThreadPoolExecutor(max_workers, thread_name_prefix="iceframe-async")

    def submit(self, call: Callable[[], _R]) -> Future[_R]:
        try:
            return self._threads.submit(call)
        except RuntimeError as error:
            raise ValidationError("the AsyncIceFrame is closed; make a new one") from error

    async def run(self, method: _Method, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - the method's
        progress: ProgressOption = kwargs.pop("progress", False)

        def call(option: ProgressOption) -> Any:  # noqa: ANN401 - the method's
            given = kwargs if option is False else {**kwargs, "progress": option}
            return method(*args, **given)

        return await run_in_loop(call, self.submit, progress)

    async def iterate(self, method: _Method, *args: Any, **kwargs: Any) -> AsyncIterator[Any]:  # noqa: ANN401
        iterator: Iterator[Any] = await self.run(method, *args, **kwargs)
        end = object()
        try:
            while (entry := await self.run(next, iterator, end)) is not end:
                yield entry
        finally:
            close = getattr(iterator, "close", None)
            if close is not None:
                # Waits for what is under way.
                await run_in_loop(lambda _: close(), in_own_thread)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


class AsyncIceFrame:
    """An `IceFrame` for event loops: each of its methods is one here, to be awaited.

    ``await ice.read_table(…)`` and ``await ice.read_table_async(…)`` are the same. The loop is
    never blocked: a call waits in a thread without the GIL while the engine's threads work. When
    the task that awaits is cancelled, so is the engine's work, and files and memory are given back
    before the cancellation goes on.

    Args:
        catalog_config: a configuration, as `IceFrame` takes it, or an `IceFrame`.
        max_workers: the most calls under way at once; others wait for their turn.

    Example:
        >>> import asyncio
        >>> from iceframe.async_ops import AsyncIceFrame
        >>> async def main():
        ...     async with AsyncIceFrame(demo()) as ice:
        ...         return await ice.query("users").filter("id > 1").select("name").execute()
        >>> asyncio.run(main()).rows()
        [('Bob',)]
    """

    def __init__(
        self, catalog_config: Mapping[str, Any] | IceFrame | None = None, max_workers: int = 8
    ) -> None:
        number = required_whole_number("max_workers", max_workers)
        if number < 1:
            raise ValidationError(f"max_workers must be at least 1, got {number}")
        #: The `IceFrame` behind this.
        self.ice_frame = (
            catalog_config if isinstance(catalog_config, IceFrame) else IceFrame(catalog_config)
        )
        #: The most calls at once.
        self.max_workers = number
        self._workers = _Workers(number)

    def __repr__(self) -> str:
        return f"AsyncIceFrame({self.ice_frame!r}, max_workers={self.max_workers})"

    async def __aenter__(self) -> AsyncIceFrame:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the threads once their calls have; later calls are refused."""
        self._workers.close()

    def query(self, table_name: Any, **version: Any) -> AsyncQueryBuilder:  # noqa: ANN401 - as of IceFrame
        """Starts a query, as `IceFrame.query`; its terminal calls are awaited."""
        return AsyncQueryBuilder(self.ice_frame.query(table_name, **version), self._workers)

    async def query_async(self, table_name: Any, **version: Any) -> AsyncQueryBuilder:  # noqa: ANN401
        """As `query`; nothing is read before the query is executed."""
        return self.query(table_name, **version)

    def tail(
        self,
        table_name: str,
        token: str | None = None,
        columns: Sequence[str] | None = None,
        filter_expr: str | Expression | None = None,
        **options: Unpack[TailOptions],
    ) -> AsyncTableTail:
        """Follows a table, as `IceFrame.tail`: ``async for rows in ice.tail(…)``.

        What is wrong with the arguments or the table is told when the tail is first waited for.
        """
        pace = TailPace.of(options)

        def open_tail() -> TableTail:
            own: TailOptions = {**options, "timeout": 0}
            return self.ice_frame.tail(table_name, token, columns, filter_expr, **own)

        return AsyncTableTail(self._workers.run, open_tail, pace)

    tail_async = tail

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - what the IceFrame has
        """Returns attributes of the `IceFrame`, such as its configuration."""
        if name.startswith("_"):
            raise AttributeError(f"'AsyncIceFrame' object has no attribute {name!r}", name=name)
        return getattr(self.ice_frame, name.removesuffix("_async"))


class AsyncQueryBuilder:
    """A `QueryBuilder` whose terminal calls are awaited; its steps are the same."""

    def __init__(self, query: QueryBuilder, workers: _Workers) -> None:
        self._query = query
        self._workers = workers

    def __repr__(self) -> str:
        return repr(self._query)

    async def to_batches(self, **options: Any) -> AsyncIterator[Any]:  # noqa: ANN401 - as of QueryBuilder
        """Yields the rows as Arrow batches as they are computed."""
        async for batch in self._workers.iterate(self._query.to_batches, **options):
            yield batch


def _awaited(name: str, method: _Method, target: str) -> _Method:
    @wraps(method)
    async def call(self: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - the method's
        return await self._workers.run(getattr(getattr(self, target), name), *args, **kwargs)

    return call


def _iterated(name: str, method: _Method, target: str) -> _Method:
    @wraps(method)
    async def iterate(self: Any, *args: Any, **kwargs: Any) -> AsyncIterator[Any]:  # noqa: ANN401
        bound = getattr(getattr(self, target), name)
        async for entry in self._workers.iterate(bound, *args, **kwargs):
            yield entry

    return iterate


def _step(name: str, method: _Method) -> _Method:
    @wraps(method)
    def step(self: AsyncQueryBuilder, *args: Any, **kwargs: Any) -> AsyncQueryBuilder:  # noqa: ANN401
        plain = [a._query if isinstance(a, AsyncQueryBuilder) else a for a in args]
        named = {
            key: a._query if isinstance(a, AsyncQueryBuilder) else a for key, a in kwargs.items()
        }
        return AsyncQueryBuilder(getattr(self._query, name)(*plain, **named), self._workers)

    return step


def _add_methods() -> None:
    """Gives both classes the methods of their counterparts."""
    for name in vars(IceFrame):
        method = getattr(IceFrame, name)
        if name.startswith("_") or not callable(method) or name in vars(AsyncIceFrame):
            continue
        made = (_iterated if name in _YIELDING else _awaited)(name, method, "ice_frame")
        setattr(AsyncIceFrame, name, made)
        setattr(AsyncIceFrame, f"{name}_async", made)
    for name in vars(QueryBuilder):
        method = getattr(QueryBuilder, name)
        if name.startswith("_") or not callable(method) or name in vars(AsyncQueryBuilder):
            continue
        if name in _TERMINAL:
            made = _awaited(name, method, "_query")
            setattr(AsyncQueryBuilder, f"{name}_async", made)
        else:
            made = _step(name, method)
        setattr(AsyncQueryBuilder, name, made)


_add_methods()
