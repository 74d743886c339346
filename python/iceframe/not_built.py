"""What users of this name may look for and is not built yet: an error that says so."""

from __future__ import annotations

from collections.abc import Mapping

from iceframe.errors import UnsupportedOperationError

__all__ = ["FRAME", "QUERY", "TABLE", "TRANSACTION", "NotBuiltError", "refuse"]

_ROW_LEVEL = "rows of single files are not deleted or changed; overwrite_table(…, filter_expr=…)"
_ROW_LEVEL += " replaces the rows of whole files"
_METADATA = "get_table(…) has snapshots(), refs(), metadata and scan().plan_files()"
_INGEST = "read it with Polars and hand the frame to create_table and append_to_table"
_EXPORT = "read_table(…) gives a Polars frame, which has write_parquet, write_csv and write_json"
_WAIT = "it comes later"

#: Names of `IceFrame`, and what there is instead.
FRAME: Mapping[str, str] = {
    **dict.fromkeys(
        ("delete_from_table", "update_table", "merge", "upsert_table", "upsert"), _ROW_LEVEL
    ),
    **dict.fromkeys(("inspect", "stats", "profile_column"), _METADATA),
    **dict.fromkeys(("to_parquet", "to_csv", "to_json"), _EXPORT),
    **dict.fromkeys(("insert_from_file", "insert_items", "add_files"), _INGEST),
    **dict.fromkeys(
        (
            "create_view",
            "drop_view",
            "quality",
            "query_datafusion",
            "validate_data",
            "validator",
            "viz",
        ),
        _WAIT,
    ),
}
#: Names of `QueryBuilder`.
QUERY: Mapping[str, str] = {
    "insert": "append_to_table(…) takes a query as its rows",
    **dict.fromkeys(("delete", "update", "merge"), _ROW_LEVEL),
}
#: Names of `Table`.
TABLE: Mapping[str, str] = {
    "upsert": _ROW_LEVEL,
    "inspect": "it has snapshots(), refs(), metadata and scan().plan_files()",
    **dict.fromkeys(("maintenance", "add_files"), _WAIT),
}
#: Names of `Transaction`.
TRANSACTION: Mapping[str, str] = {
    "upsert": _ROW_LEVEL,
    "scan": "rows of a transaction are read once it is committed",
    **dict.fromkeys(
        ("add_files", "dynamic_partition_overwrite", "update_location", "update_snapshot"), _WAIT
    ),
}


class NotBuiltError(UnsupportedOperationError, AttributeError):
    """What was asked for is not built yet."""


def refuse(owner: object, names: Mapping[str, str], name: str) -> AttributeError:
    """Returns the error for an attribute that an object has not; `names` are known not to be built.

    Example:
        >>> demo().delete_from_table("users", "id = 1")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ...
        iceframe.not_built.NotBuiltError: IceFrame.delete_from_table is not built yet: ...
        >>> hasattr(demo(), "delete_from_table")
        False
    """
    kind = type(owner).__name__
    if name in names:
        return NotBuiltError(f"{kind}.{name} is not built yet: {names[name]}")
    return AttributeError(f"{kind!r} object has no attribute {name!r}", name=name, obj=owner)
