"""`TableReads`: the ways in which tables of a session are read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Unpack

from iceframe import _native
from iceframe.arguments import (
    filter_argument,
    identifier,
    required_whole_number,
    text,
    to_milliseconds,
    whole_number,
)
from iceframe.errors import UnsupportedOperationError, ValidationError
from iceframe.expressions import Expression
from iceframe.foreign_rows import is_data, query_of_rows
from iceframe.options import ReadOptions, ReadTableOptions, ScanOptions
from iceframe.polars_frames import lazy_frame
from iceframe.progress import ProgressOption
from iceframe.query import QueryBuilder
from iceframe.read_requests import read_request, table_request
from iceframe.row_streams import RowSource

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa


__all__ = ["ReadOptions", "ScanOptions", "TableReads"]


class TableReads:
    """Reads tables of one session; `IceFrame` has its methods."""

    def __init__(self, session: _native.Session) -> None:
        self._session = session

    def rows(self, table: str | _native.Table, request: dict[str, Any]) -> RowSource:
        """Returns the rows that a request gives, of a table by its name or as it was loaded."""

        def start(listener: Any) -> _native.BatchStream:  # noqa: ANN401 - of progress_listener
            return self._session.scan(table, request, progress=listener)

        return RowSource(start)

    def scan(
        self,
        table_name: str,
        columns: Sequence[str] | None = None,
        filter_expr: str | Expression | None = None,
        limit: int | None = None,
        **options: Unpack[ScanOptions],
    ) -> _native.BatchStream:
        """Plans a scan; returns its rows as an Arrow stream, to be read once, by one consumer.

        Any engine that takes ``__arrow_c_stream__`` reads it (Polars, DuckDB, pandas, pyarrow);
        rows are read ahead as far as memory allows, and no further than they are asked for.
        An error while another engine reads the stream is raised by that engine, as its own
        type; `to_arrow` and `scan_batches` raise iceframe's.

        Args:
            table_name: "namespace.table", or "table" in the namespace "default".
            columns: names in the order wanted, nested ones dotted; None: all. ``_file``, ``_pos``,
                ``_spec_id`` and ``_partition`` tell where a row lies (docs/tables.md).
            filter_expr: SQL text, e.g. ``"age > 30 AND city IN ('Oslo', 'Rome')"``, or an
                expression, e.g. ``col("age") > 30``; rows for which it is null are left out.
            limit: stop after so many rows.
            **options: see `ScanOptions`.

        Returns:
            A stream whose schema depends on the table's schema and ``columns`` alone; optional
            columns may hold nulls, required ones hold none.

        Raises:
            TableNotFoundError: there is no such table.
            ValidationError: an unknown column, or text that is no filter.
            NotFoundError: no such snapshot, branch or tag, or none at that time.
            UnsupportedOperationError: the table has delete files or another feature that is
                not built yet.

        Example:
            >>> import pyarrow as pa
            >>> ice = demo()
            >>> stream = ice.scan("users", ["name"], "age > 30")
            >>> pa.table(stream).to_pydict()
            {'name': ['Ada']}
        """
        return self._rows(table_name, columns, filter_expr, limit, options).stream()

    def scan_batches(
        self,
        table_name: str,
        columns: Sequence[str] | None = None,
        filter_expr: str | Expression | None = None,
        limit: int | None = None,
        *,
        progress: ProgressOption = False,
        **options: Unpack[ScanOptions],
    ) -> Iterator[pa.RecordBatch]:
        """Yields the rows as Arrow batches, none of them empty; stopping early stops the scan.

        Args:
            table_name: as for `scan`, like columns, filter_expr, limit and options.
            columns: as for `scan`.
            filter_expr: as for `scan`.
            limit: as for `scan`.
            progress: False, True (a bar on a terminal or in a notebook) or a callable of a
                `Progress`.
            **options: see `ScanOptions`.

        Raises:
            DataError: a data file is damaged; errors of `scan` too.

        Example:
            >>> for batch in demo().scan_batches("users", ["id"], batch_size=1):
            ...     print(batch.num_rows, batch["id"].to_pylist())
            1 [1]
            1 [2]
        """
        rows = self._rows(table_name, columns, filter_expr, limit, options)
        return rows.arrow_batches(progress, what="scan_batches")

    def to_arrow(
        self,
        table_name: str,
        columns: Sequence[str] | None = None,
        filter_expr: str | Expression | None = None,
        limit: int | None = None,
        *,
        progress: ProgressOption = False,
        **options: Unpack[ScanOptions],
    ) -> pa.Table:
        """Returns the rows as an Arrow table; arguments and errors as `scan_batches`.

        Example:
            >>> demo().to_arrow("users", filter_expr="age IS NULL").to_pylist()
            [{'id': 2, 'name': 'Bob', 'age': None}]
        """
        return self._rows(table_name, columns, filter_expr, limit, options).arrow(progress)

    def read_table(
        self,
        table_name: str,
        columns: Sequence[str] | None = None,
        filter_expr: str | Expression | None = None,
        limit: int | None = None,
        snapshot_id: int | None = None,
        as_of_timestamp: int | dt.datetime | None = None,
        *filters: str | Expression | None,
        **options: Unpack[ReadTableOptions],
    ) -> pl.DataFrame:
        """Returns the rows as a Polars DataFrame; arguments and errors as `scan_batches`.

        ``filter`` (an expression) and ``filter_sql`` (text) are other names of ``filter_expr``, by
        position too, in this order; at most one of them is given. For other options see
        `ReadTableOptions`.

        Example:
            >>> demo().read_table("users", ["name"]).to_dict(as_series=False)
            {'name': ['Ada', 'Bob']}
        """
        progress = options.pop("progress", False)
        request = table_request(
            columns, filter_expr, limit, snapshot_id, as_of_timestamp, *filters, **options
        )
        return self.rows(identifier(table_name), request).polars(progress)

    def read_table_chunked(
        self,
        table_name: str,
        chunk_size: int = 10000,
        columns: Sequence[str] | None = None,
        max_memory_mb: float | None = None,
        filter: str | Expression | None = None,
        **options: Unpack[ScanOptions],
    ) -> Iterator[pl.DataFrame]:
        """Yields the rows as Polars DataFrames of exactly ``chunk_size``, the last one shorter.

        As `iceframe.memory.MemoryManager.read_table_chunked`, under a limit of ``max_memory_mb``
        for this read beside the session's own; None: the session's alone.

        Example:
            >>> chunks = demo().read_table_chunked("users", chunk_size=1, max_memory_mb=100)
            >>> [chunk["id"].to_list() for chunk in chunks]
            [[1], [2]]
        """
        from iceframe.memory import MemoryManager, chunk_request, read_chunks

        budget = MemoryManager(max_memory_mb)._budget
        request = chunk_request(columns, filter, options)
        return read_chunks(self._session, budget, table_name, chunk_size, request)

    def to_pandas(
        self,
        table_name: str,
        columns: Sequence[str] | None = None,
        filter_expr: str | Expression | None = None,
        limit: int | None = None,
        *,
        progress: ProgressOption = False,
        **options: Unpack[ScanOptions],
    ) -> pd.DataFrame:
        """Returns the rows as a pandas DataFrame; arguments and errors as `scan_batches`.

        Example:
            >>> demo().to_pandas("users", ["name"]).to_dict("list")
            {'name': ['Ada', 'Bob']}
        """
        return self._rows(table_name, columns, filter_expr, limit, options).pandas(progress)

    def head(
        self,
        table_name: str,
        n: int = 5,
        columns: Sequence[str] | None = None,
        **options: Unpack[ScanOptions],
    ) -> pl.DataFrame:
        """Returns the first ``n`` rows in the order of the table's files; the scan stops there.

        Example:
            >>> demo().head("users", 1).to_dicts()
            [{'id': 1, 'name': 'Ada', 'age': 36}]
        """
        limit = required_whole_number("n", n)
        return self._rows(table_name, columns, None, limit, options).polars()

    def count_rows(
        self,
        table_name: str,
        filter_expr: str | Expression | None = None,
        **options: Unpack[ScanOptions],
    ) -> int:
        """Returns how many rows there are, exactly, as ``count(*)`` does.

        Files that metadata tells enough of are not opened; of others the filter's columns are read.

        Example:
            >>> ice = demo()
            >>> ice.count_rows("users"), ice.count_rows("users", "age > 30")
            (2, 1)
        """
        request = read_request(None, filter_expr, None, options)
        return self._session.count_rows(identifier(table_name), request)

    def describe(
        self,
        table_name: str,
        columns: Sequence[str] | None = None,
        **options: Unpack[ScanOptions],
    ) -> pl.DataFrame:
        """Returns Polars' summary of the columns: counts, nulls, mean, quantiles, extremes.

        The columns are read into memory.

        Example:
            >>> demo().describe("users", ["age"]).head(2).to_dict(as_series=False)
            {'statistic': ['count', 'null_count'], 'age': [1.0, 1.0]}
        """
        return self._rows(table_name, columns, None, None, options).polars().describe()

    def lazy(
        self,
        table_name: str,
        columns: Sequence[str] | None = None,
        **options: Unpack[ScanOptions],
    ) -> pl.LazyFrame:
        """Returns a Polars LazyFrame over the table; rows are read when it is collected.

        Its filters skip files and row groups as ours do, only the columns that it needs are read,
        and no more rows than its ``head`` asks for. The table is read as it is at this call: its
        rows and its columns, whatever is changed before the frame is collected. Columns that can't
        be read yet (variant, geometry) are refused when they are asked for. The frame has all of
        the table's columns, or those that are named, ``_file`` and its like among them.

        Example:
            >>> import polars as pl
            >>> demo().lazy("users").filter(pl.col("id") > 1).select("name").collect().to_dicts()
            [{'name': 'Bob'}]
        """
        request = read_request(columns, options=options)
        table = self._session.load_table(identifier(table_name))
        schema = table.row_schema(request)

        def scan(
            names: list[str], filter_expr: Expression | None, limit: int | None
        ) -> Iterator[_native.Batch]:
            asked = {"columns": names, "filter": filter_argument("filter", filter_expr)}
            return self.rows(table, {**request, **asked, "limit": limit}).batches()

        def least_column() -> str:
            for name in schema.names():
                try:
                    table.row_schema({**request, "columns": [name]})
                except UnsupportedOperationError:
                    continue
                return name
            raise UnsupportedOperationError(f"no column of {table.name()} can be read yet")

        return lazy_frame(scan, schema, least_column)

    def query(
        self,
        table_name: Any,  # noqa: ANN401 - a table's name, or data
        *,
        snapshot_id: int | None = None,
        as_of_timestamp: int | dt.datetime | None = None,
        ref: str | None = None,
    ) -> QueryBuilder:
        """Starts a query over a table or data; no table is read before it is executed.

        Args:
            table_name: "namespace.table", or "table" in the namespace "default"; or data, as
                `QueryBuilder.join` takes it: a frame, Arrow data, a dict of columns, rows.
            snapshot_id: read this snapshot; at most one of this and the next two.
            as_of_timestamp: read what was current then, as for `scan`.
            ref: read this branch or tag.

        Example:
            >>> demo().query("users").filter("age > 30").select("name").execute().to_dicts()
            [{'name': 'Ada'}]
            >>> demo().query({"n": [1, 2, 3]}).select("sum(n) AS total").execute().item()
            6
        """
        if is_data(table_name):
            if (snapshot_id, as_of_timestamp, ref) != (None, None, None):
                raise ValidationError("data has no snapshot_id, as_of_timestamp or ref")
            return QueryBuilder(self._session, query_of_rows(self._session, table_name))
        native = _native.Query.of(
            identifier(table_name),
            whole_number("snapshot_id", snapshot_id),
            to_milliseconds("as_of_timestamp", as_of_timestamp),
            text("ref", ref),
        )
        return QueryBuilder(self._session, native)

    def _rows(
        self,
        table_name: str,
        columns: Sequence[str] | None,
        filter_expr: str | Expression | None,
        limit: int | None,
        options: ScanOptions,
    ) -> RowSource:
        return self.rows(identifier(table_name), read_request(columns, filter_expr, limit, options))
