"""Rows that are no table's, as the start of a query."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from iceframe import _native
from iceframe.errors import SchemaError, ValidationError
from iceframe.pandas_rows import is_pandas
from iceframe.polars_rows import is_polars
from iceframe.table_input import to_rows, to_table_schema

if TYPE_CHECKING:
    import polars as pl

__all__ = ["is_data", "query_of_rows", "shown_name"]

#: What a format version has that those before it lack: nanoseconds, columns of nulls alone.
_FORMAT_VERSION = 3


def is_data(other: object) -> bool:
    """Returns whether this may be rows, not what names a table."""
    return not isinstance(other, str | tuple | type | int | float | None)


def shown_name(data: object) -> str:
    """Returns what stands for data where queries and plans are shown."""
    return f"<{type(data).__name__}>"


def query_of_rows(session: _native.Session, data: object) -> _native.Query:
    """Returns a query over data: frames, Arrow data, dicts of columns, lists of rows.

    Frames and Arrow data keep their types, as a new table would take them (docs/types.md); they are
    shared, not copied. Values of Python are given the types that Polars finds for all of them.
    An iterator, or a stream that can be read but once, is read now.

    Raises:
        ValidationError: the argument holds no rows that can be read.
        SchemaError: a type that Iceberg lacks, or values that have no type in common.
    """
    name = shown_name(data)
    if is_polars(data, "LazyFrame"):
        data = data.collect()  # type: ignore[attr-defined]
    if is_polars(data, "Series"):
        data = data.to_frame()  # type: ignore[attr-defined]
    if is_polars(data, "DataFrame") or is_pandas(data, "DataFrame"):
        return _read(session, data, data, name)
    if _is_arrow(data):
        # A stream may be there but once, and says what its types are.
        return _native.Query.of_rows(session, None, data, name)
    if isinstance(data, Iterable) and not isinstance(data, Mapping | str | bytes | type):
        first = list(itertools.islice(iterator := iter(data), 1))
        if not first:
            raise ValidationError("data has no rows, and nothing says what its columns are")
        items = itertools.chain(first, iterator)
        if _is_arrow(first[0]) or is_pandas(first[0], "DataFrame"):
            return _read(session, first[0], items, name)
        data = list(items)
    frame = _frame(data)
    return _read(session, frame, frame, name)


def _is_arrow(data: object) -> bool:
    is_arrow = hasattr(data, "__arrow_c_stream__") or hasattr(data, "__arrow_c_array__")
    return is_arrow and not is_pandas(data, "Series")


def _read(session: _native.Session, like: object, data: object, name: str) -> _native.Query:
    schema = to_table_schema(like, _FORMAT_VERSION)
    return _native.Query.of_rows(session, schema, to_rows(data), name)


def _frame(data: Any) -> pl.DataFrame:  # noqa: ANN401 - a dict of columns, or a list of rows
    """Returns Python's values as a frame, typed by all of them."""
    import polars as pl

    # Refuses what is neither.
    to_rows(data)
    try:
        if isinstance(data, Mapping):
            return pl.DataFrame({str(name): _column(values) for name, values in data.items()})
        return pl.DataFrame(data, infer_schema_length=None)
    except (TypeError, ValueError, OverflowError, pl.exceptions.PolarsError) as error:
        raise SchemaError(
            f"the types of data can't be told from its values: {str(error).partition(chr(10))[0]}; "
            "give a Polars frame or an Arrow table, whose columns have types"
        ) from error


def _column(values: Any) -> Any:  # noqa: ANN401 - any sequence
    return values if hasattr(values, "dtype") or hasattr(values, "type") else list(values)
