"""`AsyncTableTail`: a table followed by an event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Generator
from typing import TYPE_CHECKING, Any, Self

from iceframe.tail import TableTail, TailPace

if TYPE_CHECKING:
    import polars as pl

__all__ = ["AsyncTableTail"]

#: Runs a call in a worker's thread.
_Run = Callable[..., Awaitable[Any]]


class AsyncTableTail:
    """The new rows of a table as they come; made by `AsyncIceFrame.tail`.

    An asynchronous iterator of what a `TableTail` gives. The table is looked up when the first
    rows are asked for, or by ``await``ing the tail. While it waits for new snapshots, the loop
    goes on and no worker is taken. For one task; `stop` may be called from any thread.

    Example:
        >>> import asyncio
        >>> from iceframe.async_ops import AsyncIceFrame
        >>> async def main():
        ...     async with AsyncIceFrame(demo()) as ice:
        ...         tail = ice.tail("users", start="earliest", timeout=0)
        ...         return [rows.height async for rows in tail]
        >>> asyncio.run(main())
        [2]
    """

    def __init__(self, run: _Run, open_tail: Callable[[], TableTail], pace: TailPace) -> None:
        self._run = run
        self._open_tail = open_tail
        self._pace = pace
        self._tail: TableTail | None = None
        self._is_stopped = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped = asyncio.Event()

    @property
    def token(self) -> str | None:
        """As `TableTail.token`; None until the table has been looked up."""
        return None if self._tail is None else self._tail.token

    @property
    def snapshot_id(self) -> int | None:
        """The snapshot of the rows that were given out last."""
        return None if self._tail is None else self._tail.snapshot_id

    @property
    def timestamp_ms(self) -> int | None:
        """When that snapshot was made, in milliseconds since the epoch."""
        return None if self._tail is None else self._tail.timestamp_ms

    def stop(self) -> None:
        """Ends the iteration, in any thread, after what is being read."""
        self._is_stopped = True
        if self._tail is not None:
            self._tail.stop()
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stopped.set)

    def __await__(self) -> Generator[Any, None, Self]:
        return self._open().__await__()

    async def __aenter__(self) -> Self:
        return await self._open()

    async def __aexit__(self, *_: object) -> None:
        self.stop()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> pl.DataFrame:
        await self._open()
        begin = time.monotonic()
        while (rows := await self._look()) is None:
            if self._is_stopped:
                raise StopAsyncIteration
            wait = self._pace.poll_seconds
            if self._pace.timeout is not None:
                left = self._pace.timeout - (time.monotonic() - begin)
                if left <= 0:
                    raise StopAsyncIteration
                wait = min(wait, left)
            await self._wait(wait)
        return rows

    async def _look(self) -> pl.DataFrame | None:
        """Returns the next rows; None if there is nothing new."""
        # Made with a timeout of 0, the tail ends at once then.
        rows: pl.DataFrame | None = await self._run(next, self._tail, None)
        return rows

    async def _open(self) -> Self:
        self._loop = asyncio.get_running_loop()
        if self._tail is None:
            self._tail = await self._run(self._open_tail)
        if self._is_stopped:
            self._tail.stop()
        return self

    async def _wait(self, seconds: float) -> None:
        """Waits so long, or until stopped."""
        try:
            await asyncio.wait_for(self._stopped.wait(), seconds)
        except TimeoutError:
            return
