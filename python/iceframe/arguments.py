"""Arguments as users give them, in the form the native module takes; misfits are refused."""

from __future__ import annotations

import datetime as dt
import json
import operator
from collections.abc import Mapping
from typing import Any

from iceframe import _native
from iceframe.errors import ValidationError
from iceframe.expressions import Expression
from iceframe.foreign_filters import foreign_filter

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
    "to_milliseconds",
    "transform_pair",
    "whole_number",
]

_INT64_MAX = 2**63 - 1


def required_whole_number(name: str, value: Any) -> int:  # noqa: ANN401 - what the user wrote
    """Returns the value as an integer, whichever library's; texts and fractions are refused."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise ValidationError(f"{name} is no whole number: {value!r}")
    number = operator.index(value)
    if abs(number) > _INT64_MAX:
        raise ValidationError(f"{name} is too large: {number}")
    return number


def whole_number(name: str, value: Any) -> int | None:  # noqa: ANN401 - as above
    """Returns None for None, else as `required_whole_number`."""
    return None if value is None else required_whole_number(name, value)


def text(name: str, value: Any) -> str | None:  # noqa: ANN401 - as above
    """Returns the value, which must be text or None."""
    if value is not None and not isinstance(value, str):
        raise ValidationError(f"{name} is no text: {value!r}")
    return value


def required_text(name: str, value: Any) -> str:  # noqa: ANN401 - as above
    """Returns the value, which must be text."""
    if not isinstance(value, str):
        raise ValidationError(f"{name} is no text: {value!r}")
    return value


def identifier(name: Any) -> str:  # noqa: ANN401 - as above
    """Returns a table's name; PyIceberg's tuples of its parts are one too."""
    if isinstance(name, tuple | list) and name and all(isinstance(part, str) for part in name):
        return ".".join(name)
    if not isinstance(name, str):
        raise ValidationError(f"table name is no text: {name!r}")
    return name


def levels(what: str, name: Any) -> list[str]:  # noqa: ANN401 - as above
    """Returns the levels of a namespace, of "a.b" or ("a", "b")."""
    if isinstance(name, tuple | list) and name and all(isinstance(part, str) for part in name):
        return list(name)
    if not isinstance(name, str):
        raise ValidationError(f"{what} is no text: {name!r}")
    return name.split(".")


def filter_argument(name: str, value: Any) -> str | _native.Expression | None:  # noqa: ANN401
    """Returns a filter for the native module: SQL text or an expression; None: every row.

    Expressions of Polars, pyarrow and PyIceberg become ours.
    """
    if isinstance(value, Expression):
        return value.native
    if value is None or isinstance(value, str | _native.Expression):
        return value
    if (translated := foreign_filter(value)) is not None:
        return translated.native
    raise ValidationError(f"{name} is neither text nor an expression: {value!r}")


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
    for name in (names := as_list(value)):
        if not isinstance(name, str):
            raise ValidationError(f"columns holds what is no text: {name!r}")
    return names


def string_properties(values: Mapping[str, Any] | None) -> dict[str, str]:
    """Returns the entries as strings: booleans lower-case, nested mappings as JSON."""
    result = {}
    for key, value in (values or {}).items():
        if value is None:
            continue
        if isinstance(value, bool):
            result[str(key)] = "true" if value else "false"
        elif isinstance(value, Mapping | list | tuple):
            result[str(key)] = json.dumps(value)
        else:
            result[str(key)] = str(value)
    return result


def as_list(names: Any) -> list[Any]:  # noqa: ANN401 - a name or several
    """Returns the entries; a string is one of them, not its letters."""
    return [names] if isinstance(names, str) else list(names or ())


def to_milliseconds(time: int | dt.datetime | None) -> int | None:
    """Returns a datetime as milliseconds since the epoch; numbers are that already."""
    if not isinstance(time, dt.datetime):
        return whole_number("as_of_timestamp", time)
    if time.tzinfo is None:
        raise ValidationError(
            f"time without a zone: {time}; give one such as datetime.now(timezone.utc)"
        )
    epoch = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    return (time - epoch) // dt.timedelta(milliseconds=1)


def transform_pair(entry: Any) -> tuple[str, str]:  # noqa: ANN401 - what the user wrote
    """Returns a partition field as (column, transform)."""
    if isinstance(entry, str):
        return entry, "identity"
    if not isinstance(entry, tuple | list) or len(entry) != 2:
        raise ValidationError(
            f"partition field can't be read: {entry!r}; give a column, or a pair such as "
            '("id", "bucket[4]")'
        )
    column, transform = entry
    return str(column), str(transform)


def sort_column(entry: Any) -> tuple[str, str, bool, bool | None]:  # noqa: ANN401 - as above
    """Returns a sort field as (column, transform, descending, nulls first)."""
    if isinstance(entry, str):
        return entry, "identity", False, None
    if not isinstance(entry, tuple | list) or not entry:
        raise ValidationError(f"sort order can't be read: {entry!r}")
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
            raise ValidationError(f"sort order can't be read: {entry!r}")
    return str(column), transform, descending, nulls_first
