"""Text as the engine takes it."""

from __future__ import annotations

from iceframe.errors import ValidationError, shown

__all__ = ["required_text"]


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
