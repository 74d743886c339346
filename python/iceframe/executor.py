"""The engine's threads, which all sessions of the process share."""

from __future__ import annotations

from iceframe import _native
from iceframe.arguments import whole_number

__all__ = ["configure_executor"]


def configure_executor(num_threads: int | None = None, num_io_threads: int | None = None) -> None:
    """Sets how many threads the engine has, at once and for all sessions, open ones too.

    A number that is not given goes back to its default, and may be chosen by a session's settings
    (`executor.num_threads`, `executor.num_io_threads`) again. Running work is not disturbed.

    Args:
        num_threads: threads for computing; 0: as many as there are cores.
        num_io_threads: threads that wait for files and services (default 32).

    Raises:
        ValidationError: a number is not an integer or is out of bounds.

    Example:
        >>> import iceframe
        >>> iceframe.configure_executor(num_threads=2)
        >>> iceframe.configure_executor()
    """
    _native.configure_executor(
        whole_number("num_threads", num_threads), whole_number("num_io_threads", num_io_threads)
    )
