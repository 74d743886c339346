"""Literals as other libraries take them: by the type of the column they are compared with."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from typing import Any

from iceframe import _native
from iceframe.errors import UnsupportedOperationError
from iceframe.literals import python_value
from iceframe.table_input import to_table_schema

__all__ = [
    "bound_to",
    "depends_on_column",
    "fits_exactly",
    "nanoseconds",
    "needs_schema",
    "reads_as_other_type",
    "storage_value",
]

# What may be a date, time or timestamp where the column is one; a uuid; escaped bytes.
_MOMENT = re.compile(r"\s*[+-]?\d+[-:]\d")
_UUID = re.compile(r"\s*[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}\s*")
_NANOSECONDS = re.compile(r"(.*?)(?:\.(\d{1,9}))?(\+00:00)?")
# Whole numbers up to here are floats, too.
_LARGEST_EXACT = 2**24


def bound_to(
    expression: _native.Expression,
    schema: Any,  # noqa: ANN401 - see Args
    *,
    case_sensitive: bool = True,
) -> _native.Expression:
    """Returns the expression with the types of a schema; literals have their columns' types.

    Args:
        expression: names columns.
        schema: of Arrow, Polars or PyIceberg, or whatever else `create_table` takes.
        case_sensitive: whether names must match the schema's case.
    """
    return expression.bind(to_table_schema(schema, 3), case_sensitive)


def reads_as_other_type(text: str) -> bool:
    """Returns whether a text would be more than text beside a column that is none."""
    return bool(_MOMENT.match(text) or _UUID.fullmatch(text) or "\\" in text)


def fits_exactly(value: int) -> bool:
    """Returns whether a whole number is the same in each numeric type."""
    return abs(value) <= _LARGEST_EXACT


def depends_on_column(type_text: str, value: Any) -> bool:  # noqa: ANN401 - any literal's
    """Returns whether a literal means different values to columns of different types.

    Example:
        >>> depends_on_column("int", 5), depends_on_column("string", "2020-02-29")
        (False, True)
    """
    if value is None or type_text == "boolean":
        return False
    if type_text in ("int", "long"):
        return not fits_exactly(value)
    return type_text != "string" or reads_as_other_type(value)


def needs_schema(e: _native.Expression) -> UnsupportedOperationError:
    """Returns the error that a literal's meaning depends on a column's type."""
    return UnsupportedOperationError(
        f"what this means depends on the column's type: {e.to_sql()}; give the table's schema"
    )


def nanoseconds(text: str) -> int:
    """Returns a timestamp_ns, as `Expression.parts` writes it, as a count since the epoch.

    Example:
        >>> nanoseconds("1970-01-01T00:00:01.000000001")
        1000000001
    """
    match = _NANOSECONDS.fullmatch(text)
    if match is None:
        raise UnsupportedOperationError(f"timestamp can't be exported: {text}")
    moment = dt.datetime.fromisoformat(match[1]).replace(tzinfo=dt.UTC)
    seconds = (moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(seconds=1)
    return seconds * 1_000_000_000 + int((match[2] or "0").ljust(9, "0"))


def storage_value(type_text: str, value: Any) -> Any:  # noqa: ANN401 - any value of a column
    """Returns a literal's value as frames hold it: uuids as bytes, nanoseconds as a count."""
    if value is None:
        return None
    if type_text in ("timestamp_ns", "timestamptz_ns"):
        return nanoseconds(value)
    if type_text == "uuid":
        return uuid.UUID(value).bytes
    return python_value(type_text, value)
