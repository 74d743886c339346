"""Python values as literals of expressions, and back."""

from __future__ import annotations

import datetime as dt
import decimal
import re
import uuid
from typing import Any

from iceframe import _native
from iceframe.errors import UnsupportedOperationError, ValidationError

__all__ = ["python_value", "to_literal", "type_name"]

_MAX_DIGITS = 38

# What Python, Polars, NumPy and Arrow call a type that expression text calls otherwise.
_TYPE_NAMES = {
    "int8": "int",
    "int16": "int",
    "int32": "int",
    "int64": "long",
    "float32": "float",
    "float64": "double",
    "bool_": "boolean",
    "str": "string",
    "utf8": "string",
    "bytes": "binary",
    "date32": "date",
    "date32[day]": "date",
    "time64[us]": "time",
    "datetime": "timestamp",
    "timestamp[us]": "timestamp",
    "timestamp[us, tz=utc]": "timestamptz",
    "timestamp[ns]": "timestamp_ns",
    "timestamp[ns, tz=utc]": "timestamptz_ns",
}
_DECIMAL = re.compile(r"decimal(?:128)?\((?:precision=)?(\d+), *(?:scale=)?(\d+)\)", re.IGNORECASE)
# Python's own names where they mean another type than SQL's.
_PYTHON_TYPES = {int: "long", float: "double"}


def type_name(described: Any) -> str:  # noqa: ANN401 - a name or a type of some library
    """Returns a type as expression text names it.

    Example:
        >>> type_name("decimal(9, 2)"), type_name(int), type_name("int64"), type_name(str)
        ('decimal(9, 2)', 'long', 'long', 'string')
    """
    if isinstance(described, type) and described in _PYTHON_TYPES:
        return _PYTHON_TYPES[described]
    name = described.__name__ if isinstance(described, type) else str(described)
    if digits := _DECIMAL.fullmatch(name):
        return f"decimal({digits[1]}, {digits[2]})"
    return _TYPE_NAMES.get(name.lower(), name)


def _decimal_text(value: decimal.Decimal) -> str:
    if not value.is_finite():
        return f"DOUBLE '{value}'"
    _, digits, exponent = value.as_tuple()
    scale = max(-int(exponent), 0)
    precision = max(len(digits) + max(int(exponent), 0), scale, 1)
    if precision > _MAX_DIGITS:
        raise ValidationError(f"decimal has more than 38 digits: {value}")
    return f"DECIMAL({precision}, {scale}) '{value:f}'"


def _moment_text(value: Any) -> str | None:  # noqa: ANN401 - as to_literal's
    """Returns the SQL text of a date or time; None for anything else."""
    if isinstance(value, dt.datetime):
        if value.tzinfo is None:
            return f"TIMESTAMP '{value.isoformat(sep=' ')}'"
        return f"TIMESTAMPTZ '{value.astimezone(dt.UTC).isoformat(sep=' ')}'"
    if isinstance(value, dt.date):
        return f"DATE '{value.isoformat()}'"
    if isinstance(value, dt.time):
        if value.tzinfo is not None:
            raise ValidationError(f"a time must be without a zone: {value}")
        return f"TIME '{value.isoformat()}'"
    return None


def _plain(value: Any) -> Any:  # noqa: ANN401 - as to_literal's
    """Returns the values of NumPy, pandas and Arrow as Python's own."""
    name = type(value).__name__
    if name in ("NaTType", "NAType"):
        return None
    if type(value).__module__.partition(".")[0] == "numpy":
        if name == "datetime64":
            # Finer than Python's own; pandas keeps what is beyond microseconds.
            text = str(value)
            return None if text == "NaT" else _iso_moment(text)
        # Arrays and spans of time (whose item is a bare number) are no values of a column.
        is_scalar = getattr(value, "ndim", 1) == 0 and name != "timedelta64"
        return value.item() if is_scalar else value
    return value.as_py() if callable(getattr(value, "as_py", None)) else value


def _iso_moment(text: str) -> Any:  # noqa: ANN401 - a date, or what is finer
    import pandas as pd

    return dt.date.fromisoformat(text) if len(text) == 10 else pd.Timestamp(text)


def to_literal(value: Any) -> _native.Expression:  # noqa: ANN401 - any value of a column
    """Returns the literal of a Python value; its type is the narrowest that fits.

    Whole numbers are int, long or decimal, aware datetimes timestamptz. Floats are double, and
    float beside a float column.

    Raises:
        ValidationError: there is no such literal.

    Example:
        >>> to_literal(5), to_literal("it's"), to_literal(dt.date(2024, 2, 29)), to_literal(None)
        (5, 'it''s', DATE '2024-02-29', NULL)
    """
    value = _plain(value)
    if value is None:
        return _native.Expression.null()
    if isinstance(value, str):
        try:
            return _native.Expression.string(value)
        except TypeError:
            raise ValidationError(f"text holds half a character: {value!r}") from None
    if isinstance(value, bytes | bytearray | memoryview):
        return _native.Expression.bytes(bytes(value))
    text = _moment_text(value)
    if text is None:
        if isinstance(value, bool):
            text = "TRUE" if value else "FALSE"
        elif isinstance(value, int):
            text = str(value)
        elif isinstance(value, float):
            return _native.Expression.number(float(value))
        elif isinstance(value, decimal.Decimal):
            text = _decimal_text(value)
        elif isinstance(value, uuid.UUID):
            text = f"UUID '{value}'"
        else:
            raise ValidationError(f"value can't be a literal: {value!r}")
    return _native.Expression.parse(text)


def python_value(type_text: str, value: Any) -> Any:  # noqa: ANN401 - any value of a column
    """Returns what `Expression.parts` gives for a literal as a value of Python's own.

    Raises:
        UnsupportedOperationError: Python has no such value.
    """
    if value is None or not isinstance(value, str) or type_text == "string":
        return value
    if type_text.startswith("decimal"):
        return decimal.Decimal(value)
    if type_text == "uuid":
        return uuid.UUID(value)
    try:
        if type_text == "date":
            return dt.date.fromisoformat(value)
        if type_text == "time":
            return dt.time.fromisoformat(value)
        if type_text in ("timestamp", "timestamptz"):
            return dt.datetime.fromisoformat(value)
    except ValueError:
        pass
    raise UnsupportedOperationError(f"Python has no such {type_text}: {value}")
