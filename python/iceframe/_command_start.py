"""Ctrl-C while the command `iceframe` is still being loaded: no traceback, exit code 130.

Importing this module begins it.
"""

from __future__ import annotations

# What the interpreter has at hand: `signal` itself would import much before it can be asked.
import _signal as signal  # type: ignore[import-not-found]
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

_INTERRUPTED = 130


def _watch() -> None:
    """Ends the process at Ctrl-C from here on, if it is the command's.

    An exception would go through imports that were not made for it.
    """
    if not _is_command():
        return
    try:
        signal.signal(signal.SIGINT, _exit)
    except ValueError:
        # Not the main thread: whoever runs the command here handles its signals.
        return


def leave_to_caller() -> None:
    """Gives Ctrl-C back to Python: KeyboardInterrupt."""
    if signal.getsignal(signal.SIGINT) is _exit:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _exit(_signal: int, _frame: FrameType | None) -> None:
    os._exit(_INTERRUPTED)


def _is_command() -> bool:
    """Whether `iceframe` or `python -m iceframe` runs, and Ctrl-C is as Python has it."""
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        return False
    if not sys.argv:
        return False
    if sys.argv[0] == "-m":
        return "iceframe" in sys.orig_argv[1:]
    return sys.argv[0].rpartition("/")[2] == "iceframe"


_watch()
