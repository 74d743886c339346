"""Calls that an event loop waits for: they run in threads, and a task's end ends them."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from iceframe import _native
from iceframe.progress import Progress, ProgressOption

__all__ = ["in_own_thread", "run_in_loop"]

_R = TypeVar("_R")
#: Starts a call on some thread.
Submit = Callable[[Callable[[], _R]], "Future[_R]"]


def in_own_thread(call: Callable[[], _R]) -> Future[_R]:
    """Starts a call on a thread of its own, which the process's end does not wait for."""
    future: Future[_R] = Future()

    def run() -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            value = call()
        except BaseException as error:
            future.set_exception(error)
        else:
            future.set_result(value)

    threading.Thread(target=run, name="iceframe-async", daemon=True).start()
    return future


async def run_in_loop(
    call: Callable[[ProgressOption], _R], submit: Submit[_R], progress: ProgressOption = False
) -> _R:
    """Returns what the call returns, which runs on a thread while the loop goes on.

    When the task that waits is cancelled, what the call does in the engine is, and is waited for;
    a call that has not begun yet never does.

    Args:
        call: what to run; it gets what to tell its progress to.
        submit: starts a call on some thread.
        progress: what the user gave; a callable is called by the loop's thread.
    """
    loop = asyncio.get_running_loop()
    scope = _native.CancelScope()
    listener = _LoopProgress(progress, loop, scope)

    context = contextvars.copy_context()

    def run() -> _R:
        with scope:
            return context.run(call, listener.option)

    future = submit(run)
    waiting = asyncio.wrap_future(future)
    try:
        value = await asyncio.shield(waiting)
    except asyncio.CancelledError:
        scope.cancel()
        if not future.cancel():
            await asyncio.wait([waiting])
            # Marks an exception as retrieved: nobody waits for the outcome any more.
            if not waiting.cancelled():
                waiting.exception()
        raise
    except Exception:
        listener.raise_error()
        raise
    listener.raise_error()
    return value


class _LoopProgress:
    """Tells a callable of the user's on the loop's thread; what it raises ends the call."""

    def __init__(
        self, option: ProgressOption, loop: asyncio.AbstractEventLoop, scope: _native.CancelScope
    ) -> None:
        self._given = option
        self._loop = loop
        self._scope = scope
        self._error: BaseException | None = None

    @property
    def option(self) -> ProgressOption:
        """What the call is given."""
        return self._post if callable(self._given) else self._given

    def raise_error(self) -> None:
        """Raises what the user's callable did."""
        if self._error is not None:
            raise self._error from None

    def _post(self, progress: Progress) -> None:
        self._loop.call_soon_threadsafe(self._tell, progress)

    def _tell(self, progress: Progress) -> None:
        show: Any = self._given
        if self._error is not None:
            return
        try:
            show(progress)
        except BaseException as error:
            self._error = error
            self._scope.cancel()
