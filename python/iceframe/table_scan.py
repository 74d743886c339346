"""`DataScan`: what `Table.scan` gives, with PyIceberg's names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from iceframe import _native
from iceframe.arguments import (
    column_names,
    filter_argument,
    required_text,
    text,
    truth,
    whole_number,
)
from iceframe.errors import MissingPackageError, ValidationError, shown
from iceframe.expressions import Expression
from iceframe.row_streams import pyarrow_for, read_arrow, read_polars, to_pandas

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
        columns = column_names(selected_fields)
        self._columns = None if columns is None or "*" in columns else columns
        self._case_sensitive = truth("case_sensitive", case_sensitive)
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
        return pyarrow_for("to_arrow_batch_reader").RecordBatchReader.from_stream(self._open())

    def to_arrow(self) -> pa.Table:
        """Returns the rows as an Arrow table."""
        pyarrow_for("to_arrow")
        return read_arrow(self._open())

    def to_polars(self) -> pl.DataFrame:
        """Returns the rows as a Polars DataFrame."""
        return read_polars(self._open())

    def to_pandas(self, **options: Any) -> pd.DataFrame:  # noqa: ANN401 - pyarrow's
        """Returns the rows as a pandas DataFrame; options are pyarrow's of ``Table.to_pandas``."""
        pyarrow_for("to_pandas")
        return to_pandas(self.to_arrow(), **options)

    def to_duckdb(
        self,
        table_name: str,
        connection: DuckDBPyConnection | None = None,
    ) -> DuckDBPyConnection:
        """Registers the rows under a name with a DuckDB connection, a new one by default."""
        required_text("table_name", table_name)
        try:
            import duckdb
        except ImportError as error:
            raise MissingPackageError(
                "to_duckdb needs duckdb, which is not installed: pip install duckdb"
            ) from error
        if connection is not None and not isinstance(connection, duckdb.DuckDBPyConnection):
            raise ValidationError(f"connection is none of DuckDB: {shown(connection)}")
        con = connection or duckdb.connect(database=":memory:")
        con.register(table_name, self.to_arrow())
        return con

    def count(self) -> int:
        """Returns how many rows there are, from metadata as far as it tells."""
        return self._session.count_rows(
            self._table,
            filter=self._filter,
            limit=self._limit,
            snapshot_id=self._snapshot_id,
            as_of_timestamp=None,
            ref=self._ref,
            case_sensitive=self._case_sensitive,
        )

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._open().__arrow_c_stream__(requested_schema)

    def _open(self) -> _native.BatchStream:
        return self._session.scan(
            self._table,
            columns=self._columns,
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
