"""`Table`: one table as it was when it was loaded, with PyIceberg's names."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

from iceframe import _native
from iceframe._native import WriteReport
from iceframe.arguments import (
    column_names,
    filter_argument,
    required_text,
    required_whole_number,
    text,
    truth,
    whole_number,
)
from iceframe.branching import ManageSnapshots
from iceframe.errors import ValidationError
from iceframe.expressions import Expression
from iceframe.html import html_table
from iceframe.not_built import TABLE, refuse
from iceframe.partition import UpdateSpec
from iceframe.pending_changes import ChangeTarget
from iceframe.pyarrow_forms import arrow_schema
from iceframe.schema import UpdateSchema
from iceframe.sorting import UpdateSortOrder
from iceframe.table_metadata import Snapshot, SnapshotLogEntry, SnapshotRef, TableMetadata
from iceframe.table_scan import DataScan
from iceframe.table_schema import (
    NestedField,
    PartitionField,
    PartitionSpec,
    Schema,
    SortField,
    SortOrder,
)
from iceframe.transaction import Transaction

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Table"]


class Table:
    """A table as it was when it was loaded; it does not change until `refresh` is called.

    Example:
        >>> table = demo().get_table("users")
        >>> table.schema().column_names
        ['id', 'name', 'age']
        >>> table.current_snapshot().summary["added-records"]
        '2'
        >>> table.scan("age > 30", selected_fields=("name",)).to_arrow().to_pylist()
        [{'name': 'Ada'}]
    """

    def __init__(self, session: _native.Session, native: _native.Table) -> None:
        self._session = session
        self._native = native

    def name(self) -> tuple[str, ...]:
        """Returns the namespace's levels and the table's name."""
        return tuple(self._native.name().split("."))

    def refresh(self) -> Table:
        """Loads the table as it is now; returns this object.

        Raises:
            TableNotFoundError: it was dropped or renamed.
        """
        self._native = self._session.load_table(self._native.name())
        self.__dict__.pop("metadata", None)
        return self

    # -- metadata ------------------------------------------------------------------------------

    @cached_property
    def metadata(self) -> TableMetadata:
        """The content of the metadata file."""
        return TableMetadata(json.loads(self._native.metadata_json()))

    @property
    def metadata_location(self) -> str:
        """Where the metadata file is that this table was loaded from."""
        return self._native.metadata_location()

    def location(self) -> str:
        """Returns where the table's files are."""
        return self._native.location()

    @property
    def format_version(self) -> int:
        """The version of the Iceberg format, 1 to 3."""
        return self._native.format_version()

    @property
    def last_sequence_number(self) -> int:
        """The sequence number of the newest commit."""
        return self.metadata.last_sequence_number

    @property
    def properties(self) -> dict[str, str]:
        """The table's properties."""
        return self._native.properties()

    def schema(self) -> Schema:
        """Returns the current schema."""
        return self.metadata.schema()

    def schemas(self) -> dict[int, Schema]:
        """Returns all schemas by their ids."""
        return {schema.schema_id: schema for schema in self.metadata.schemas}

    def arrow_schema(self, columns: Sequence[str] | None = None) -> pa.Schema:
        """Returns the Arrow schema in which rows are read.

        Args:
            columns: names in the order wanted, nested ones dotted; None: all. Among all, a column
                that can't be read yet has the type that Arrow stores it in: variant is a struct of
                the binaries metadata and value, geometry and geography are binary.

        Raises:
            UnsupportedOperationError: a column that was asked for can't be read yet.
        """
        return arrow_schema(self._native.row_schema({"columns": column_names(columns)}))

    def spec(self) -> PartitionSpec:
        """Returns how new files are partitioned."""
        return self.metadata.spec()

    def specs(self) -> dict[int, PartitionSpec]:
        """Returns all partition specs by their ids."""
        return {spec.spec_id: spec for spec in self.metadata.partition_specs}

    def partition_texts(self) -> list[str]:
        """Returns the partition fields for people: ``["city", "month(day)"]``."""
        return [self._partition_text(field) for field in self.spec().fields]

    def sort_order(self) -> SortOrder:
        """Returns how rows of new files are sorted."""
        return self.metadata.sort_order()

    def sort_orders(self) -> dict[int, SortOrder]:
        """Returns all sort orders by their ids."""
        return {order.order_id: order for order in self.metadata.sort_orders}

    def sort_texts(self) -> list[str]:
        """Returns the sort keys for people: ``["id desc nulls-last"]``."""
        return [
            f"{self._partition_text(field)} {field.direction} {field.null_order}"
            for field in self.sort_order().fields
        ]

    # -- snapshots -----------------------------------------------------------------------------

    @property
    def current_snapshot_id(self) -> int | None:
        """The current snapshot's id, None for a table that never had one."""
        return self._native.current_snapshot_id()

    def current_snapshot(self) -> Snapshot | None:
        """Returns the current snapshot, None for a table that never had one."""
        snapshot_id = self.current_snapshot_id
        return None if snapshot_id is None else self.snapshot_by_id(snapshot_id)

    def snapshots(self) -> list[Snapshot]:
        """Returns the snapshots that are kept, oldest first."""
        return list(self.metadata.snapshots)

    def snapshot_by_id(self, snapshot_id: int) -> Snapshot | None:
        """Returns a snapshot, None if there is no such one."""
        return self.metadata.snapshot_by_id(snapshot_id)

    def snapshot_by_name(self, name: str) -> Snapshot | None:
        """Returns the snapshot of a branch or tag, None if there is no such one."""
        ref = self.refs().get(required_text("name", name))
        return None if ref is None else self.snapshot_by_id(ref.snapshot_id)

    def snapshot_as_of_timestamp(
        self, timestamp_ms: int, inclusive: bool = True
    ) -> Snapshot | None:
        """Returns what was current at a time in milliseconds, None if nothing was."""
        truth("inclusive", inclusive)
        timestamp_ms = required_whole_number("timestamp_ms", timestamp_ms)
        for entry in reversed(self.history()):
            if entry.timestamp_ms < timestamp_ms or (
                inclusive and entry.timestamp_ms == timestamp_ms
            ):
                return self.snapshot_by_id(entry.snapshot_id)
        return None

    def history(self) -> list[SnapshotLogEntry]:
        """Returns which snapshot was the current one when, oldest first."""
        return self.metadata.snapshot_log

    def refs(self) -> dict[str, SnapshotRef]:
        """Returns branches and tags by name."""
        return self.metadata.refs

    @property
    def io(self) -> _native.TableIO:
        """What reads the table's manifests: ``table.current_snapshot().manifests(table.io)``."""
        return _native.TableIO(self._session, self._native)

    # -- rows ----------------------------------------------------------------------------------

    def scan(
        self,
        row_filter: str | Expression | None = None,
        selected_fields: Sequence[str] = ("*",),
        case_sensitive: bool = True,
        snapshot_id: int | None = None,
        limit: int | None = None,
        *,
        ref: str | None = None,
    ) -> DataScan:
        """Returns the table's rows, to be read by one of the result's methods.

        Args:
            row_filter: SQL text or an expression; None: all rows.
            selected_fields: columns in the order wanted; ``"*"`` stands for all.
            case_sensitive: whether names in the filter must match the schema's case.
            snapshot_id: read this snapshot.
            limit: stop after so many rows.
            ref: read this branch or tag.
        """
        columns = column_names(selected_fields)
        if columns is not None and "*" in columns:
            columns = None
        request = {
            "columns": columns,
            "filter": filter_argument("row_filter", row_filter),
            "case_sensitive": truth("case_sensitive", case_sensitive),
            "snapshot_id": whole_number("snapshot_id", snapshot_id),
            "limit": whole_number("limit", limit),
            "ref": text("ref", ref),
        }
        if (whole_number("limit", limit) or 0) < 0:
            raise ValidationError(f"limit must not be negative: {limit}")
        return DataScan(self._session, self._native, request)

    # -- changes -------------------------------------------------------------------------------

    def transaction(self) -> Transaction:
        """Begins a transaction on the table as it was loaded.

        Example:
            >>> ice = demo()
            >>> table = ice.get_table("users")
            >>> with table.transaction() as tx:
            ...     _ = tx.append({"id": [3]})
            >>> table.refresh().current_snapshot_id == tx.report.snapshot_ids[0]
            True
        """
        return Transaction(self._session, self._native)

    def append(
        self,
        data: Any,  # noqa: ANN401 - anything with rows
        branch: str | None = None,
        *,
        snapshot_properties: Mapping[str, Any] | None = None,
    ) -> WriteReport:
        """Appends rows in one commit, which this table then has; as `IceFrame.append_to_table`."""
        with self._changed() as tx:
            return tx.append(data, branch, snapshot_properties=snapshot_properties)

    def overwrite(
        self,
        data: Any,  # noqa: ANN401 - anything with rows
        overwrite_filter: str | Expression | None = None,
        branch: str | None = None,
        *,
        allow_rows_outside_filter: bool = False,
        snapshot_properties: Mapping[str, Any] | None = None,
    ) -> WriteReport:
        """Replaces rows in one commit, which this table then has; as `IceFrame.overwrite_table`."""
        with self._changed() as tx:
            return tx.overwrite(
                data,
                overwrite_filter,
                branch,
                allow_rows_outside_filter=allow_rows_outside_filter,
                snapshot_properties=snapshot_properties,
            )

    def delete(
        self,
        delete_filter: str | Expression,
        branch: str | None = None,
        *,
        snapshot_properties: Mapping[str, Any] | None = None,
    ) -> WriteReport:
        """Deletes rows of whole files in one commit; as `Transaction.delete`."""
        with self._changed() as tx:
            return tx.delete(delete_filter, branch, snapshot_properties=snapshot_properties)

    def update_schema(self) -> UpdateSchema:
        """Returns changes of the columns: committed by `commit`, or at the end of ``with``.

        Example:
            >>> table = demo().get_table("users")
            >>> _ = table.update_schema().add_column("email", "string").drop_column("age").commit()
            >>> table.schema().column_names
            ['id', 'name', 'email']
        """
        return UpdateSchema(self, gathers=True)

    def update_spec(self) -> UpdateSpec:
        """Returns changes of how new files are partitioned, as `update_schema` of columns."""
        return UpdateSpec(self, gathers=True)

    def update_sort_order(self) -> UpdateSortOrder:
        """Returns a new sort order, to be filled."""
        return UpdateSortOrder(self, gathers=True)

    def manage_snapshots(self) -> ManageSnapshots:
        """Returns changes of branches, tags and the current snapshot."""
        return ManageSnapshots(self, gathers=True)

    def change_target(self) -> ChangeTarget:
        """Returns what changes are made of: the table as it is now, in a commit of their own."""

        def join() -> _native.Transaction:
            return _native.Transaction.begin(self._session, self.refresh()._native)

        def finish(transaction: _native.Transaction) -> None:
            transaction.commit()
            self.refresh()

        def drop(transaction: _native.Transaction) -> None:
            transaction.abort()

        return ChangeTarget(join, finish, drop, lambda: self.refresh().metadata)

    @contextmanager
    def _changed(self) -> Iterator[Transaction]:
        with self.transaction() as tx:
            yield tx
        self.refresh()

    # -- for people ----------------------------------------------------------------------------

    # Type checkers find what there is not by themselves.
    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NoReturn:
            raise refuse(self, TABLE, name)

    def __repr__(self) -> str:
        head = (
            f"Table({'.'.join(self.name())!r}, snapshot_id={self.current_snapshot_id}, "
            f"location={self.location()!r})"
        )
        columns = [f"{field}" for field in self.schema().fields]
        return "\n  ".join([head, *columns, *self._facts()])

    def _facts(self) -> list[str]:
        facts = [f"partition by: [{', '.join(self.partition_texts())}]"]
        facts.append(f"sort order: [{', '.join(self.sort_texts())}]")
        snapshot = self.current_snapshot()
        facts.append(f"snapshot: {_snapshot_text(snapshot)}")
        return facts

    def _column_name(self, field_id: int) -> str:
        names = (schema.find_column_name(field_id) for schema in reversed(self.metadata.schemas))
        return self.schema().find_column_name(field_id) or next(filter(None, names), str(field_id))

    def _partition_text(self, field: PartitionField | SortField) -> str:
        column = self._column_name(field.source_id)
        return column if field.transform == "identity" else f"{field.transform}({column})"

    def _repr_html_(self) -> str:
        """The columns, for notebooks."""
        rows = [_column_row(field) for field in self.schema().fields]
        title = ".".join(self.name())
        return html_table(title, ("id", "column", "type", "", "doc"), rows, self._facts())


def _snapshot_text(snapshot: Snapshot | None) -> str:
    if snapshot is None:
        return "none"
    operation = snapshot.summary.operation or "?"
    records = snapshot.summary.get("total-records", "?")
    files = snapshot.summary.get("total-data-files", "?")
    return f"{snapshot.snapshot_id} ({operation}; {records} rows in {files} files)"


def _column_row(field: NestedField) -> tuple[object, ...]:
    presence = "required" if field.required else ""
    return field.field_id, field.name, field.field_type, presence, field.doc
