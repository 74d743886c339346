"""Rows on standard output: a table for people; csv, json and arrow for programs."""

from __future__ import annotations

import datetime as dt
import decimal
import json
import math
import sys
import unicodedata
import uuid
from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any, TextIO

from iceframe.progress import ProgressOption
from iceframe.query import QueryBuilder

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["FORMATS", "write_rows", "write_table"]

FORMATS = ("table", "csv", "json", "arrow")

#: Rows of a table that nobody limited.
MAX_TABLE_ROWS = 100
#: Characters of one cell of a table.
_MAX_WIDTH = 60


def write_rows(query: QueryBuilder, format_name: str, is_limited: bool) -> None:
    """Runs the query; writes its rows to standard output, other than tables as they come."""
    # A bar is drawn on stderr alone, and not into what a terminal shows of the rows.
    progress = not sys.stdout.isatty()
    if format_name == "table":
        rows = (query if is_limited else query.limit(MAX_TABLE_ROWS + 1)).to_arrow(progress=True)
        shown = rows if is_limited else rows.slice(0, MAX_TABLE_ROWS)
        write_table(shown, sys.stdout)
        if shown.num_rows < rows.num_rows:
            sys.stdout.flush()
            print(f"the first {MAX_TABLE_ROWS} rows; --limit shows more", file=sys.stderr)
    elif format_name == "arrow":
        _write_arrow(query, progress)
    elif format_name == "json":
        _write_json(query, progress)
    else:
        _write_csv(query, progress)


def write_table(rows: pa.Table, stream: TextIO) -> None:
    """Writes rows in columns; numbers to the right, null as nothing, long cells cut."""
    names = rows.column_names
    columns = [_cells(column) for column in _plain(rows, whole_seconds=True).columns]
    widths = [max(map(_width, [name, *cells])) for name, cells in zip(names, columns, strict=True)]
    numeric = [_is_number(field.type) for field in rows.schema]
    lines = chain([names, ["-" * width for width in widths]], zip(*columns, strict=True))
    for cells in lines:
        padded = [
            " " * (width - _width(cell)) + cell if right else cell + " " * (width - _width(cell))
            for cell, width, right in zip(cells, widths, numeric, strict=True)
        ]
        stream.write("  ".join(padded).rstrip() + "\n")


def _batches(
    query: QueryBuilder, progress: ProgressOption
) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    batches = query.to_batches(progress=progress)
    first = next(batches, None)
    if first is None:
        return query.limit(0).to_arrow().schema, batches
    return first.schema, chain([first], batches)


def _write_arrow(query: QueryBuilder, progress: ProgressOption) -> None:
    import pyarrow as pa

    schema, batches = _batches(query, progress)
    with pa.ipc.new_stream(sys.stdout.buffer, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)


def _write_json(query: QueryBuilder, progress: ProgressOption) -> None:
    encode = json.JSONEncoder(ensure_ascii=False).encode
    for batch in _batches(query, progress)[1]:
        plain = _plain(batch)
        columns = [
            column.to_pylist() if _is_json(column.type) else map(_json, column.to_pylist())
            for column in plain.columns
        ]
        for row in zip(*columns, strict=True):
            sys.stdout.write(encode(dict(zip(plain.schema.names, row, strict=True))) + "\n")


def _write_csv(query: QueryBuilder, progress: ProgressOption) -> None:
    import pyarrow as pa
    import pyarrow.csv

    schema, batches = _batches(query, progress)
    writer = None
    for batch in chain([pa.RecordBatch.from_pylist([], schema)], batches):
        texts = _texts(batch)
        writer = writer or pa.csv.CSVWriter(sys.stdout.buffer, texts.schema)
        writer.write(texts)
        sys.stdout.buffer.flush()


def _plain(rows: Any, whole_seconds: bool = False) -> Any:  # noqa: ANN401 - a Table or a batch
    """Returns rows with timestamps as texts, by Arrow, which has nanoseconds.

    Args:
        rows: a Table or a RecordBatch; the same comes out.
        whole_seconds: leave out fractions that are zero.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    for place, field in enumerate(rows.schema):
        if pa.types.is_timestamp(field.type):
            texts = rows.column(place).cast(pa.string())
            if whole_seconds:
                texts = pc.replace_substring_regex(texts, r"\.0+(Z?)$", r"\1")
            rows = rows.set_column(place, pa.field(field.name, pa.string()), texts)
    return rows


def _texts(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Returns a batch of what CSV can hold: nested values as JSON, bytes as hexadecimal text."""
    import pyarrow as pa

    for place, field in enumerate(batch.schema):
        if pa.types.is_nested(field.type) or _is_bytes(field.type):
            values = [_csv(value) for value in batch.column(place).to_pylist()]
            text = pa.field(field.name, pa.string())
            batch = batch.set_column(place, text, pa.array(values, pa.string()))
    return batch


def _is_bytes(type_: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(
        pa.types.is_binary(type_)
        or pa.types.is_fixed_size_binary(type_)
        or isinstance(type_, pa.BaseExtensionType)
    )


def _is_json(type_: pa.DataType) -> bool:
    """Returns whether JSON has the type's values as they are."""
    import pyarrow as pa

    return bool(
        pa.types.is_integer(type_) or pa.types.is_string(type_) or pa.types.is_boolean(type_)
    )


def _is_number(type_: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(
        pa.types.is_integer(type_) or pa.types.is_floating(type_) or pa.types.is_decimal(type_)
    )


def _csv(value: Any) -> str | None:  # noqa: ANN401 - a value of a column
    if value is None:
        return None
    plain = _json(value)
    return plain if isinstance(plain, str) else json.dumps(plain)


def _json(value: Any) -> Any:  # noqa: ANN401 - a value of a column
    """Returns what JSON can hold without losing digits."""
    if isinstance(value, float) and not math.isfinite(value):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, decimal.Decimal | uuid.UUID):
        return str(value)
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: _json(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_json(entry) for entry in value]
    return value


def _cells(column: pa.ChunkedArray) -> list[str]:
    cells = []
    for value in column.to_pylist():
        plain = _json(value)
        text = plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)
        text = "" if value is None else "".join(map(_visible, text))
        cells.append(text if len(text) <= _MAX_WIDTH else text[: _MAX_WIDTH - 1] + "…")
    return cells


def _visible(letter: str) -> str:
    """Returns the letter, or an escape where it would move the cursor."""
    return letter if letter.isprintable() else letter.encode("unicode_escape").decode()


def _width(text: str) -> int:
    """Returns how many places the text takes on a terminal."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )
