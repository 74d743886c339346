"""What users hand in as schemas and rows, as the native module takes them."""

from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from iceframe._native import RowInput
from iceframe.annotations import is_model, schema_of_model
from iceframe.errors import ValidationError
from iceframe.pandas_rows import frame_columns, is_pandas, pandas_schema, series_values
from iceframe.polars_rows import described_columns, holds_objects, is_polars, object_values
from iceframe.type_names import column_name, iceberg_type, struct_field, struct_of

__all__ = ["is_row", "num_rows_of", "to_rows", "to_table_schema"]

_DESCRIPTIONS = ({"type"}, {"type", "required"})

# Values of a column, whether they are Arrow's, and whether NaN stands for null.
Column = tuple[Any, bool, bool]


def to_rows(data: Any, *, replaces: bool = False) -> Any:  # noqa: ANN401 - anything with rows
    """Returns an object with ``__arrow_c_stream__`` over the rows of ``data``, or a `RowInput`.

    Takes frames of Polars and pandas, anything with ``__arrow_c_stream__`` or
    ``__arrow_c_array__``, dicts of columns, and lists and iterators of rows, batches or frames.
    What has no types of its own is read by the table's.

    Args:
        data: the rows.
        replaces: whether they replace other rows; then data with neither rows nor types is refused.
    """
    if isinstance(data, type):
        raise _unreadable(f"the class {data.__name__}")
    if is_polars(data, "LazyFrame"):
        data = data.collect()
    if is_polars(data, "Series"):
        data = data.to_frame()
    if is_polars(data, "DataFrame"):
        return _polars_rows(data)
    if is_pandas(data, "DataFrame"):
        return _columns(dict(frame_columns(data)))
    if hasattr(data, "read_next_batch"):
        return RowInput.of_batches(_reader_batches(data))
    if hasattr(data, "__arrow_c_stream__") and not is_pandas(data, "Series"):
        return data
    if hasattr(data, "__arrow_c_array__"):
        return RowInput.of_batches(iter([data]))
    if isinstance(data, Mapping):
        return _columns({column_name(name): _column(name, values) for name, values in data.items()})
    if is_row(data):
        raise ValidationError(
            f"data is a single row, a {type(data).__name__}; give a list of rows: [row]"
        )
    is_scalar = isinstance(data, str | bytes | AbstractSet) or getattr(data, "ndim", 1) == 0
    if isinstance(data, Iterable) and not is_scalar:
        return _items(data, replaces)
    raise _unreadable(type(data).__name__)


def num_rows_of(data: Any) -> int:  # noqa: ANN401 - as above
    """Returns how many rows ``data`` holds, 0 where that is known only when it has been read."""
    if isinstance(data, Mapping):
        data = next(iter(data.values()), ())
    if isinstance(data, type):
        return 0
    with contextlib.suppress(TypeError):
        return len(data)
    return 0


def _unreadable(what: str) -> ValidationError:
    return ValidationError(
        f"data can't be read as rows: {what}; give a Polars or pandas frame, an Arrow table, "
        "record batches, a dict of lists or a list of dicts"
    )


def _items(data: Iterable[Any], replaces: bool) -> RowInput:
    """Returns the rows, or the frames and batches, that an iterable gives."""
    iterator = iter(data)
    start = list(itertools.islice(iterator, 1))
    if not start:
        return RowInput.of_columns([]) if replaces else RowInput.of_rows(iter(()))
    items = itertools.chain(start, iterator)
    if _is_batch(start[0]):
        return RowInput.of_batches(_batches(items))
    if not is_row(start[0]) or is_row(data):
        raise _unreadable(f"{type(data).__name__} of {type(start[0]).__name__}")
    return RowInput.of_rows(items)


def is_row(item: object) -> bool:
    """Returns whether it is a row by itself: a mapping, model, data class or named tuple."""
    fields = ("__pydantic_fields__", "__dataclass_fields__", "_fields")
    if isinstance(item, type):
        return False
    return hasattr(item, "keys") or any(hasattr(type(item), name) for name in fields)


def _is_batch(item: object) -> bool:
    # A series of pandas is a row, as `iterrows` gives them.
    is_arrow = hasattr(item, "__arrow_c_stream__") or hasattr(item, "__arrow_c_array__")
    return is_arrow and not is_pandas(item, "Series")


def _batches(items: Iterator[Any]) -> Iterator[Any]:
    """Yields frames and batches, each as an object of the Arrow protocol."""
    for position, item in enumerate(items):
        if not _is_batch(item):
            raise ValidationError(
                f"data holds something else than frames or batches: {type(item).__name__} as item "
                f"{position}"
            )
        if is_pandas(item, "DataFrame"):
            frame_columns(item)
            yield _pandas_table(item)
        else:
            yield item


def _pandas_table(frame: Any) -> Any:  # noqa: ANN401 - a DataFrame
    import pyarrow as pa

    return pa.Table.from_pandas(frame, preserve_index=False)


