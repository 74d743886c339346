"""Rows of the engine in the form of other libraries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from iceframe import _native
from iceframe.errors import MissingPackageError
from iceframe.polars_frames import to_polars
from iceframe.progress import ProgressOption, check_progress, progress_listener
from iceframe.pyarrow_forms import pyarrow_for

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

__all__ = ["RowSource", "batches_of"]

#: Starts reading; what it takes is told of progress, or None.
StartRows = Callable[[Any], _native.BatchStream]


class RowSource:
    """Rows that each call reads anew: a scan's, or a query's. The one place that collects them."""

    def __init__(self, start: StartRows) -> None:
        self._start = start

    def stream(self) -> _native.BatchStream:
        """Returns the rows as a stream of the engine."""
        return self._start(None)

    def polars(self, progress: ProgressOption = False) -> pl.DataFrame:
        """Returns the rows as a Polars DataFrame."""
        with progress_listener(progress) as listener:
            return to_polars(self._start(listener).read_all(as_views=True))

    def arrow(self, progress: ProgressOption = False, *, what: str = "to_arrow") -> pa.Table:
        """Returns the rows as an Arrow table; ``what`` is the call that needs pyarrow."""
        reader = pyarrow_for(what).RecordBatchReader
        with progress_listener(progress) as listener:
            rows: pa.Table = reader.from_stream(self._start(listener).read_all()).read_all()
            return rows

    def pandas(self, progress: ProgressOption = False, **options: Any) -> pd.DataFrame:  # noqa: ANN401 - pyarrow's
        """Returns the rows as a pandas DataFrame; options are those of ``Table.to_pandas``."""
        return _to_pandas(self.arrow(progress, what="to_pandas"), **options)

    def arrow_batches(
        self, progress: ProgressOption = False, *, what: str
    ) -> Iterator[pa.RecordBatch]:
        """Yields the rows as Arrow batches as they are read; stopping early stops the reading.

        What is missing or can't be meant is raised at once, errors of the rows while they come.
        """
        pyarrow = pyarrow_for(what)
        check_progress(progress)

        def batches() -> Iterator[pa.RecordBatch]:
            with progress_listener(progress) as listener:
                for batch in batches_of(self._start(listener)):
                    yield pyarrow.record_batch(batch)

        return batches()

    def batches(self) -> Iterator[_native.Batch]:
        """Yields the rows as batches of the engine; stopping early stops the reading."""
        return batches_of(self.stream())


def batches_of(stream: _native.BatchStream) -> Iterator[_native.Batch]:
    """Yields the batches that are left; stopping early stops the reading."""
    try:
        while (batch := stream.next_batch()) is not None:
            yield batch
    finally:
        stream.close()


def _to_pandas(rows: pa.Table, **options: Any) -> pd.DataFrame:  # noqa: ANN401 - pyarrow's
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
