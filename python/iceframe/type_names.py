"""Descriptions of types as users write them, as Iceberg's types in the specification's JSON."""

from __future__ import annotations

import decimal
import json
import re
from collections.abc import Mapping
from typing import Any

from iceframe import _native
from iceframe.errors import SchemaError, ValidationError, shown
from iceframe.polars_rows import check_dtype, is_polars

__all__ = [
    "IcebergType",
    "column_name",
    "iceberg_type",
    "list_of",
    "map_of",
    "struct_field",
    "struct_of",
]

#: A type in the specification's JSON; ids are 0 until the table is made.
IcebergType = str | dict[str, Any]

# Iceberg's names and the aliases that other engines use.
_SIMPLE: dict[str, str] = {
    **dict.fromkeys(("boolean", "bool"), "boolean"),
    **dict.fromkeys(("int", "integer", "int32"), "int"),
    **dict.fromkeys(("long", "bigint", "int64"), "long"),
    **dict.fromkeys(("float", "float32"), "float"),
    **dict.fromkeys(("double", "float64"), "double"),
    **dict.fromkeys(("string", "str", "utf8", "varchar", "text"), "string"),
    **dict.fromkeys(("binary", "bytes"), "binary"),
    "date": "date",
    "time": "time",
    "timestamp": "timestamp",
    "timestamptz": "timestamptz",
    "timestamp_ns": "timestamp_ns",
    "timestamptz_ns": "timestamptz_ns",
    "uuid": "uuid",
    "unknown": "unknown",
}
_MICROSECONDS = "; or take timestamp or timestamptz, which count microseconds"
_OF_VERSION_3 = {"timestamp_ns": _MICROSECONDS, "timestamptz_ns": _MICROSECONDS, "unknown": ""}
_TOKEN = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*|\d+|[<>(),:\[\]])")

_PYTHON_TYPES = {
    "int": "long",
    "float": "double",
    "str": "string",
    "bytes": "binary",
    "bool": "boolean",
    "datetime": "timestamp",
    "date": "date",
    "time": "time",
    "UUID": "uuid",
}


def column_name(key: object) -> str:
    """Returns a key of a mapping as a column's name.

    Raises:
        SchemaError: it is no text that UTF-8 can hold.
    """
    text = str(key)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise SchemaError(f"a column's name holds a lone surrogate: {text!a}") from None
    return text


def struct_field(name: str, field_type: IcebergType, *, required: bool = False) -> dict[str, Any]:
    """Returns a field of a schema or struct."""
    return {"id": 0, "name": name, "required": required, "type": field_type}


def struct_of(fields: list[dict[str, Any]]) -> dict[str, Any]:
    """Returns a struct, which a schema is too."""
    return {"type": "struct", "fields": fields}


def list_of(element: IcebergType, *, required: bool = False) -> dict[str, Any]:
    """Returns a list; ``required``: its elements can't be null."""
    return {
        "type": "list",
        "element-id": 0,
        "element": element,
        "element-required": required,
    }


def map_of(key: IcebergType, value: IcebergType, *, required: bool = False) -> dict[str, Any]:
    """Returns a map; ``required``: its values can't be null."""
    return {
        "type": "map",
        "key-id": 0,
        "key": key,
        "value-id": 0,
        "value": value,
        "value-required": required,
    }


def iceberg_type(described: Any, column: str, format_version: int) -> IcebergType:  # noqa: ANN401 - see Args
    """Returns the type that a user describes for a column.

    Args:
        described: a name ("long", "decimal(9,2)", "fixed[16]", "list<string>",
            "map<string, int>", "struct<a: int, b: list<date>>"), an Arrow type, a Python type
            (int, float, str, bytes, bool, datetime, date, time, UUID; Decimal is refused for want
            of a precision), a type of Polars or PyIceberg, or a mapping of nested column to type.
        column: the column, for errors.
        format_version: the table's.

    Raises:
        ValidationError: no such type.
        SchemaError: an Arrow or Polars type that Iceberg lacks.
    """
    if isinstance(described, Mapping):
        fields = []
        for key, nested in described.items():
            name = column_name(key)
            field_type = iceberg_type(nested, f"{column}.{name}", format_version)
            fields.append(struct_field(name, field_type))
        return struct_of(fields)
    if isinstance(described, str):
        return _TypeParser(described, column, format_version).parse()
    if is_polars(described):
        return _of_polars(described, column, format_version)
    if hasattr(described, "__arrow_c_schema__") and not isinstance(described, type):
        return _of_arrow(described, column, format_version)
    if hasattr(described, "model_dump_json") and hasattr(described, "is_primitive"):
        # PyIceberg's.
        result: IcebergType = json.loads(described.model_dump_json())
        return result
    if isinstance(described, type) and described.__name__ in _PYTHON_TYPES:
        return _PYTHON_TYPES[described.__name__]
    digits = "; give its digits, as in 'decimal(9, 2)'" if described is decimal.Decimal else ""
    raise ValidationError(f"type of column {column} can't be read: {described!r}{digits}")


