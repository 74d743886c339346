"""The engine's log lines in Python's `logging`: all go to the logger "iceframe"."""

import logging
import warnings
from contextlib import suppress

__all__ = ["deliver", "least_level", "report_of_progress_callback"]

logger = logging.getLogger("iceframe")
# A library says nothing on its own: who wants the lines adds a handler.
logger.addHandler(logging.NullHandler())


def least_level() -> int:
    """Returns the level below which no line is wanted (called by the native module)."""
    return logger.getEffectiveLevel()


def deliver(level: int, component: str, message: str) -> None:
    """Logs one line of the engine; the record has its ``component`` (called by _native)."""
    logger.log(level, "%s: %s", component, message, extra={"component": component})
    if component == "settings":
        _warn(message)


def _warn(message: str) -> None:
    """Shows it to those who look at no log; even where warnings are errors it stops nothing."""
    with suppress(UserWarning):
        warnings.warn(message, UserWarning, stacklevel=4)


def report_of_progress_callback(error: BaseException) -> None:
    """Logs what a progress callback raised when the commit could not be stopped any more."""
    logger.error(
        "progress: the callback raised after the commit: %r",
        error,
        exc_info=error,
        extra={"component": "progress"},
    )
