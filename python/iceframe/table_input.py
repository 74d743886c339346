"""What users hand in as schemas and rows, as Arrow streams and schemas."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from iceframe.annotations import is_model, schema_of_model
from iceframe.errors import SchemaError, ValidationError
from iceframe.type_names import arrow_type, names_nanoseconds

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["num_rows_of", "to_arrow_schema", "to_arrow_stream"]


def to_arrow_stream(data: Any) -> Any:  # noqa: ANN401 - anything with rows
    """Returns an object with ``__arrow_c_stream__`` over the rows of ``data``.

    Takes anything that has that method (Polars, pandas, pyarrow tables and readers, other
    engines' results), Arrow record batches, dicts of lists and lists of dicts.
    """
    if _is_polars(data, "LazyFrame"):
        return data.collect()
    if _is_polars(data, "Series"):
        return data.to_frame()
    if hasattr(data, "__arrow_c_stream__"):
        return data
    import pyarrow as pa

    if isinstance(data, pa.RecordBatch):
        return pa.Table.from_batches([data])
    try:
        if isinstance(data, Mapping):
            return pa.table({str(name): _column(values) for name, values in data.items()})
        if isinstance(data, Iterator | list | tuple):
            first, data = _peeked(data)
            if isinstance(first, pa.RecordBatch):
                return pa.RecordBatchReader.from_batches(first.schema, data)
            data = list(data)
        if isinstance(data, Sequence) and all(isinstance(row, Mapping) for row in data):
            return pa.Table.from_pylist([dict(row) for row in data], schema=_row_schema(data))
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise SchemaError(f"the data is no table: {error}") from error
    raise ValidationError(
        f"data can't be read as rows: {type(data).__name__}; give a Polars or pandas frame, an "
        "Arrow table, record batches, a dict of lists or a list of dicts"
    )


def num_rows_of(data: Any) -> int:  # noqa: ANN401 - as above
    """Returns how many rows ``data`` holds, 0 where that is known only when it has been read."""
    if isinstance(data, Mapping):
        first = next(iter(data.values()), ())
        return len(first) if hasattr(first, "__len__") else 0
    return len(data) if hasattr(data, "__len__") else 0


def _is_polars(data: Any, name: str) -> bool:  # noqa: ANN401 - anything
    return type(data).__name__ == name and type(data).__module__.startswith("polars")


def _peeked(rows: Any) -> tuple[Any, Iterator[Any]]:  # noqa: ANN401 - any iterable
    """Returns the first item, None where there is none, and an iterator that still begins there."""
    iterator = iter(rows)
    start = list(itertools.islice(iterator, 1))
    return (start[0] if start else None), itertools.chain(start, iterator)


def to_arrow_schema(schema: Any, format_version: int) -> Any:  # noqa: ANN401 - see create_table
    """Returns an object with ``__arrow_c_schema__`` for what `create_table` takes as a schema.

    Raises:
        ValidationError: it is no schema, or names a type that the format version lacks.
    """
    if hasattr(schema, "__arrow_c_schema__"):
        return schema
    if hasattr(schema, "to_frame") and type(schema).__module__.startswith("polars"):
        schema = schema.to_frame()
    if type(schema).__module__.startswith("polars") and hasattr(schema, "to_arrow"):
        return schema.clear().to_arrow().schema
    if hasattr(schema, "__arrow_c_stream__"):
        import pyarrow as pa

        return pa.RecordBatchReader.from_stream(schema).schema
    if isinstance(schema, Mapping):
        return _schema_of_mapping(schema, format_version)
    if callable(getattr(schema, "as_arrow", None)):
        # PyIceberg's.
        return schema.as_arrow()
    if is_model(schema):
        return schema_of_model(schema)
    raise ValidationError(
        f"schema can't be read: {type(schema).__name__}; give a schema of Arrow, Polars or "
        "PyIceberg, a frame, a pydantic model, or a mapping of column to type"
    )


def _schema_of_mapping(columns: Mapping[str, Any], format_version: int) -> pa.Schema:
    import pyarrow as pa

    fields = []
    for name, described in columns.items():
        required = False
        if isinstance(described, Mapping) and "type" in described:
            required = bool(described.get("required", False))
            described = described["type"]
        if format_version < 3 and names_nanoseconds(described):
            raise ValidationError(
                f"type of column {name} needs format_version=3: {described}; "
                "or take timestamp or timestamptz, which count microseconds"
            )
        fields.append(pa.field(str(name), arrow_type(described, str(name)), nullable=not required))
    return pa.schema(fields)


def _column(values: Any) -> Any:  # noqa: ANN401 - any sequence
    if hasattr(values, "__arrow_c_array__") or hasattr(values, "__arrow_c_stream__"):
        return values
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise ValidationError(f"a dict of lists holds no list: {values!r}; give [{values!r}]")
    return list(values)


def _row_schema(rows: Sequence[Mapping[str, Any]]) -> pa.Schema | None:
    """Returns a schema that has the keys of every row, since pyarrow takes those of the first."""
    import pyarrow as pa

    names: dict[str, None] = {}
    for row in rows:
        names.update(dict.fromkeys(row))
    if not rows:
        return None
    return pa.table({name: [row.get(name) for row in rows] for name in names}).schema
