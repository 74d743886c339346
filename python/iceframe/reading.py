"""`TableReading`: the ways in which a table is read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from iceframe import _native
from iceframe.arguments import (
    column_names,
    filter_argument,
    identifier,
    one_filter,
    required_whole_number,
    text,
    to_milliseconds,
    truth,
    whole_number,
)
from iceframe.errors import UnsupportedOperationError
from iceframe.expressions import Expression
from iceframe.polars_frames import lazy_frame
from iceframe.progress import ProgressOption, check_progress, progress_listener
from iceframe.query import QueryBuilder
from iceframe.row_streams import (
    arrow_batches,
    pyarrow_for,
    read_arrow,
    read_polars,
    stream_batches,
    to_pandas,
)

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa


__all__ = ["ReadOptions", "ScanOptions", "TableReading"]


class ReadOptions(TypedDict, total=False):
    """What more a scan can be told.

    Attributes:
        ref: read this branch or tag.
        ordered: rows in the order of the table's files (the default); False may be faster.
        batch_size: the most rows in one batch, 65 536 by default.
    """

    ref: str | None
    ordered: bool
    batch_size: int


class ScanOptions(ReadOptions, total=False):
    """What more a scan can be told; at most one of snapshot_id, as_of_timestamp and ref.

    Attributes:
        snapshot_id: read this snapshot.
        as_of_timestamp: read what was current at this time: a datetime with a time zone, or
            milliseconds since the epoch.
    """

    snapshot_id: int | None
    as_of_timestamp: int | dt.datetime | None


class TableReading:
    """The reading half of `IceFrame`."""

    _session: _native.Session

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
            columns: names in the order wanted, nested ones dotted; None: all. ``_file`` and
                ``_pos`` are the data file and the place in it that a row comes from.
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
        return self._open_scan(table_name, columns, filter_expr, limit, None, options)

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
        pyarrow_for("scan_batches")
        check_progress(progress)

        def batches() -> Iterator[pa.RecordBatch]:
            with progress_listener(progress) as listener:
                stream = self._open_scan(table_name, columns, filter_expr, limit, listener, options)
                yield from arrow_batches(stream)

        return batches()

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
        pyarrow_for("to_arrow")
        with progress_listener(progress) as listener:
            stream = self._open_scan(table_name, columns, filter_expr, limit, listener, options)
            return read_arrow(stream)

    def read_table(
        self,
        table_name: str,
        columns: Sequence[str] | None = None,
        filter_expr: str | Expression | None = None,
        limit: int | None = None,
        snapshot_id: int | None = None,
        as_of_timestamp: int | dt.datetime | None = None,
        filter: Expression | None = None,
        filter_sql: str | None = None,
        *,
        progress: ProgressOption = False,
        **options: Unpack[ReadOptions],
    ) -> pl.DataFrame:
        """Returns the rows as a Polars DataFrame; arguments and errors as `scan_batches`.

        ``filter`` (an expression) and ``filter_sql`` (text) are other names of ``filter_expr``; at
        most one of them is given.

        Example:
            >>> demo().read_table("users", ["name"]).to_dict(as_series=False)
            {'name': ['Ada', 'Bob']}
        """
        scan: ScanOptions = {
            **options,
            "snapshot_id": snapshot_id,
            "as_of_timestamp": as_of_timestamp,
        }
        chosen = one_filter(filter_expr=filter_expr, filter=filter, filter_sql=filter_sql)
        with progress_listener(progress) as listener:
            return read_polars(self._open_scan(table_name, columns, chosen, limit, listener, scan))

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
        pyarrow_for("to_pandas")
        rows = self.to_arrow(table_name, columns, filter_expr, limit, progress=progress, **options)
        return to_pandas(rows)

    def head(self, table_name: str, n: int = 5, **options: Unpack[ScanOptions]) -> pl.DataFrame:
        """Returns the first ``n`` rows in the order of the table's files; the scan stops there.

        Example:
            >>> demo().head("users", 1).to_dicts()
            [{'id': 1, 'name': 'Ada', 'age': 36}]
        """
        return self.read_table(table_name, limit=required_whole_number("n", n), **options)

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
        _check_options(options)
        return self._session.count_rows(
            identifier(table_name),
            filter=filter_argument("filter_expr", filter_expr),
            limit=None,
            case_sensitive=True,
            **_version(options),
        )

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
        return self.read_table(table_name, columns, **options).describe()

    def lazy(self, table_name: str, **options: Unpack[ScanOptions]) -> pl.LazyFrame:
        """Returns a Polars LazyFrame over the table; rows are read when it is collected.

        Its filters skip files and row groups as ours do, only the columns that it needs are read,
        and no more rows than its ``head`` asks for. The table is read as it is at this call: its
        rows and its columns, whatever is changed before the frame is collected. Columns that can't
        be read yet (variant, geometry) are refused when they are asked for.

        Example:
            >>> import polars as pl
            >>> demo().lazy("users").filter(pl.col("id") > 1).select("name").collect().to_dicts()
            [{'name': 'Bob'}]
        """
        _check_options(options)
        version = _version(options)
        table = self._session.load_table(identifier(table_name))
        columns = table.row_schema(None, **version)

        def scan(
            names: list[str], filter_expr: Expression | None, limit: int | None
        ) -> Iterator[_native.Batch]:
            return stream_batches(self._open_scan(table, names, filter_expr, limit, None, options))

        def least_column() -> str:
            for name in columns.names():
                try:
                    table.row_schema([name], **version)
                except UnsupportedOperationError:
                    continue
                return name
            raise UnsupportedOperationError(f"no column of {table.name()} can be read yet")

        return lazy_frame(scan, columns, least_column)

    def query(
        self,
        table_name: str,
        *,
        snapshot_id: int | None = None,
        as_of_timestamp: int | dt.datetime | None = None,
        ref: str | None = None,
    ) -> QueryBuilder:
        """Starts a query over a table; nothing is read before it is executed.

        Args:
            table_name: "namespace.table", or "table" in the namespace "default".
            snapshot_id: read this snapshot; at most one of this and the next two.
            as_of_timestamp: read what was current then, as for `scan`.
            ref: read this branch or tag.

        Example:
            >>> demo().query("users").filter("age > 30").select("name").execute().to_dicts()
            [{'name': 'Ada'}]
        """
        native = _native.Query.of(
            identifier(table_name),
            whole_number("snapshot_id", snapshot_id),
            to_milliseconds("as_of_timestamp", as_of_timestamp),
            text("ref", ref),
        )
        return QueryBuilder(self._session, native)

    def _open_scan(
        self,
        table: str | _native.Table,
        columns: Sequence[str] | None,
        filter_expr: str | Expression | None,
        limit: int | None,
        listener: Any,  # noqa: ANN401 - what progress_listener yields
        options: ScanOptions,
    ) -> _native.BatchStream:
        _check_options(options)
        return self._session.scan(
            table if isinstance(table, _native.Table) else identifier(table),
            columns=column_names(columns),
            filter=filter_argument("filter_expr", filter_expr),
            limit=whole_number("limit", limit),
            ordered=truth("ordered", options.get("ordered", True)),
            case_sensitive=True,
            batch_rows=required_whole_number("batch_size", options.get("batch_size", 65_536)),
            progress=listener,
            **_version(options),
        )


class _Version(TypedDict):
    snapshot_id: int | None
    as_of_timestamp: int | None
    ref: str | None


def _version(options: ScanOptions) -> _Version:
    return {
        "snapshot_id": whole_number("snapshot_id", options.get("snapshot_id")),
        "as_of_timestamp": to_milliseconds("as_of_timestamp", options.get("as_of_timestamp")),
        "ref": text("ref", options.get("ref")),
    }


def _check_options(options: ScanOptions) -> None:
    known = ScanOptions.__required_keys__ | ScanOptions.__optional_keys__
    unknown = options.keys() - known
    if unknown:
        raise TypeError(f"unexpected keyword argument: {', '.join(sorted(unknown))}")
