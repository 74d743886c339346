"""Polars frames as rows: what Arrow can't say of them goes in as Python values."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from iceframe.errors import SchemaError

if TYPE_CHECKING:
    import polars as pl

__all__ = ["check_dtype", "described_columns", "holds_objects", "is_polars", "object_values"]

# Types that Polars hands to Arrow as its own or not at all.
_WIDE = ("Int128", "UInt128")


def is_polars(data: object, name: str | None = None) -> bool:
    """Returns whether this is Polars': an object or class of it, of that name if one is given."""
    owner = data if isinstance(data, type) else type(data)
    of_polars = owner.__module__.partition(".")[0] == "polars"
    return of_polars and (name is None or owner.__name__ == name)


def _nested(dtype: Any) -> list[tuple[str, Any]]:  # noqa: ANN401 - a dtype
    """Returns the types below a nested one, with their names."""
    if fields := getattr(dtype, "fields", None):
        return [(field.name, field.dtype) for field in fields]
    below = [("element", getattr(dtype, "inner", None))]
    below += [(name, getattr(dtype, name, None)) for name in ("key", "value")]
    return [(name, inner) for name, inner in below if inner is not None]


def holds_objects(dtype: Any) -> bool:  # noqa: ANN401 - a dtype
    """Returns whether values of this type, at any depth, must go in as Python's."""
    if is_polars(dtype, "Object") or any(is_polars(dtype, name) for name in _WIDE):
        return True
    return any(holds_objects(inner) for _, inner in _nested(dtype))


def check_dtype(column: str, dtype: Any) -> None:  # noqa: ANN401 - a dtype
    """Refuses a type that no column of a new table stands for.

    Raises:
        SchemaError: an Object, or an integer of 128 bits, at any depth.
    """
    if is_polars(dtype, "Object"):
        raise SchemaError(
            f"column has a Polars type that Iceberg lacks: {column} is Object; "
            "cast it, or give the columns as a mapping such as {'id': 'uuid'}"
        )
    if any(is_polars(dtype, name) for name in _WIDE):
        raise SchemaError(
            f"column has a Polars type that Iceberg lacks: {column} is {dtype}; "
            "cast it to Int64 or Decimal(38, 0)"
        )
    for name, inner in _nested(dtype):
        check_dtype(f"{column}.{name}", inner)


def object_values(series: pl.Series) -> list[Any]:
    """Returns the Python values of a series whose type Arrow does not carry.

    Raises:
        SchemaError: an Object that is no UUID.
    """
    values = series.to_list()
    if not is_polars(series.dtype, "Object"):
        return values
    for row, value in enumerate(values):
        if value is not None and not isinstance(value, uuid.UUID):
            raise SchemaError(
                f"column {series.name} has the Polars type Object, of which only uuid.UUID can be "
                f"kept, but {value!r:.80} in row {row} is {type(value).__name__}; cast the column"
            )
    return values


def described_columns(data: Any) -> dict[str, Any]:  # noqa: ANN401 - a frame, series or schema
    """Returns the columns of what Polars describes, with their types.

    Raises:
        SchemaError: an Object column that does not hold UUIDs.
    """
    import polars as pl

    if isinstance(data, pl.Series):
        data = data.to_frame()
    schema = data.collect_schema() if hasattr(data, "collect_schema") else data
    columns = dict(schema.items())
    for name, dtype in columns.items():
        if isinstance(data, pl.DataFrame) and dtype == pl.Object:
            series = data[name]
            if series.null_count() < len(series) and object_values(series):
                columns[name] = "uuid"
    return columns
