"""The engine's log lines in Python's `logging`: all go to the logger "iceframe"."""

import logging

__all__ = ["deliver", "least_level"]

logger = logging.getLogger("iceframe")
# A library says nothing on its own: who wants the lines adds a handler.
logger.addHandler(logging.NullHandler())


def least_level() -> int:
    """Returns the level below which no line is wanted (called by the native module)."""
    return logger.getEffectiveLevel()


def deliver(level: int, component: str, message: str) -> None:
    """Logs one line of the engine; the record has its ``component`` (called by _native)."""
    logger.log(level, "%s: %s", component, message, extra={"component": component})
