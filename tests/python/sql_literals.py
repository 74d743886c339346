# SPDX-License-Identifier: Apache-2.0
"""Values as literals of a filter's SQL text."""

import datetime as dt
import decimal


def literal(kind: str, value: object) -> str:
    """Returns the literal of a value in a column of that kind."""
    if isinstance(value, float):
        return f"CAST('{value}' AS {'FLOAT' if kind == 'float' else 'DOUBLE'})"
    if isinstance(value, decimal.Decimal):
        return f"{value:f}"
    if isinstance(value, bytes):
        return f"X'{value.hex()}'"
    if isinstance(value, int):
        return str(value)
    word = "" if kind == "string" else f"{kind.upper()} "
    text = value.isoformat(sep=" ") if isinstance(value, dt.datetime) else str(value)
    return f"{word}'{text}'"
