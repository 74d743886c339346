# SPDX-License-Identifier: Apache-2.0
"""Answers in a form in which engines can be compared: rows, and a figure per column."""

from __future__ import annotations

import math
import zlib
from typing import TypedDict

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["Answer", "agree", "answer_of"]


class Answer(TypedDict):
    """An answer whatever the order of its rows.

    Attributes:
        rows: how many rows there are.
        columns: the sum of each column's values; of strings, of their checksums.
    """

    rows: int
    columns: list[float]


def answer_of(table: pa.Table) -> Answer:
    """Return the figures of an Arrow table."""
    return {"rows": table.num_rows, "columns": [_figure(column) for column in table.columns]}


def agree(one: Answer, other: Answer) -> bool:
    """Return whether two answers are the same, but for the rounding of sums and means."""
    return (
        one["rows"] == other["rows"]
        and len(one["columns"]) == len(other["columns"])
        and all(
            math.isclose(a, b, rel_tol=1e-7)
            for a, b in zip(one["columns"], other["columns"], strict=True)
        )
    )


def _figure(column: pa.ChunkedArray) -> float:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if pa.types.is_date(kind):
        column = column.cast(pa.int32())
    elif pa.types.is_timestamp(kind):
        column = column.cast(pa.date32()).cast(pa.int32())
    elif not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
        counts = column.cast(pa.large_string()).value_counts()
        values, numbers = counts.field("values").to_pylist(), counts.field("counts").to_pylist()
        pairs = zip(values, numbers, strict=True)
        return float(sum(zlib.crc32(str(value).encode()) * number for value, number in pairs))
    return float(pc.sum(column).as_py() or 0)
