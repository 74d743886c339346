"""Plain values that are handed in, checked by name."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from typing import Any

from iceframe.errors import ValidationError, shown

__all__ = ["as_list", "python_number", "required_text", "required_whole_number", "truth"]

_INT64_MAX = 2**63 - 1


def required_text(name: str, value: object) -> str:
    """Returns the value, which must be text that UTF-8 can hold.

    Raises:
        ValidationError: it is none; the error calls it by the name.
    """
    if not isinstance(value, str):
        raise ValidationError(f"{name} is no text: {shown(value)}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValidationError(f"{name} holds half a character: {shown(value)}") from None
    return str(value)


def required_whole_number(name: str, value: Any) -> int:  # noqa: ANN401 - what the user wrote
    """Returns the value as an integer, whichever library's; texts and fractions are refused."""
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool):
        raise ValidationError(f"{name} is no whole number: {shown(value)}")
    if abs(number) > _INT64_MAX:
        raise ValidationError(f"{name} is too large: {shown(number)}")
    return number


def python_number(value: Any) -> Any:  # noqa: ANN401 - what the user wrote
    """Returns a number of another library, such as NumPy, as Python's own; all else as it is."""
    if type(value).__module__ == "numpy" and getattr(value, "ndim", None) == 0:
        return value.item()
    return value


def truth(name: str, value: Any) -> bool:  # noqa: ANN401 - what the user wrote
    """Returns the value, which must be True or False."""
    if not isinstance(value, bool):
        raise ValidationError(f"{name} must be True or False, got {shown(value)}")
    return value


def as_list(name: str, entries: Any) -> list[Any]:  # noqa: ANN401 - one or several
    """Returns the entries; None is none, and a string is one of them, not its letters."""
    if entries is None:
        return []
    if isinstance(entries, str):
        return [entries]
    if isinstance(entries, bytes | Mapping) or not isinstance(entries, Iterable):
        raise ValidationError(f"{name} is no list: {shown(entries)}")
    return list(entries)
