"""Options that a call takes by name: one typed mapping each, checked by its own annotations."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypedDict, get_type_hints

from iceframe.arguments import required_whole_number, text, to_milliseconds, truth, whole_number
from iceframe.errors import IceFrameError
from iceframe.expressions import Expression
from iceframe.progress import ProgressOption

__all__ = [
    "CreateOptions",
    "OverwriteOptions",
    "ReadOptions",
    "ReadTableOptions",
    "ScanOptions",
    "StreamingOptions",
    "TailOptions",
    "UnionTablesOptions",
    "checked",
]


class ReadOptions(TypedDict, total=False):
    """What more a scan can be told.

    Attributes:
        ref: read this branch or tag.
        ordered: rows in the order of the table's files (the default); False may be faster.
        batch_size: the most rows in one batch, 65 536 by default.
        max_open_files: how many data files may be open at once, 32 by default.
    """

    ref: str | None
    ordered: bool
    batch_size: int
    max_open_files: int


class ScanOptions(ReadOptions, total=False):
    """What more a scan can be told; at most one of snapshot_id, as_of_timestamp and ref.

    Attributes:
        snapshot_id: read this snapshot.
        as_of_timestamp: read what was current at this time: a datetime with a time zone, or
            milliseconds since the epoch.
    """

    snapshot_id: int | None
    as_of_timestamp: int | dt.datetime | None


class ReadTableOptions(ReadOptions, total=False):
    """What more `read_table` can be told.

    Attributes:
        filter: an expression, as another name of ``filter_expr``.
        filter_sql: text, as another name of ``filter_expr``.
        progress: False, True (a bar on a terminal or in a notebook) or a callable of a `Progress`.
    """

    filter: Expression | None
    filter_sql: str | None
    progress: ProgressOption


class TailOptions(TypedDict, total=False):
    """What more `tail` can be told.

    Attributes:
        start: without a token, begin with what is committed from now on ("latest", the default),
            or with all rows there are ("earliest").
        branch: follow this branch; None: main.
        on_removed: what to do about snapshots that removed rows: "error" (the default), "skip"
            them, or "difference" as in `read_incremental`.
        chunk_size: give the rows of a snapshot in frames of so many; None: in one.
        poll_interval: seconds between two looks for a new snapshot, 1 by default.
        timeout: stop when no rows came for so many seconds, 0 as soon as all is read; None: wait
            for ever.
    """

    start: str
    branch: str | None
    on_removed: str
    chunk_size: int | None
    poll_interval: float
    timeout: float | None


class UnionTablesOptions(TypedDict, total=False):
    """What more `union_tables` can be told.

    Attributes:
        source_column: a last column of this name has each row's catalog; a pair of names: two, with
            catalog and table.
        match_by: "name" (the default), or "id": columns meet by their field ids, whatever their
            names, under those of the first table: for tables that were one, as a copy whose columns
            were renamed.
        on_failure: called with catalog, table and exception for each table whose catalog or files
            fail, and which is left out then; None: the first such error is raised.
        max_workers: the most tables at once, 4 by default.
        progress: False, True (a bar on a terminal or in a notebook) or a callable of a `Progress`:
            how many tables are done.
    """

    source_column: str | tuple[str, str] | None
    match_by: str
    on_failure: Callable[[str, str, IceFrameError], object] | None
    max_workers: int
    progress: ProgressOption


class StreamingOptions(TypedDict, total=False):
    """What more a `StreamingWriter` can be told.

    Attributes:
        writer_id: who writes, e.g. "sensor-7": a program that is started again under the same id
            goes on where it ended. None: the first id of this machine that no living writer has.
        schema_evolution: what rows with other columns may do to the table's: "off" (the default),
            "add_columns", or "widen" (that, and int becomes long, float double, decimals get more
            digits).
        batch_bytes: commit once rows of so many bytes wait, 64 MiB by default.
        max_pending_bytes: how much may wait before `write` waits, 256 MiB by default.
        state_folder: where the log is; None: the setting ``streaming.state_folder``.
    """

    writer_id: str | None
    schema_evolution: str
    batch_bytes: int
    max_pending_bytes: int
    state_folder: str | os.PathLike[str] | None


class CreateOptions(TypedDict, total=False):
    """What more `create_table` can be told.

    Attributes:
        location: where the table's files go; the catalog chooses by default.
        format_version: 1, 2 (the default) or 3.
        exist_ok: return the table that is there instead of raising.
    """

    location: str | None
    format_version: int
    exist_ok: bool


class OverwriteOptions(TypedDict, total=False):
    """What more `overwrite_table` can be told.

    Attributes:
        allow_rows_outside_filter: take rows that don't match the filter; else the first of them is
            an error and nothing is written.
        snapshot_properties: extra entries of the snapshot's summary.
        progress: False, True (a bar on a terminal or in a notebook) or a callable of a `Progress`.
    """

    allow_rows_outside_filter: bool
    snapshot_properties: Mapping[str, Any] | None
    progress: ProgressOption


# What is said of an option by its type; the values of others are checked where they are used.
_CHECKS: Mapping[Any, Callable[[str, Any], Any]] = {
    bool: truth,
    int: required_whole_number,
    int | None: whole_number,
    str | None: text,
    int | dt.datetime | None: to_milliseconds,
}


@cache
def _checks_of(kind: type) -> dict[str, Callable[[str, Any], Any] | None]:
    return {name: _CHECKS.get(hint) for name, hint in get_type_hints(kind).items()}


def checked(kind: type, options: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the options that were given, as the native module takes them.

    Args:
        kind: the class of typed mappings that names all there are.
        options: those that were given.

    Raises:
        TypeError: an unknown name.
        ValidationError: a value of the wrong type or out of bounds.
    """
    checks = _checks_of(kind)
    values = {}
    for name, value in options.items():
        if name not in checks:
            raise TypeError(f"unexpected keyword argument: {name}{_hint(name, checks)}")
        check = checks[name]
        values[name] = value if check is None else check(name, value)
    return values


def _hint(name: str, known: Mapping[str, object]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]}?" if near else f"; there are {', '.join(sorted(known))}"
