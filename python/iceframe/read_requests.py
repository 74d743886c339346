"""What a read is asked for, as the native module takes it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Unpack, cast

from iceframe.arguments import column_names, filter_argument, one_filter, whole_number
from iceframe.expressions import Expression
from iceframe.options import ReadTableOptions, ScanOptions, checked

__all__ = ["read_request", "table_request"]


def read_request(
    columns: Sequence[str] | None = None,
    filter_expr: str | Expression | None = None,
    limit: int | None = None,
    options: ScanOptions | None = None,
) -> dict[str, Any]:
    """Returns what a read is asked for, as the native module takes it: only what was given."""
    request = checked(ScanOptions, options or {})
    request["columns"] = column_names(columns)
    request["filter"] = filter_argument("filter_expr", filter_expr)
    request["limit"] = whole_number("limit", limit)
    return request


def table_request(
    columns: Sequence[str] | None = None,
    filter_expr: str | Expression | None = None,
    limit: int | None = None,
    snapshot_id: int | None = None,
    as_of_timestamp: int | dt.datetime | None = None,
    *filters: str | Expression | None,
    **options: Unpack[ReadTableOptions],
) -> dict[str, Any]:
    """Returns a `read_request` of the arguments of `read_table`, progress aside."""
    given = checked(ReadTableOptions, options)
    if len(filters) > 2:
        raise TypeError(f"read_table takes at most 8 arguments by position: {filters[2]!r}")
    by_position = dict(zip(("filter", "filter_sql"), filters, strict=False))
    if twice := by_position.keys() & given.keys():
        raise TypeError(f"argument given twice: {', '.join(sorted(twice))}")
    by_name = {name: given.pop(name, None) for name in ("filter", "filter_sql")}
    given.pop("progress", None)
    given |= {"snapshot_id": snapshot_id, "as_of_timestamp": as_of_timestamp}
    chosen = one_filter(filter_expr=filter_expr, **(by_name | by_position))
    return read_request(columns, chosen, limit, cast("ScanOptions", given))
