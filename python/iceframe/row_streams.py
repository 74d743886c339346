"""Rows of the engine in the form of other libraries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from iceframe import _native
from iceframe.errors import MissingPackageError
from iceframe.polars_frames import to_polars

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

__all__ = [
    "arrow_batches",
    "arrow_schema",
    "pyarrow_for",
    "read_arrow",
    "read_polars",
    "stream_batches",
    "to_pandas",
]


def pyarrow_for(what: str) -> Any:  # noqa: ANN401 - the module
    """Returns the module pyarrow, which ``what`` needs.

    Raises:
        MissingPackageError: it is not installed.
    """
    try:
        import pyarrow
    except ImportError as error:
        raise MissingPackageError(
            f"{what} needs pyarrow, which is not installed: pip install 'iceframe[arrow]'"
        ) from error
    return pyarrow


def to_pandas(rows: pa.Table, **options: Any) -> pd.DataFrame:  # noqa: ANN401 - pyarrow's
    """Returns a pyarrow Table as a pandas DataFrame.

    Raises:
        MissingPackageError: pandas is not installed.
    """
    try:
        import pandas
    except ImportError as error:
        raise MissingPackageError(
            "to_pandas needs pandas, which is not installed: pip install pandas"
        ) from error
    is_default = not {"types_mapper", "integer_object_nulls"} & options.keys()
    read: dict[str, pd.Series] = {}
    for name, column in zip(rows.column_names, rows.columns, strict=True):
        if _needs_python_values(column.type):
            read[name] = pandas.Series(column.to_pylist(), dtype=object)
        elif is_default and _would_be_rounded(column):
            read[name] = column.to_pandas(types_mapper=lambda _: pandas.Int64Dtype())
    if not read:
        return rows.to_pandas(**options)
    nulls = pyarrow_for("to_pandas").nulls(rows.num_rows)
    for name in read:
        rows = rows.set_column(rows.column_names.index(name), name, nulls)
    frame = rows.to_pandas(**options)
    for name, series in read.items():
        frame[name] = series.set_axis(frame.index)
    return frame


def _would_be_rounded(column: pa.ChunkedArray) -> bool:
    """Returns whether integers would become floats, as pandas' do beside nulls, of other value."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_int64(column.type) or column.null_count == 0:
        return False
    bounds = pc.min_max(column).as_py()
    return bounds["min"] is not None and max(-bounds["min"], bounds["max"]) > 2**53


def _needs_python_values(
    data_type: pa.DataType, *, in_list: bool = False, in_struct: bool = False
) -> bool:
    """Returns whether pyarrow's frames lack, or lose, values at any depth of this type.

    They have no lists of bytes of one length, as uuids are; times lose their zone in lists, and
    those in nanoseconds become numbers in structs and maps.
    """
    import pyarrow as pa

    if isinstance(data_type, pa.BaseExtensionType):
        data_type = data_type.storage_type
    if pa.types.is_fixed_size_binary(data_type):
        return in_list
    if pa.types.is_timestamp(data_type):
        return (in_list and data_type.tz is not None) or (in_struct and data_type.unit == "ns")
    is_map = pa.types.is_map(data_type)
    in_list = in_list or pa.types.is_list(data_type) or is_map
    in_struct = in_struct or pa.types.is_struct(data_type) or is_map
    below = [data_type.field(i).type for i in range(data_type.num_fields)]
    return any(_needs_python_values(each, in_list=in_list, in_struct=in_struct) for each in below)


def stream_batches(stream: _native.BatchStream) -> Iterator[_native.Batch]:
    """Yields the batches that are left; stopping early stops the scan."""
    try:
        while (batch := stream.next_batch()) is not None:
            yield batch
    finally:
        stream.close()


def arrow_batches(stream: _native.BatchStream) -> Iterator[pa.RecordBatch]:
    """Yields the batches that are left as pyarrow's."""
    import pyarrow as pa

    for batch in stream_batches(stream):
        yield pa.record_batch(batch)


def read_polars(stream: _native.BatchStream) -> pl.DataFrame:
    """Returns the rows that are left as a Polars DataFrame."""
    return to_polars(stream.read_all())


def read_arrow(stream: _native.BatchStream) -> pa.Table:
    """Returns the rows that are left as a pyarrow Table."""
    import pyarrow as pa

    return pa.RecordBatchReader.from_stream(stream.read_all()).read_all()


def arrow_schema(columns: _native.RowSchema) -> pa.Schema:
    """Returns the columns as a pyarrow Schema."""
    return pyarrow_for("an Arrow schema").schema(columns)
