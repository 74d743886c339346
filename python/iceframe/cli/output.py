"""Rows on standard output: a table for people; csv, json and arrow for programs."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterator
from itertools import chain, islice
from typing import TextIO

from iceframe import _native
from iceframe.progress import progress_listener
from iceframe.query import QueryBuilder
from iceframe.row_streams import batches_of

__all__ = ["FORMATS", "write_rows", "write_table"]

FORMATS = ("table", "csv", "json", "arrow")

#: Rows of a table that nobody limited.
MAX_TABLE_ROWS = 100
#: Characters of one cell of a table.
_MAX_WIDTH = 60
#: What ends an Arrow IPC stream.
_END_OF_STREAM = b"\xff\xff\xff\xff\x00\x00\x00\x00"


def write_rows(query: QueryBuilder, format_name: str, is_limited: bool) -> None:
    """Runs the query; writes its rows to standard output, other than tables as they come."""
    if format_name == "table":
        _write_limited_table(query, is_limited)
        return
    # A bar is drawn on stderr alone, and not into what a terminal shows of the rows.
    with progress_listener(not sys.stdout.isatty()) as listener:
        stream = query._start(listener)
        for piece in _pieces(stream, format_name):
            _write_bytes(piece)


def _pieces(stream: _native.BatchStream, format_name: str) -> Iterator[bytes]:
    if format_name == "arrow":
        yield stream.schema().ipc_message()
        yield from (batch.ipc_message() for batch in batches_of(stream))
        yield _END_OF_STREAM
    elif format_name == "json":
        yield from (batch.json_lines() for batch in batches_of(stream))
    else:
        yield stream.schema().csv_header()
        yield from (batch.csv_lines() for batch in batches_of(stream))


def _write_bytes(piece: bytes) -> None:
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None:
        sys.stdout.write(piece.decode())
        return
    buffer.write(piece)
    buffer.flush()


def _write_limited_table(query: QueryBuilder, is_limited: bool) -> None:
    asked = query if is_limited else query.limit(MAX_TABLE_ROWS + 1)
    with progress_listener(True) as listener:
        rows = _TableRows(asked._start(listener))
    is_cut = not is_limited and len(rows.cells) > MAX_TABLE_ROWS
    rows.write(sys.stdout, MAX_TABLE_ROWS if is_cut else None)
    if is_cut:
        sys.stdout.flush()
        print(f"the first {MAX_TABLE_ROWS} rows; --limit shows more", file=sys.stderr)


def write_table(stream: _native.BatchStream, output: TextIO) -> None:
    """Writes rows in columns; numbers to the right, null as nothing, long cells cut."""
    _TableRows(stream).write(output)


class _TableRows:
    """All rows of a stream as the cells of a table."""

    def __init__(self, stream: _native.BatchStream) -> None:
        schema = stream.schema()
        self.names = [_cell(name) for name in schema.names()]
        self.are_numeric = schema.are_numeric()
        self.cells: list[list[str]] = []
        for batch in batches_of(stream):
            columns = batch.cells()
            self.cells += ([_cell(cell) for cell in row] for row in zip(*columns, strict=True))

    def write(self, output: TextIO, limit: int | None = None) -> None:
        rows = list(islice(self.cells, limit))
        widths = [max(map(_width, column)) for column in zip(self.names, *rows, strict=True)]
        for row in chain([self.names, ["-" * width for width in widths]], rows):
            padded = [
                " " * (width - _width(cell)) + cell
                if right
                else cell + " " * (width - _width(cell))
                for cell, width, right in zip(row, widths, self.are_numeric, strict=True)
            ]
            output.write("  ".join(padded).rstrip() + "\n")


def _cell(text: str | None) -> str:
    """Returns what stands in a cell: nothing for null, no more than fits."""
    shown = "".join(map(_visible, text or ""))
    return shown if len(shown) <= _MAX_WIDTH else shown[: _MAX_WIDTH - 1] + "…"


def _visible(letter: str) -> str:
    """Returns the letter, or an escape where it would move the cursor."""
    return letter if letter.isprintable() else letter.encode("unicode_escape").decode()


def _width(text: str) -> int:
    """Returns how many places the text takes on a terminal."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )
