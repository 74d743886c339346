"""A table's schemas, partition specs and sort orders, with PyIceberg's names."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from iceframe.errors import ValidationError, shown
from iceframe.plain_values import required_whole_number, truth

__all__ = [
    "FieldType",
    "ListType",
    "MapType",
    "NestedField",
    "PartitionField",
    "PartitionSpec",
    "Schema",
    "SortField",
    "SortOrder",
    "StructType",
]


class FieldType:
    """A type, equal to whatever has the same text: ``field.field_type == "decimal(9, 2)"``."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return self._text

    def __eq__(self, other: object) -> bool:
        return str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))

    @property
    def is_primitive(self) -> bool:
        """Whether it has no fields within."""
        return not self.fields

    @property
    def fields(self) -> tuple[NestedField, ...]:
        """The fields within: a struct's, a list's element, a map's key and value."""
        return ()


@dataclass(frozen=True)
class NestedField:
    """A column, or a field within one."""

    field_id: int
    name: str
    field_type: FieldType
    required: bool = False
    doc: str | None = None
    initial_default: Any = None
    write_default: Any = None

    @property
    def optional(self) -> bool:
        """Whether it may be null."""
        return not self.required

    def __str__(self) -> str:
        presence = "required" if self.required else "optional"
        doc = f" ({self.doc})" if self.doc else ""
        return f"{self.field_id}: {self.name}: {presence} {self.field_type}{doc}"

    __repr__ = __str__


class StructType(FieldType):
    """Fields by name."""

    def __init__(self, *fields: NestedField) -> None:
        super().__init__(f"struct<{', '.join(map(str, fields))}>")
        self._fields = fields

    @property
    def fields(self) -> tuple[NestedField, ...]:
        """The struct's fields."""
        return self._fields


class ListType(FieldType):
    """Many values of one type."""

    def __init__(self, element: NestedField) -> None:
        super().__init__(f"list<{element.field_type}>")
        self.element_field = element
        self.element_id = element.field_id
        self.element_type = element.field_type
        self.element_required = element.required

    @property
    def fields(self) -> tuple[NestedField, ...]:
        """The element."""
        return (self.element_field,)


class MapType(FieldType):
    """Values by key."""

    def __init__(self, key: NestedField, value: NestedField) -> None:
        super().__init__(f"map<{key.field_type}, {value.field_type}>")
        self.key_field, self.value_field = key, value
        self.key_id, self.key_type = key.field_id, key.field_type
        self.value_id, self.value_type = value.field_id, value.field_type
        self.value_required = value.required

    @property
    def fields(self) -> tuple[NestedField, ...]:
        """Key and value."""
        return (self.key_field, self.value_field)


