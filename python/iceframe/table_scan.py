"""`DataScan`: what `Table.scan` gives, with PyIceberg's names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from iceframe import _native
from iceframe.arguments import column_names, filter_argument, text, whole_number
from iceframe.errors import ValidationError
from iceframe.expressions import Expression
from iceframe.polars_frames import to_polars

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

__all__ = ["DataScan"]


class DataScan:
    """Rows of a table as it was loaded; nothing is read before a method asks for it.

    Any engine that takes ``__arrow_c_stream__`` reads it: ``polars.DataFrame(scan)``.
    """

    def __init__(
        self,
        session: _native.Session,
        table: _native.Table,
        row_filter: str | Expression | None,
        selected_fields: Sequence[str],
        case_sensitive: bool,
        snapshot_id: int | None,
        limit: int | None,
        ref: str | None,
    ) -> None:
        self._session = session
        self._table = table
        self._filter = filter_argument("row_filter", row_filter)
        self._columns = None if "*" in selected_fields else column_names(selected_fields)
        self._case_sensitive = bool(case_sensitive)
        self._snapshot_id = whole_number("snapshot_id", snapshot_id)
        self._limit = whole_number("limit", limit)
        self._ref = text("ref", ref)
        if self._limit is not None and self._limit < 0:
            raise ValidationError(f"limit must not be negative: {self._limit}")

    def plan_files(self) -> list[_native.FileScanTask]:
        """Returns the files that may hold such rows, from manifests alone.

        Example:
            >>> table = demo().get_table("users")
            >>> [task.file.record_count for task in table.scan("id > 1").plan_files()]
            [2]
            >>> table.scan("id > 2").plan_files()
            []
        """
        return _native.TableIO(self._session, self._table).plan_files(
            filter=self._filter,
            case_sensitive=self._case_sensitive,
            snapshot_id=self._snapshot_id,
            ref=self._ref,
            limit=self._limit,
        )

    def to_arrow_batch_reader(self) -> pa.RecordBatchReader:
        """Returns the rows as an Arrow reader, read as they are asked for."""
        import pyarrow as pa

        return pa.RecordBatchReader.from_stream(self._open())

    def to_arrow(self) -> pa.Table:
        """Returns the rows as an Arrow table."""
        import pyarrow as pa

        stream = self._open()
        batches = [pa.record_batch(batch) for batch in _batches(stream)]
        return pa.Table.from_batches(batches, pa.schema(stream))

    def to_polars(self) -> pl.DataFrame:
        """Returns the rows as a Polars DataFrame."""
        return to_polars(self.to_arrow())

    def to_pandas(self, **options: Any) -> pd.DataFrame:  # noqa: ANN401 - pyarrow's
        """Returns the rows as a pandas DataFrame; options are pyarrow's of ``Table.to_pandas``."""
        return self.to_arrow().to_pandas(**options)

    def to_duckdb(
        self,
        table_name: str,
        connection: DuckDBPyConnection | None = None,
    ) -> DuckDBPyConnection:
        """Registers the rows under a name with a DuckDB connection, a new one by default."""
        import duckdb

        con = connection or duckdb.connect(database=":memory:")
        con.register(table_name, self.to_arrow())
        return con

    def count(self) -> int:
        """Returns how many rows there are; only the filter's columns are read."""
        return sum(batch.num_rows for batch in _batches(self._open(columns=[])))

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._open().__arrow_c_stream__(requested_schema)

    def _open(self, columns: list[str] | None = None) -> _native.BatchStream:
        return self._session.scan(
            self._table,
            columns=self._columns if columns is None else columns,
            filter=self._filter,
            limit=self._limit,
            snapshot_id=self._snapshot_id,
            as_of_timestamp=None,
            ref=self._ref,
            ordered=True,
            case_sensitive=self._case_sensitive,
            batch_rows=65_536,
            progress=None,
        )


def _batches(stream: _native.BatchStream) -> Iterator[_native.Batch]:
    try:
        while (batch := stream.next_batch()) is not None:
            yield batch
    finally:
        stream.close()
