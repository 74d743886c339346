"""Making a table from a schema, and from how it is laid out."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any, Unpack

from iceframe import _native
from iceframe.arguments import (
    as_list,
    identifier,
    sort_column,
    string_properties,
    transform_pair,
)
from iceframe.errors import TableNotFoundError
from iceframe.options import CreateOptions, checked
from iceframe.table import Table
from iceframe.table_input import to_table_schema

__all__ = ["create_table"]


def create_table(
    session: _native.Session,
    table_name: Any,  # noqa: ANN401 - what the user wrote
    schema: Any,  # noqa: ANN401 - as above
    partition_spec: Sequence[tuple[str, str]] | None,
    sort_order: Sequence[Any] | None,
    properties: Mapping[str, Any] | None,
    **options: Unpack[CreateOptions],
) -> Table:
    """Creates an empty table; arguments are those of `IceFrame.create_table`."""
    chosen = checked(CreateOptions, options)
    if chosen.get("exist_ok"):
        # What is there already needs no schema that can be read.
        with contextlib.suppress(TableNotFoundError):
            return Table(session, session.load_table(identifier(table_name)))
    version = chosen.get("format_version", 2)
    request = {
        "partition_by": [
            transform_pair(entry) for entry in as_list("partition_spec", partition_spec)
        ],
        "sort_by": [sort_column(entry) for entry in as_list("sort_order", sort_order)],
        "properties": string_properties("properties", properties),
        "location": chosen.get("location") or "",
        "format_version": version,
        "exist_ok": chosen.get("exist_ok", False),
    }
    schema_of_table = to_table_schema(schema, version)
    return Table(session, session.create_table(identifier(table_name), schema_of_table, request))
