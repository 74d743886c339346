"""Pydantic models as schemas: their fields' annotations as Arrow types."""

from __future__ import annotations

import enum
import types
import typing
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from iceframe.type_names import arrow_type

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["is_model", "schema_of_model"]


def is_model(described: object) -> bool:
    """Returns whether this is a class of pydantic's models."""
    return isinstance(described, type) and hasattr(described, "model_fields")


def schema_of_model(model: Any) -> pa.Schema:  # noqa: ANN401 - a pydantic model's class
    """Returns the columns of a model; what can't be None is required.

    Raises:
        ValidationError: an annotation that no type stands for, such as Decimal, whose digits it
            does not tell.
    """
    import pyarrow as pa

    return pa.schema(_fields(model, ""))


def _fields(model: Any, prefix: str) -> list[pa.Field]:  # noqa: ANN401 - as above
    import pyarrow as pa

    fields = []
    for name, field in model.model_fields.items():
        plain, nullable = _without_none(field.annotation)
        fields.append(pa.field(name, _type(plain, prefix + name), nullable=nullable))
    return fields


def _without_none(annotation: object) -> tuple[object, bool]:
    """Returns the annotation but for None, and whether None was in it."""
    if typing.get_origin(annotation) not in (typing.Union, types.UnionType):
        return annotation, False
    others = [one for one in typing.get_args(annotation) if one is not types.NoneType]
    if len(others) != 1:
        return annotation, False
    return others[0], len(others) < len(typing.get_args(annotation))


def _type(annotation: object, column: str) -> pa.DataType:
    import pyarrow as pa

    if is_model(annotation):
        return pa.struct(_fields(annotation, f"{column}."))
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _type(arguments[0], column)
    if origin in (list, set, frozenset, Sequence) and len(arguments) == 1:
        plain, nullable = _without_none(arguments[0])
        element = _type(plain, f"{column}.element")
        return pa.list_(pa.field("element", element, nullable=nullable))
    if origin in (dict, Mapping) and len(arguments) == 2:
        plain, nullable = _without_none(arguments[1])
        value = pa.field("value", _type(plain, f"{column}.value"), nullable=nullable)
        return pa.map_(_type(arguments[0], f"{column}.key"), value)
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        kinds = {type(member.value) for member in annotation}
        annotation = kinds.pop() if len(kinds) == 1 else annotation
    return arrow_type(annotation, column)
