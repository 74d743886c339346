# SPDX-License-Identifier: Apache-2.0
"""Comparing tables value by value."""

import pyarrow as pa
import pyarrow.compute as pc


def first_difference(left: pa.Table, right: pa.Table, sort_key: list[str]) -> str | None:
    """Returns where two tables differ, None if every value is equal (null equals null).

    Rows may come in any order. Text may be in either of Arrow's layouts; any other difference
    of types is one.
    """
    if left.column_names != right.column_names:
        return f"columns {left.column_names} and {right.column_names}"
    if left.num_rows != right.num_rows:
        return f"{left.num_rows:,} rows and {right.num_rows:,} rows"
    rest = [name for name in left.column_names if name not in sort_key]
    order = [(name, "ascending") for name in sort_key + rest]
    left, right = _plain_text(left).sort_by(order), _plain_text(right).sort_by(order)
    for name in left.column_names:
        ours, theirs = left[name], right[name]
        if ours.type != theirs.type:
            return f"column {name}: {ours.type} and {theirs.type}"
        if ours.equals(theirs):
            continue
        for row, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            if not one.equals(other):
                return f"column {name}, sorted row {row}: {one.as_py()!r} and {other.as_py()!r}"
    return None


def num_nulls(table: pa.Table) -> int:
    """Returns how many of the values are null."""
    return sum(pc.sum(column.is_null()).as_py() or 0 for column in table.columns)


def _plain_text(table: pa.Table) -> pa.Table:
    fields = [
        field.with_type(pa.string()) if pa.types.is_large_string(field.type) else field
        for field in table.schema
    ]
    return table.cast(pa.schema([pa.field(field.name, field.type) for field in fields]))
