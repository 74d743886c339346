"""Calls of one function in several threads."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable, Sequence
from typing import Any

from iceframe import _native
from iceframe.errors import CancelledError, IceFrameError

__all__ = ["Failure", "ParallelCalls"]

#: How long Ctrl-C waits for calls of the user's that were told to end.
_GRACE_SECONDS = 0.25


class Failure:
    """What a call raised."""

    def __init__(self, index: int, error: Exception) -> None:
        self.index = index
        self.error = error


class ParallelCalls:
    """Calls of a function in threads of their own, one for each that may be under way."""

    def __init__(
        self, func: Callable[[Any], object], items: Sequence[Any], scope: _native.CancelScope
    ) -> None:
        self._func = func
        self._items = items
        self._scope = scope
        self._context = contextvars.copy_context()
        self._outcomes: list[Any] = [None] * len(items)
        self._changed = threading.Condition()
        self._next = 0
        self._num_running = 0
        # What ends more than a call, such as SystemExit.
        self._ending: BaseException | None = None

    def run(self, num_threads: int) -> list[Any]:
        """Returns the values, or a `Failure` each, in the order of the items."""
        try:
            self._start(num_threads)
            with self._changed:
                self._changed.wait_for(self._has_ended)
        except BaseException:
            self._scope.cancel()
            with self._changed:
                self._changed.wait_for(self._has_ended, timeout=_GRACE_SECONDS)
            raise
        if self._ending is not None:
            raise self._ending
        if self._scope.is_cancelled():
            raise CancelledError("the calls were cancelled")
        return self._outcomes

    def _start(self, num_threads: int) -> None:
        """Starts as many threads as the system allows: they do the work of those it refuses."""
        for number in range(num_threads):
            thread = threading.Thread(target=self._work, name="iceframe-parallel", daemon=True)
            with self._changed:
                self._num_running += 1
            try:
                thread.start()
            except RuntimeError as error:
                with self._changed:
                    self._num_running -= 1
                if number == 0:
                    raise IceFrameError(
                        f"no thread can be started for the calls: {error}"
                    ) from None
                return

    def _has_ended(self) -> bool:
        return self._num_running == 0

    def _work(self) -> None:
        with self._scope:
            while (index := self._take()) is not None:
                try:
                    self._outcomes[index] = self._context.copy().run(self._func, self._items[index])
                except Exception as error:
                    self._outcomes[index] = Failure(index, error)
                except BaseException as error:
                    self._ending = error
                    self._scope.cancel()
        with self._changed:
            self._num_running -= 1
            self._changed.notify_all()

    def _take(self) -> int | None:
        with self._changed:
            if self._next == len(self._items) or self._scope.is_cancelled():
                return None
            self._next += 1
            return self._next - 1
