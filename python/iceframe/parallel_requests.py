"""What is asked of each of several tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from iceframe.arguments import identifier
from iceframe.errors import ValidationError, shown
from iceframe.read_requests import table_request

__all__ = ["listed", "requests_of_tables"]


def listed(name: str, given: object) -> list[Any]:
    """Returns the entries of what must be a list or its like; text is none."""
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise ValidationError(f"{name} must be a list, got {shown(given)}")
    return list(given)


def requests_of_tables(
    table_names: Sequence[str] | Mapping[str, Mapping[str, Any]], options: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """Returns what is asked of each table, from the options of all and of its own.

    Raises:
        ValidationError: a name or an option is wrong.
    """
    given_names = listed("table_names", table_names)
    names: list[Any] = [tuple(name) if isinstance(name, list) else name for name in given_names]
    own = table_names if isinstance(table_names, Mapping) else {}
    for name, its_options in own.items():
        if not isinstance(its_options, Mapping):
            raise ValidationError(
                f"options of {name!r} must be a mapping, got {shown(its_options)}"
            )
    by_table = _options_by_table(names, options)
    requests = {}
    for name in names:
        given = {**by_table[_full(name)], **own.get(name, {})}
        if "progress" in given:
            raise ValidationError(f"progress tells of all tables, it is given for {name!r} alone")
        try:
            requests[name] = table_request(**given)
        except ValidationError as error:
            error.add_note(f"table: {shown(name)}")
            raise
    return requests


def _options_by_table(
    names: Sequence[Any], options: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """Returns the options of each table by its full name: those of all, and those of mappings."""
    found: dict[str, dict[str, Any]] = {_full(name): {} for name in names}
    for option, value in options.items():
        if not isinstance(value, Mapping):
            for given in found.values():
                given[option] = value
            continue
        for name, its_value in value.items():
            full = _full(name)
            if full not in found:
                raise ValidationError(f"{option} is given for a table that is not read: {name!r}")
            if option in found[full]:
                raise ValidationError(f"{option} is given twice for the table {full}")
            found[full][option] = its_value
    return found


def _full(name: Any) -> str:  # noqa: ANN401 - what the user wrote
    text = identifier(name)
    return text if "." in text else f"default.{text}"
