"""A log of queries: the newest in memory, all of them in a file."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from iceframe import _native
from iceframe.arguments import required_text, required_whole_number
from iceframe.errors import ValidationError, shown
from iceframe.sessions import SessionHolder, session_of

__all__ = ["QueryLog"]


class QueryLog:
    """Keeps a record of each operation that ends, from when it is made on, until it is closed.

    ``QueryLog()`` hears of the whole process, ``QueryLog(ice)`` of one `IceFrame`. Records hold no
    literal of a query: plans have "?" in their place, and of errors only the kind is told.

    Args:
        ice: whose operations; None: the process's.
        path: a file to which each record is appended as a line of JSON; several processes may
            share it. It is readable by its owner alone.
        max_entries: the most records in memory; of these `entries` tells.
        max_file_bytes: a file that would get larger becomes ``path.1``, that one ``path.2`` …
        max_files: … so that there are so many files at most.

    Raises:
        IoError: the file can't be opened.

    Example:
        >>> ice = demo()
        >>> log = QueryLog(ice)
        >>> ice.read_table("users", filter="name = 'Ada'").height
        1
        >>> entry = log.entries()[0]
        >>> entry["operation"], entry["status"], entry["counters"]["rows_returned"]
        ('scan', 'ok', 1)
        >>> entry["plan"].rstrip()
        'Scan: default.users [id, name, age], filter: name = ?'
        >>> log.close()
    """

    def __init__(
        self,
        ice: SessionHolder | None = None,
        path: str | os.PathLike[str] | None = None,
        *,
        max_entries: int = 10_000,
        max_file_bytes: int = 64 << 20,
        max_files: int = 5,
    ) -> None:
        session = None if ice is None else session_of(ice)
        numbers = {
            "max_entries": max_entries,
            "max_file_bytes": max_file_bytes,
            "max_files": max_files,
        }
        checked = {name: _at_least_one(name, value) for name, value in numbers.items()}
        self._native = _native.QueryLog.open(session, _path_text(path), **checked)

    def __enter__(self) -> QueryLog:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def entries(self, limit: int = 100) -> list[dict[str, Any]]:
        """Returns the newest records first.

        Each has id, pid, time, operation, tables, status ("ok", "error", "cancelled", "dropped"),
        error (its kind or None), duration_ms, peak_memory_bytes, counters (those that are not 0),
        plan, plan_hash, which is equal for plans that differ in literals alone, and reports:
        Iceberg's scan and commit reports, as its REST API takes them.

        Args:
            limit: the most of them.
        """
        number = required_whole_number("limit", limit)
        if number < 0:
            raise ValidationError(f"limit must not be negative: {number}")
        entries: list[dict[str, Any]] = json.loads(self._native.entries(number))
        return entries

    def close(self) -> None:
        """Hears of nothing any more; what is kept stays."""
        self._native.close()


def _at_least_one(name: str, value: Any) -> int:  # noqa: ANN401 - what the user wrote
    number = required_whole_number(name, value)
    if number < 1:
        raise ValidationError(f"{name} must be at least 1, got {number}")
    return number


def _path_text(path: Any) -> str:  # noqa: ANN401 - as above
    if path is None:
        return ""
    if not isinstance(path, str | Path | os.PathLike):
        raise ValidationError(f"path must be a path, got {shown(path)}")
    text = required_text("path", os.fspath(path))
    if not text or "\0" in text:
        raise ValidationError(f"path must name a file, got {shown(path)}")
    return text
