"""Names of types as users write them, as Arrow types."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from iceframe.errors import ValidationError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["arrow_type", "names_nanoseconds"]

# Iceberg's names and the aliases that other engines use, as the name of a pyarrow function.
_SIMPLE: dict[str, tuple[str, tuple[Any, ...]]] = {
    **dict.fromkeys(("boolean", "bool"), ("bool_", ())),
    **dict.fromkeys(("int", "integer", "int32"), ("int32", ())),
    **dict.fromkeys(("long", "bigint", "int64"), ("int64", ())),
    **dict.fromkeys(("float", "float32"), ("float32", ())),
    **dict.fromkeys(("double", "float64"), ("float64", ())),
    **dict.fromkeys(("string", "str", "utf8", "varchar", "text"), ("string", ())),
    **dict.fromkeys(("binary", "bytes"), ("binary", ())),
    "date": ("date32", ()),
    "time": ("time64", ("us",)),
    "timestamp": ("timestamp", ("us",)),
    "timestamptz": ("timestamp", ("us", "UTC")),
    "timestamp_ns": ("timestamp", ("ns",)),
    "timestamptz_ns": ("timestamp", ("ns", "UTC")),
    "uuid": ("uuid", ()),
    "unknown": ("null", ()),
}
_TOKEN = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*|\d+|[<>(),:\[\]])")


def arrow_type(described: Any, column: str) -> pa.DataType:  # noqa: ANN401 - see Args
    """Returns the Arrow type that a user describes for a column.

    Args:
        described: a name ("long", "decimal(9,2)", "fixed[16]", "list<string>",
            "map<string, int>", "struct<a: int, b: list<date>>"), an Arrow type, a Python type
            (int, float, str, bytes, bool, datetime, date, time, Decimal is refused for want of a
            precision), a type of Polars or PyIceberg, or a mapping of nested column to type.
        column: the column, for errors.

    Raises:
        ValidationError: no such type.
    """
    import pyarrow as pa

    if isinstance(described, pa.DataType):
        return described
    if isinstance(described, Mapping):
        return pa.struct([(str(n), arrow_type(t, f"{column}.{n}")) for n, t in described.items()])
    if (foreign := _foreign_type(described)) is not None:
        return foreign
    if isinstance(described, type):
        name = _PYTHON_TYPES.get(described.__name__)
        if name is not None:
            return arrow_type(name, column)
    if isinstance(described, str):
        parser = _TypeParser(described, column)
        return parser.parse()
    raise ValidationError(f"type of column {column} can't be read: {described!r}")


def names_nanoseconds(described: Any) -> bool:  # noqa: ANN401 - see arrow_type
    """Returns whether a description names a timestamp of nanoseconds, at any depth."""
    if isinstance(described, Mapping):
        return any(names_nanoseconds(nested) for nested in described.values())
    if not isinstance(described, str):
        return False
    # Before a colon stands a nested column's name.
    names = re.findall(r"[a-z_0-9]+(?!\s*:|[a-z_0-9])", described.lower())
    return "timestamp_ns" in names or "timestamptz_ns" in names


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


def _foreign_type(described: Any) -> pa.DataType | None:  # noqa: ANN401 - a type of any library
    """Returns the Arrow type of a type of Polars or PyIceberg; None for anything else."""
    owner = described if isinstance(described, type) else type(described)
    library = owner.__module__.partition(".")[0]
    if library == "polars":
        import polars as pl

        rows = pl.DataFrame(schema={"column": described}).to_arrow()
        return rows.schema.field(0).type
    if library == "pyiceberg" and hasattr(described, "is_primitive"):
        from pyiceberg.io.pyarrow import schema_to_pyarrow

        result: pa.DataType = schema_to_pyarrow(described)
        return result
    return None


class _TypeParser:
    """Reads one type from its text, by recursive descent."""

    def __init__(self, text: str, column: str) -> None:
        self._text = text
        self._column = column
        self._tokens: list[str] = []
        position = 0
        while position < len(text.rstrip()):
            match = _TOKEN.match(text, position)
            if match is None:
                raise self._error()
            self._tokens.append(match[1])
            position = match.end()

    def parse(self) -> pa.DataType:
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
        if not token.isdigit():
            raise self._error()
        return int(token)

    def _type(self, depth: int) -> pa.DataType:
        import pyarrow as pa

        if depth > 50:
            raise self._error()
        name = self._next().lower()
        if name in _SIMPLE:
            function, arguments = _SIMPLE[name]
            result: pa.DataType = getattr(pa, function)(*arguments)
            return result
        if name == "decimal":
            self._expect("(")
            precision = self._number()
            self._expect(",")
            scale = self._number()
            self._expect(")")
            if not 1 <= precision <= 38 or scale > precision:
                raise self._error()
            return pa.decimal128(precision, scale)
        if name == "fixed":
            self._expect("[")
            length = self._number()
            self._expect("]")
            return pa.binary(length)
        if name in ("list", "array"):
            self._expect("<")
            element = self._type(depth + 1)
            self._expect(">")
            return pa.list_(element)
        if name == "map":
            self._expect("<")
            key = self._type(depth + 1)
            self._expect(",")
            value = self._type(depth + 1)
            self._expect(">")
            return pa.map_(key, value)
        if name == "struct":
            return self._struct(depth)
        raise self._error()

    def _struct(self, depth: int) -> pa.DataType:
        import pyarrow as pa

        self._expect("<")
        fields = []
        while True:
            name = self._next()
            self._expect(":")
            fields.append(pa.field(name, self._type(depth + 1)))
            token = self._next()
            if token == ">":
                return pa.struct(fields)
            if token != ",":
                raise self._error()