class Schema:
    """A table's columns, under their ids."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        self._content = content
        self.schema_id: int = content.get("schema-id", 0)
        self.fields = tuple(_field_of(field) for field in content["fields"])
        self.identifier_field_ids: list[int] = list(content.get("identifier-field-ids", ()))

    def to_json(self) -> str:
        """Returns the schema as the specification writes it."""
        return json.dumps(self._content)

    @property
    def columns(self) -> tuple[NestedField, ...]:
        """The top-level columns; the same as `fields`."""
        return self.fields

    @cached_property
    def _names_by_id(self) -> dict[int, str]:
        return {field.field_id: name for name, field in _walk("", self.fields)}

    @cached_property
    def _fields_by_id(self) -> dict[int, NestedField]:
        return {field.field_id: field for _, field in _walk("", self.fields)}

    @property
    def column_names(self) -> list[str]:
        """All names, nested ones dotted ("tags.element"), parents first."""
        return list(self._names_by_id.values())

    @property
    def highest_field_id(self) -> int:
        """The greatest id of a field, 0 if there is none."""
        return max(self._names_by_id, default=0)

    def find_column_name(self, column_id: int) -> str | None:
        """Returns the dotted name of an id, None if there is no such field."""
        return self._names_by_id.get(required_whole_number("column_id", column_id))

    def find_field(self, name_or_id: str | int, case_sensitive: bool = True) -> NestedField:
        """Returns a field by its id or its (dotted) name.

        Raises:
            ValidationError: there is no such field.
        """
        truth("case_sensitive", case_sensitive)
        if not isinstance(name_or_id, str):
            name_or_id = required_whole_number("name_or_id", name_or_id)
        for field_id, name in self._names_by_id.items():
            same = name == name_or_id or (
                not case_sensitive and name.lower() == str(name_or_id).lower()
            )
            if same or field_id == name_or_id:
                return self._fields_by_id[field_id]
        names = ", ".join(self.column_names)
        raise ValidationError(f"there is no such column: {shown(name_or_id)}; there are {names}")

    def find_type(self, name_or_id: str | int, case_sensitive: bool = True) -> FieldType:
        """Returns the type of a field; errors as `find_field`."""
        return self.find_field(name_or_id, case_sensitive).field_type

    def as_struct(self) -> StructType:
        """Returns the columns as one struct."""
        return StructType(*self.fields)

    def __len__(self) -> int:
        return len(self.fields)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Schema) and self.fields == other.fields

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return "table {\n" + "\n".join(f"  {field}" for field in self.fields) + "\n}"

    def __repr__(self) -> str:
        return f"Schema({', '.join(map(str, self.fields))})"


@dataclass(frozen=True)
class PartitionField:
    """A value that partitions are made by: a transform ("bucket[4]") of a column."""

    source_id: int
    field_id: int
    transform: str
    name: str


@dataclass(frozen=True)
class PartitionSpec:
    """How files are partitioned."""

    spec_id: int
    fields: tuple[PartitionField, ...]

    def is_unpartitioned(self) -> bool:
        """Returns whether there is nothing but void fields."""
        return all(field.transform == "void" for field in self.fields)


@dataclass(frozen=True)
class SortField:
    """A key of a sort order: "asc" or "desc", "nulls-first" or "nulls-last"."""

    source_id: int
    transform: str
    direction: str
    null_order: str


@dataclass(frozen=True)
class SortOrder:
    """How rows are sorted within files."""

    order_id: int
    fields: tuple[SortField, ...]

    @property
    def is_unsorted(self) -> bool:
        """Whether there is no key."""
        return not self.fields


def partition_spec_of(content: Mapping[str, Any]) -> PartitionSpec:
    """Returns a spec as the metadata file has it."""
    fields = (
        PartitionField(
            # Transforms of several columns, which no engine makes yet, have a list.
            source_id=field["source-id"] if "source-id" in field else field["source-ids"][0],
            field_id=field["field-id"],
            transform=field["transform"],
            name=field["name"],
        )
        for field in content["fields"]
    )
    return PartitionSpec(content["spec-id"], tuple(fields))


def sort_order_of(content: Mapping[str, Any]) -> SortOrder:
    """Returns a sort order as the metadata file has it."""
    fields = (
        SortField(
            field["source-id"] if "source-id" in field else field["source-ids"][0],
            field["transform"],
            field["direction"],
            field["null-order"],
        )
        for field in content["fields"]
    )
    return SortOrder(content["order-id"], tuple(fields))


def _field_of(content: Mapping[str, Any]) -> NestedField:
    return NestedField(
        field_id=content["id"],
        name=content["name"],
        field_type=_type_of(content["type"]),
        required=content["required"],
        doc=content.get("doc"),
        initial_default=content.get("initial-default"),
        write_default=content.get("write-default"),
    )


def _type_of(content: str | Mapping[str, Any]) -> FieldType:
    if isinstance(content, str):
        return FieldType(content)
    if content["type"] == "struct":
        return StructType(*(_field_of(field) for field in content["fields"]))

    def within(name: str, *, required: bool) -> NestedField:
        return NestedField(content[f"{name}-id"], name, _type_of(content[name]), required)

    if content["type"] == "list":
        return ListType(within("element", required=content["element-required"]))
    return MapType(
        within("key", required=True), within("value", required=content["value-required"])
    )


def _walk(prefix: str, fields: tuple[NestedField, ...]) -> Iterator[tuple[str, NestedField]]:
    for field in fields:
        yield prefix + field.name, field
        yield from _walk(f"{prefix}{field.name}.", field.field_type.fields)