def _reader_batches(reader: Any) -> Iterator[Any]:  # noqa: ANN401 - pyarrow's RecordBatchReader
    """Yields a reader's batches, so that what its maker raises comes back as it is.

    Reads none ahead: only within the engine's call may a process end while a reader works.
    """
    is_empty = True
    for batch in reader:
        is_empty = False
        yield batch
    if is_empty:
        yield reader.schema.empty_table()


def _polars_rows(frame: Any) -> Any:  # noqa: ANN401 - a DataFrame
    if not any(holds_objects(dtype) for dtype in frame.dtypes):
        return frame
    return _columns({series.name: _polars_column(series) for series in frame})


def _polars_column(series: Any) -> Column:  # noqa: ANN401 - a Series
    if holds_objects(series.dtype):
        return object_values(series), False, False
    return series, True, False


def _columns(columns: Mapping[str, Column]) -> RowInput:
    return RowInput.of_columns([(name, *column) for name, column in columns.items()])


def _column(name: object, values: Any) -> Column:  # noqa: ANN401 - any sequence
    """Returns one column of a dict."""
    if is_polars(values, "Series"):
        return _polars_column(values)
    if is_pandas(values, "Series"):
        return series_values(str(name), values)
    if hasattr(values, "__arrow_c_array__") or hasattr(values, "__arrow_c_stream__"):
        return values, True, False
    if isinstance(values, list | tuple):
        return values, False, False
    if getattr(getattr(values, "dtype", None), "kind", "") == "M" and values.ndim == 1:
        return _times(str(name), values)
    is_no_list = isinstance(values, str | bytes | bytearray | Mapping | AbstractSet)
    if is_no_list or not isinstance(values, Iterable):
        raise ValidationError(
            f"a dict of lists holds no list: {name} is {type(values).__name__}, {values!r:.80}; "
            "give each column as a list"
        )
    return _iterated(str(name), values), False, False


def _times(name: str, values: Any) -> Column:  # noqa: ANN401 - an array of datetime64
    import numpy as np
    import polars as pl

    if np.datetime_data(values.dtype) in (("D", 1), ("ms", 1), ("us", 1), ("ns", 1)):
        return pl.Series(name, values), True, False
    return list(values), False, False


def _iterated(name: str, values: Any) -> list[Any]:  # noqa: ANN401 - any iterable
    """Returns the values as Python's own; times of NumPy stay what they are."""
    dtype = getattr(values, "dtype", None)
    if hasattr(values, "tolist") and getattr(dtype, "kind", "M") not in "mM":
        plain = values.tolist()
        if not isinstance(plain, list):
            raise ValidationError(f"a dict of lists holds no list: {name} is one value, {plain!r}")
        return plain
    return list(values)


def to_table_schema(schema: Any, format_version: int) -> Any:  # noqa: ANN401 - see create_table
    """Returns what `create_table` takes as a schema: as JSON, or with ``__arrow_c_schema__``.

    Raises:
        ValidationError: it is no schema.
        SchemaError: it names a type that the format version lacks.
    """
    has_columns = isinstance(schema, Mapping) or hasattr(schema, "collect_schema")
    if not isinstance(schema, type) and (
        is_polars(schema, "Series") or (is_polars(schema) and has_columns)
    ):
        return _schema_of_mapping(described_columns(schema), format_version)
    if is_model(schema):
        return json.dumps(schema_of_model(schema, format_version))
    from iceframe.table_schema import Schema

    if isinstance(schema, Schema):
        return schema.to_json()
    if hasattr(schema, "model_dump_json") and hasattr(schema, "highest_field_id"):
        # PyIceberg's.
        return schema.model_dump_json()
    if is_pandas(schema, "DataFrame"):
        frame_columns(schema)
        return pandas_schema(schema)
    if hasattr(schema, "__arrow_c_schema__") or hasattr(schema, "__arrow_c_stream__"):
        return schema
    if isinstance(schema, Mapping):
        return _schema_of_mapping(schema, format_version)
    raise ValidationError(
        f"schema can't be read: {type(schema).__name__}; give a schema of Arrow, Polars or "
        "PyIceberg, a frame, a pydantic model, or a mapping of column to type"
    )


def _schema_of_mapping(columns: Mapping[str, Any], format_version: int) -> str:
    fields = []
    for key, described in columns.items():
        name, required = column_name(key), False
        # A column with other keys beside is a struct that has a field "type".
        if isinstance(described, Mapping) and set(described) in _DESCRIPTIONS:
            required = described.get("required", False)
            described = described["type"]
        if not isinstance(required, bool):
            raise ValidationError(
                f"required of column {name} is neither True nor False: {required!r}"
            )
        field_type = iceberg_type(described, name, format_version)
        fields.append(struct_field(name, field_type, required=required))
    return json.dumps(struct_of(fields))
