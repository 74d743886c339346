"""What scans skip, counted: `DataSkipper`; and whether statistics rule out a file.

Import this module by name; the engine counts by itself, whether one is made or not.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from iceframe import _native
from iceframe.arguments import (
    filter_argument,
    identifier,
    required_text,
    required_whole_number,
    truth,
)
from iceframe.errors import ValidationError, shown
from iceframe.expressions import Expression
from iceframe.literals import to_literal, type_name
from iceframe.sessions import SessionHolder, session_of

__all__ = ["DataSkipper", "can_skip_file", "should_skip"]

# What a column's statistics may be called, by ours.
_NAMES = {
    "type": "type",
    "min": "lower",
    "lower": "lower",
    "lower_bound": "lower",
    "max": "upper",
    "upper": "upper",
    "upper_bound": "upper",
    "value_count": "value_count",
    "record_count": "value_count",
    "null_count": "null_count",
    "null_value_count": "null_count",
    "nan_count": "nan_count",
    "nan_value_count": "nan_count",
}


def can_skip_file(
    file_stats: Mapping[str, Mapping[str, Any]], filter_expr: str | Expression | None
) -> bool:
    """Returns whether no row of a file can match a filter, by the statistics of its columns.

    True is a proof; False says that the file has to be read. It is decided as scans do: null is no
    match, NaN is above every number, and what the statistics don't tell is unknown, so that the
    rest of the filter may still decide.

    Args:
        file_stats: by column: ``min`` and ``max`` of the values that are neither null nor NaN
            (wider ones will do), ``null_count``, ``nan_count``, ``value_count`` (of all rows,
            nulls included), and ``type`` as Iceberg spells it. What is left out, or None, is
            unknown. Without ``type`` the bounds tell it.
        filter_expr: SQL text or an expression.

    Raises:
        ValidationError: the statistics have another shape, or the filter is no SQL.

    Example:
        >>> stats = {"age": {"min": 18, "max": 65, "null_count": 0}}
        >>> can_skip_file(stats, "age > 65"), can_skip_file(stats, "age > 64")
        (True, False)
        >>> can_skip_file(stats, "NOT (age >= 18) OR age IS NULL")
        True
        >>> can_skip_file({"x": {"min": 0.5, "max": 1.0}}, "x > 1")  # there may be NaNs
        False
    """
    if not isinstance(file_stats, Mapping):
        raise ValidationError(f"file_stats must be a mapping of columns, got {shown(file_stats)}")
    columns = {
        required_text("a column of file_stats", name): _column(name, stats)
        for name, stats in file_stats.items()
    }
    return _native.match_statistics(columns, filter_argument("filter_expr", filter_expr)) < 0


#: The same under its other name.
should_skip = can_skip_file


def _column(name: str, stats: Any) -> dict[str, Any]:  # noqa: ANN401 - what the user wrote
    if not isinstance(stats, Mapping):
        raise ValidationError(
            f"file_stats[{name!r}] must be a mapping such as {{'min': 1, 'max': 9}}, "
            f"got {shown(stats)}"
        )
    column: dict[str, Any] = {}
    for key, value in stats.items():
        if (known := _NAMES.get(key) if isinstance(key, str) else None) is None:
            raise ValidationError(
                f"file_stats[{name!r}] has an unknown entry: {shown(key)}; there are min, max, "
                "value_count, null_count, nan_count and type"
            )
        if value is None:
            continue
        if known in column:
            raise ValidationError(f"file_stats[{name!r}] has two entries for {known}")
        if known == "type":
            column[known] = type_name(value)
        elif known in ("lower", "upper"):
            column[known] = to_literal(value)
        else:
            column[known] = required_whole_number(f"{key} of file_stats[{name!r}]", value)
    return column


class DataSkipper:
    """What scans skipped and what they read, by the engine's own counters.

    ``DataSkipper()`` tells of all scans of the process, those before it was made too;
    ``DataSkipper(ice)`` of those of one session; ``skipper.for_table("db.events")`` of those of
    one table. Skipping itself needs no skipper: every scan does it.

    A scan counts once it has ended. A file counts as scanned if anything of it was read.

    Args:
        ice: the session; None: the process.

    Example:
        >>> ice = demo()
        >>> rows = ice.read_table("users", filter="id > 1000")
        >>> skipper = DataSkipper(ice)
        >>> skipper.files_skipped, skipper.files_scanned, skipper.get_stats()["skip_rate"]
        (1, 0, 1.0)
    """

    def __init__(self, ice: SessionHolder | None = None) -> None:
        self._native = (
            _native.DataSkipper.of_process()
            if ice is None
            else _native.DataSkipper.of_session(session_of(ice))
        )
        self._table: str | None = None
        self._lock = threading.Lock()
        self._recorded = {True: 0, False: 0}

    def for_table(self, table_name: str) -> DataSkipper:
        """Returns a skipper that tells of the scans of one table.

        Args:
            table_name: "namespace.table", or "table" in the namespace "default"; without a session
                those of that name in all catalogs.
        """
        one = DataSkipper.__new__(DataSkipper)
        one._native = self._native
        one._table = identifier(table_name)
        one._lock = threading.Lock()
        one._recorded = {True: 0, False: 0}
        return one

    @property
    def files_skipped(self) -> int:
        """The files that scans came across and did not read, and those that `record` was told."""
        return int(self.get_stats()["files_skipped"])

    @property
    def files_scanned(self) -> int:
        """The files of which scans read anything, and those that `record` was told."""
        return int(self.get_stats()["files_scanned"])

    def can_skip_file(
        self, file_stats: Mapping[str, Mapping[str, Any]], filter_expr: str | Expression | None
    ) -> bool:
        """Returns whether no row of a file can match; see `iceframe.skipping.can_skip_file`."""
        return can_skip_file(file_stats, filter_expr)

    should_skip = can_skip_file

    def record(self, skipped: bool) -> None:
        """Counts a file of your own, in what this object tells: skipped, or scanned."""
        skipped = truth("skipped", skipped)
        with self._lock:
            self._recorded[skipped] += 1

    def get_stats(self) -> dict[str, Any]:
        """Returns the figures now.

        files_skipped, files_scanned, and skip_rate, their share of both (0.0 before the first
        scan); scans, bytes_scanned of data files, bytes_skipped as far as sizes are known; and
        under levels, for manifests, files, row_groups and pages: scanned, skipped, bytes_skipped,
        and how many for which of the reasons.
        """
        native = self._native.total() if self._table is None else self._native.of_table(self._table)
        with self._lock:
            skipped, scanned = self._recorded[True], self._recorded[False]
        return _stats(native, skipped, scanned)

    def recent_queries(self, limit: int = 10) -> list[dict[str, Any]]:
        """Returns what the last scans and queries skipped, the latest first.

        Each has what `get_stats` returns, with operation, operation_id and tables. The engine
        keeps a hundred.
        """
        if (count := required_whole_number("limit", limit)) < 0:
            raise ValidationError(f"limit must not be negative: {count}")
        recent = self._native.recent(100)
        if self._table is not None:
            full = self._table if "." in self._table else f"default.{self._table}"
            recent = [query for query in recent if full in query["tables"]]
        heads = ("operation", "operation_id", "tables")
        return [
            {**{head: query.pop(head) for head in heads}, **_stats(query)}
            for query in recent[:count]
        ]

    def __repr__(self) -> str:
        stats = self.get_stats()
        of_table = "" if self._table is None else f"table={self._table!r}, "
        return (
            f"DataSkipper({of_table}files_skipped={stats['files_skipped']}, "
            f"files_scanned={stats['files_scanned']}, skip_rate={stats['skip_rate']:.2%})"
        )


def _stats(native: dict[str, Any], skipped: int = 0, scanned: int = 0) -> dict[str, Any]:
    levels = native["levels"]
    skipped += levels["files"]["skipped"]
    scanned += levels["files"]["scanned"]
    return {
        "files_skipped": skipped,
        "files_scanned": scanned,
        "skip_rate": skipped / (skipped + scanned) if skipped + scanned else 0.0,
        "bytes_skipped": sum(level["bytes_skipped"] for level in levels.values()),
        **native,
    }