def _of_arrow(described: Any, column: str, format_version: int) -> IcebergType:  # noqa: ANN401 - Arrow's
    result: IcebergType = json.loads(_native.iceberg_type(described, column, format_version))
    return result


def _of_polars(described: Any, column: str, format_version: int) -> IcebergType:  # noqa: ANN401 - a dtype
    import polars as pl

    is_class = isinstance(described, type)
    if not (issubclass(described, pl.DataType) if is_class else isinstance(described, pl.DataType)):
        raise ValidationError(f"type of column {column} can't be read: {shown(described)}")
    values = pl.Series(column, [], dtype=described)
    check_dtype(column, values.dtype)
    return _of_arrow(values, column, format_version)


class _TypeParser:
    """Reads one type from its text, by recursive descent."""

    def __init__(self, text: str, column: str, format_version: int) -> None:
        self._text = text
        self._column = column
        self._format_version = format_version
        self._tokens: list[str] = []
        position = 0
        while position < len(text.rstrip()):
            match = _TOKEN.match(text, position)
            if match is None:
                raise self._error()
            self._tokens.append(match[1])
            position = match.end()

    def parse(self) -> IcebergType:
        result = self._type(0)
        if self._tokens:
            raise self._error()
        return result

    def _error(self) -> ValidationError:
        names = ", ".join(sorted(_SIMPLE))
        return ValidationError(
            f"unknown type of column {self._column}: {self._text!r}; known are {names}, "
            "decimal(p,s), fixed[n], list<T>, map<K,V>, struct<name: T, …>"
        )

    def _next(self) -> str:
        if not self._tokens:
            raise self._error()
        return self._tokens.pop(0)

    def _expect(self, token: str) -> None:
        if self._next() != token:
            raise self._error()

    def _number(self) -> int:
        token = self._next()
        if not token.isdigit() or len(token) > 9:
            raise self._error()
        return int(token)

    def _type(self, depth: int) -> IcebergType:
        if depth > 50:
            raise self._error()
        name = self._next().lower()
        if name in _SIMPLE:
            return self._simple(name)
        if name == "decimal":
            return self._decimal()
        if name == "fixed":
            self._expect("[")
            length = self._number()
            self._expect("]")
            return f"fixed[{length}]"
        if name in ("list", "array"):
            self._expect("<")
            element = self._type(depth + 1)
            self._expect(">")
            return list_of(element)
        if name == "map":
            self._expect("<")
            key = self._type(depth + 1)
            self._expect(",")
            value = self._type(depth + 1)
            self._expect(">")
            return map_of(key, value)
        if name == "struct":
            return self._struct(depth)
        raise self._error()

    def _simple(self, name: str) -> str:
        if self._format_version < 3 and name in _OF_VERSION_3:
            raise ValidationError(
                f"type of column {self._column} needs format_version=3: {self._text}"
                + _OF_VERSION_3[name]
            )
        return _SIMPLE[name]

    def _decimal(self) -> str:
        self._expect("(")
        precision = self._number()
        self._expect(",")
        scale = self._number()
        self._expect(")")
        if not 1 <= precision <= 38 or scale > precision:
            raise self._error()
        return f"decimal({precision}, {scale})"

    def _struct(self, depth: int) -> IcebergType:
        self._expect("<")
        fields = []
        while True:
            name = self._next()
            self._expect(":")
            fields.append(struct_field(name, self._type(depth + 1)))
            token = self._next()
            if token == ">":
                return struct_of(fields)
            if token != ",":
                raise self._error()
