"""Pydantic models as schemas: their fields' annotations as Iceberg's types."""

from __future__ import annotations

import decimal
import enum
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any

from iceframe.errors import ValidationError
from iceframe.type_names import (
    IcebergType,
    iceberg_type,
    list_of,
    map_of,
    struct_field,
    struct_of,
)

__all__ = ["is_model", "schema_of_model"]

Models = tuple[type, ...]


def is_model(described: object) -> bool:
    """Returns whether this is a class of pydantic's models."""
    return isinstance(described, type) and hasattr(described, "model_fields")


def schema_of_model(model: Any, format_version: int) -> dict[str, Any]:  # noqa: ANN401 - a pydantic model's class
    """Returns the columns of a model as a struct; what can't be None is required.

    Raises:
        ValidationError: an annotation that no type stands for, such as a Decimal without
            ``Field(max_digits=, decimal_places=)``.
    """
    return struct_of(_fields(model, "", format_version, ()))


def _fields(model: Any, prefix: str, version: int, outer: Models) -> list[dict[str, Any]]:  # noqa: ANN401 - as above
    """Returns the fields of a model that lies in the ``outer`` ones."""
    if model in outer:
        raise ValidationError(
            f"type of column {prefix[:-1]} can't be read: {model.__name__} contains itself; "
            "give the table's columns as a mapping"
        )
    outer = (*outer, model)
    fields = []
    for name, field in model.model_fields.items():
        plain, nullable = _without_none(field.annotation)
        field_type = _decimal(plain, field.metadata) or _type(plain, prefix + name, version, outer)
        fields.append(struct_field(name, field_type, required=not nullable))
    return fields


def _decimal(annotation: object, constraints: typing.Iterable[Any]) -> str | None:
    """Returns the type of a Decimal of ``Field(max_digits=, decimal_places=)``, else None."""
    if annotation is not decimal.Decimal:
        return None
    said: dict[str, int] = {}
    for constraint in constraints:
        # In Annotated stands the field itself, which has constraints in turn.
        for one in (constraint, *getattr(constraint, "metadata", ())):
            for name in ("max_digits", "decimal_places"):
                if (number := getattr(one, name, None)) is not None:
                    said[name] = number
    return "decimal({max_digits}, {decimal_places})".format(**said) if len(said) == 2 else None


def _without_none(annotation: object) -> tuple[object, bool]:
    """Returns the annotation but for None, and whether None was in it."""
    if typing.get_origin(annotation) not in (typing.Union, types.UnionType):
        return annotation, False
    others = [one for one in typing.get_args(annotation) if one is not types.NoneType]
    if len(others) != 1:
        return annotation, False
    return others[0], len(others) < len(typing.get_args(annotation))


def _type(annotation: object, column: str, version: int, outer: Models) -> IcebergType:
    if is_model(annotation):
        return struct_of(_fields(annotation, f"{column}.", version, outer))
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _decimal(arguments[0], arguments[1:]) or _type(arguments[0], column, version, outer)
    if origin in (list, tuple, Sequence) and _is_list(origin, arguments):
        plain, nullable = _without_none(arguments[0])
        return list_of(_type(plain, f"{column}.element", version, outer), required=not nullable)
    if origin in (dict, Mapping) and len(arguments) == 2:
        plain, nullable = _without_none(arguments[1])
        return map_of(
            _type(arguments[0], f"{column}.key", version, outer),
            _type(plain, f"{column}.value", version, outer),
            required=not nullable,
        )
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        kinds = {type(member.value) for member in annotation}
        annotation = kinds.pop() if len(kinds) == 1 else annotation
    return iceberg_type(annotation, column, version)


def _is_list(origin: object, arguments: tuple[Any, ...]) -> bool:
    """Returns whether the arguments are one element's: ``list[int]``, ``tuple[int, ...]``."""
    if origin is tuple:
        return len(arguments) == 2 and arguments[1] is Ellipsis
    return len(arguments) == 1
