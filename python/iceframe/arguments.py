"""Arguments as users give them, in the form the native module takes; misfits are refused."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

from iceframe import _native
from iceframe.errors import ValidationError, shown
from iceframe.expressions import Expression
from iceframe.foreign_filters import foreign_filter
from iceframe.plain_values import as_list, required_text, required_whole_number, truth

__all__ = [
    "as_list",
    "column_names",
    "filter_argument",
    "identifier",
    "levels",
    "one_filter",
    "required_text",
    "required_whole_number",
    "sort_column",
    "string_properties",
    "text",
    "texts",
    "to_milliseconds",
    "transform_pair",
    "truth",
    "whole_number",
]


def whole_number(name: str, value: Any) -> int | None:  # noqa: ANN401 - as above
    """Returns None for None, else as `required_whole_number`."""
    return None if value is None else required_whole_number(name, value)


def text(name: str, value: Any) -> str | None:  # noqa: ANN401 - as above
    """Returns the value, which must be text or None."""
    return None if value is None else required_text(name, value)


def identifier(name: Any) -> str:  # noqa: ANN401 - as above
    """Returns a table's name; PyIceberg's tuples of its parts are one too."""
    if isinstance(name, tuple | list) and name and all(isinstance(part, str) for part in name):
        name = ".".join(name)
    return required_text("table name", name)


def levels(what: str, name: Any) -> list[str]:  # noqa: ANN401 - as above
    """Returns the levels of a namespace, of "a.b" or ("a", "b")."""
    if isinstance(name, tuple | list) and name and all(isinstance(part, str) for part in name):
        return [required_text(what, part) for part in name]
    return required_text(what, name).split(".")


def filter_argument(name: str, value: Any) -> str | _native.Expression | None:  # noqa: ANN401
    """Returns a filter for the native module: SQL text or an expression; None: every row.

    Expressions of Polars, pyarrow and PyIceberg become ours.
    """
    if isinstance(value, Expression):
        return value.native
    if isinstance(value, str):
        return required_text(name, value)
    if value is None or isinstance(value, _native.Expression):
        return value
    if (translated := foreign_filter(value)) is not None:
        return translated.native
    raise ValidationError(f"{name} is neither text nor an expression: {shown(value)}")


def one_filter(**given: Any) -> Any:  # noqa: ANN401 - filters under their names
    """Returns the one that is not None, if any.

    Raises:
        ValidationError: there are more.
    """
    named = {name: value for name, value in given.items() if value is not None}
    if len(named) > 1:
        raise ValidationError(f"more than one filter: {', '.join(named)}; join them with AND or &")
    return next(iter(named.values()), None)


def column_names(value: Any) -> list[str] | None:  # noqa: ANN401 - as above
    """Returns the names of columns to read; None: all."""
    if value is None:
        return None
    return texts("columns", value)


def texts(name: str, value: Any) -> list[str]:  # noqa: ANN401 - as above
    """Returns the entries of a list, which must be text; a text alone is one of them."""
    for entry in (entries := as_list(name, value)):
        if not isinstance(entry, str):
            raise ValidationError(f"{name} holds what is no text: {shown(entry)}")
        required_text(name, entry)
    return entries


def string_properties(
    name: str,
    values: Any,  # noqa: ANN401 - a mapping or None
) -> dict[str, str]:
    """Returns the entries as strings: booleans lower-case, nested mappings as JSON.

    Raises:
        ValidationError: it is not a mapping, or a value can't be written as text.
    """
    if values is None:
        return {}
    if not isinstance(values, Mapping):
        raise ValidationError(f"{name} must be a mapping, got {shown(values)}")
    result = {}
    for key, value in values.items():
        if value is not None:
            result[required_text(f"a key of {name}", key)] = _property(f"{name}[{key!r}]", value)
    return result


def _property(name: str, value: Any) -> str:  # noqa: ANN401 - any value that has a text
    if isinstance(value, bool):
        return "true" if value else "false"
    # Not even the text of a value is shown: it may be a secret.
    try:
        text = json.dumps(value) if isinstance(value, Mapping | list | tuple) else str(value)
        text.encode()
    except (TypeError, ValueError, RecursionError):
        raise ValidationError(f"{name} can't be written as text: {type(value).__name__}") from None
    return text


def to_milliseconds(name: str, time: int | dt.datetime | None) -> int | None:
    """Returns a datetime as milliseconds since the epoch; numbers are that already."""
    if not isinstance(time, dt.datetime):
        return whole_number(name, time)
    if time.tzinfo is None:
        raise ValidationError(
            f"{name} is a time without a zone: {time}; give one such as datetime.now(timezone.utc)"
        )
    epoch = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    return (time - epoch) // dt.timedelta(milliseconds=1)


def transform_pair(entry: Any) -> tuple[str, str]:  # noqa: ANN401 - what the user wrote
    """Returns a partition field as (column, transform)."""
    if isinstance(entry, str):
        return required_text("a partition's column", entry), "identity"
    if not isinstance(entry, tuple | list) or len(entry) != 2:
        raise ValidationError(
            f"partition field can't be read: {shown(entry)}; give a column, or a pair such as "
            '("id", "bucket[4]")'
        )
    column, transform = entry
    return required_text("a partition's column", column), required_text("transform", transform)


def sort_column(entry: Any) -> tuple[str, str, bool, bool | None]:  # noqa: ANN401 - as above
    """Returns a sort field as (column, transform, descending, nulls first)."""
    if isinstance(entry, str):
        return required_text("a sort column", entry), "identity", False, None
    if not isinstance(entry, tuple | list) or not entry:
        raise ValidationError(f"sort order can't be read: {shown(entry)}")
    column, *words = entry
    transform, descending, nulls_first = "identity", False, None
    for word in (str(word).lower().replace("_", "-") for word in words):
        if word in ("asc", "desc"):
            descending = word == "desc"
        elif word in ("nulls-first", "nulls-last"):
            nulls_first = word == "nulls-first"
        elif word and word[0].isalpha():
            transform = word
        else:
            raise ValidationError(f"sort order can't be read: {shown(entry)}")
    required_text("transform", transform)
    return required_text("a sort column", column), transform, descending, nulls_first
