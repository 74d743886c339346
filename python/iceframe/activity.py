"""What the process does now, as `iceframe top` reads it."""

from __future__ import annotations

import json
import os
import time
from typing import Any

from iceframe import _native
from iceframe._version import __version__
from iceframe.query_log import QueryLog

__all__ = ["Activity"]

_RECENT = 100


class Activity:
    """Operations that run and the newest that have ended, metrics, and the process's figures.

    No literal of a query is in it.
    """

    def __init__(self) -> None:
        self._log = QueryLog(max_entries=_RECENT)
        self._process = _psutil_process()

    def close(self) -> None:
        """Hears of nothing any more."""
        self._log.close()

    def to_json(self) -> str:
        """Returns how things are now."""
        return json.dumps(
            {
                "version": __version__,
                "pid": os.getpid(),
                "time": time.time(),
                "resident_bytes": _native.resident_bytes(),
                "cpu_percent": self._cpu_percent(),
                "running": json.loads(_native.running_operations()),
                "recent": self._log.entries(_RECENT),
                "metrics": _native.metrics(),
            }
        )

    def _cpu_percent(self) -> float | None:
        """Returns how much of one core the process took since the last call; None: not known."""
        if self._process is None:
            return None
        percent: float = self._process.cpu_percent()
        return percent


def _psutil_process() -> Any:  # noqa: ANN401 - psutil may be missing
    try:
        import psutil
    except ImportError:
        return None
    return psutil.Process()
