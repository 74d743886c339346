"""`DataScan`: what `Table.scan` gives, with PyIceberg's names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iceframe import _native
from iceframe.arguments import required_text
from iceframe.errors import MissingPackageError, ValidationError, shown
from iceframe.pyarrow_forms import pyarrow_for
from iceframe.reading import TableReads

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
        self, session: _native.Session, table: _native.Table, request: dict[str, Any]
    ) -> None:
        self._session = session
        self._table = table
        self._request = request
        self._rows = TableReads(session).rows(table, request)

    def plan_files(self) -> list[_native.FileScanTask]:
        """Returns the files that may hold such rows, from manifests alone.

        Example:
            >>> table = demo().get_table("users")
            >>> [task.file.record_count for task in table.scan("id > 1").plan_files()]
            [2]
            >>> table.scan("id > 2").plan_files()
            []
        """
        return _native.TableIO(self._session, self._table).plan_files(self._request)

    def to_arrow_batch_reader(self) -> pa.RecordBatchReader:
        """Returns the rows as an Arrow reader, read as they are asked for."""
        reader = pyarrow_for("to_arrow_batch_reader").RecordBatchReader
        return reader.from_stream(self._rows.stream())

    def to_arrow(self) -> pa.Table:
        """Returns the rows as an Arrow table."""
        return self._rows.arrow()

    def to_polars(self) -> pl.DataFrame:
        """Returns the rows as a Polars DataFrame."""
        return self._rows.polars()

    def to_pandas(self, **options: Any) -> pd.DataFrame:  # noqa: ANN401 - pyarrow's
        """Returns the rows as a pandas DataFrame; options are pyarrow's of ``Table.to_pandas``."""
        return self._rows.pandas(**options)

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
        return self._session.count_rows(self._table, self._request)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._rows.stream().__arrow_c_stream__(requested_schema)
