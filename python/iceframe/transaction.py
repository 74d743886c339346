"""`Transaction`: several changes of one table in one commit."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, Self, Unpack

from iceframe import _native
from iceframe._native import WriteReport
from iceframe.arguments import (
    as_list,
    filter_argument,
    required_text,
    sort_column,
    string_properties,
    text,
)
from iceframe.branching import BranchManager, ManageSnapshots, Retention
from iceframe.errors import ValidationError, shown
from iceframe.expressions import Expression
from iceframe.not_built import TRANSACTION, refuse
from iceframe.partition import UpdateSpec
from iceframe.pending_changes import ChangeTarget
from iceframe.schema import UpdateSchema
from iceframe.sorting import UpdateSortOrder
from iceframe.table_input import to_rows
from iceframe.table_metadata import TableMetadata

__all__ = ["Transaction", "TransactionReport"]


@dataclass(frozen=True)
class TransactionReport:
    """What a transaction did.

    Attributes:
        snapshot_ids: the new snapshots, oldest first; empty if no rows were changed.
        num_attempts: how often the commit was tried; 0 if there was nothing to commit.
        was_reconciled: the catalog's answer was lost, and the commit was found in the table.
        num_rows: rows written.
        num_files: data files written.
        num_bytes: bytes of those files.
        num_deleted_files: data files that the snapshots removed from the table.
    """

    snapshot_ids: tuple[int, ...] = ()
    num_attempts: int = 0
    was_reconciled: bool = False
    num_rows: int = 0
    num_files: int = 0
    num_bytes: int = 0
    num_deleted_files: int = 0


class Transaction:
    """Changes of one table that become visible together, or not at all.

    Each change sees the table as those before leave it, and is checked at once; one that is refused
    is left out. Leaving ``with`` commits all of them; an exception drops them and deletes the files
    that they wrote. Without ``with``, `commit` or `abort` ends the transaction. When another writer
    was first, all changes are made again on what that one left, with their checks; the snapshots
    keep their ids. Rows that are written are not read before they are committed.

    Used once, by the thread that began it. Two transactions of one table at a time are two writers.

    Example:
        >>> ice = demo()
        >>> with ice.transaction("users") as tx:
        ...     _ = tx.update_schema().add_column("email", "string").commit()
        ...     _ = tx.append({"id": [3], "email": ["c@example.org"]})
        ...     _ = tx.set_properties(owner="ada")
        >>> tx.report.num_rows, len(tx.report.snapshot_ids)
        (1, 1)
        >>> ice.to_arrow("users", ["email"], "id = 3").to_pylist()
        [{'email': 'c@example.org'}]
    """

    def __init__(self, session: _native.Session, table: str | _native.Table) -> None:
        self._transaction = _native.Transaction.begin(session, table)
        self._thread = threading.get_ident()
        self._is_entered = False
        self._writes: list[WriteReport] = []
        #: What it did, once it is committed; None before.
        self.report: TransactionReport | None = None

    def __enter__(self) -> Self:
        self._native()
        if self._is_entered:
            raise ValidationError("a transaction can't be nested in itself; begin another")
        self._is_entered = True
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self.abort()
        elif not self._transaction.is_over():
            self.commit()

    # Type checkers find what there is not by themselves.
    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NoReturn:
            raise refuse(self, TRANSACTION, name)

    # -- rows ----------------------------------------------------------------------------------

    def append(
        self,
        data: Any,  # noqa: ANN401 - anything with rows
        branch: str | None = None,
        *,
        snapshot_properties: Mapping[str, Any] | None = None,
    ) -> WriteReport:
        """Appends rows, in a snapshot of their own; as `IceFrame.append_to_table`."""
        report = self._native().append(
            to_rows(data),
            branch=text("branch", branch) or "main",
            summary=string_properties("snapshot_properties", snapshot_properties),
        )
        self._writes.append(report)
        return report

    def overwrite(
        self,
        data: Any,  # noqa: ANN401 - anything with rows
        overwrite_filter: str | Expression | None = None,
        branch: str | None = None,
        *,
        allow_rows_outside_filter: bool = False,
        snapshot_properties: Mapping[str, Any] | None = None,
    ) -> WriteReport:
        """Replaces all rows, or those of the files that match; as `IceFrame.overwrite_table`."""
        report = self._native().overwrite(
            to_rows(data, replaces=True),
            filter=filter_argument("overwrite_filter", overwrite_filter),
            allow_rows_outside_filter=allow_rows_outside_filter,
            branch=text("branch", branch) or "main",
            summary=string_properties("snapshot_properties", snapshot_properties),
        )
        self._writes.append(report)
        return report

    def delete(
        self,
        delete_filter: str | Expression,
        branch: str | None = None,
        *,
        snapshot_properties: Mapping[str, Any] | None = None,
    ) -> WriteReport:
        """Deletes the rows that match, where they are all the rows of their files.

        Raises:
            UnsupportedOperationError: the filter matches only some rows of a data file.
        """
        if delete_filter is None:
            raise ValidationError(
                'delete needs a filter; "true" deletes all rows of the table or branch'
            )
        report = self._native().delete(
            filter=filter_argument("delete_filter", delete_filter),
            branch=text("branch", branch) or "main",
            summary=string_properties("snapshot_properties", snapshot_properties),
        )
        self._writes.append(report)
        return report

    # -- the table -----------------------------------------------------------------------------

    def set_properties(self, properties: Mapping[str, Any] | None = None, **more: Any) -> Self:  # noqa: ANN401
        """Sets properties of the table; others stay."""
        updates = string_properties("properties", properties) | string_properties(
            "properties", more
        )
        self._native().update_properties(updates, [])
        return self

    def remove_properties(self, *names: str) -> Self:
        """Removes properties; those that are not there are passed over."""
        removals = [required_text("a property's name", name) for name in names]
        self._native().update_properties({}, removals)
        return self

    def update_schema(self) -> UpdateSchema:
        """Returns changes of the columns: made by `UpdateSchema.commit`, or at the end of ``with``.

        They become part of this transaction, as all such changes do.
        """
        return UpdateSchema(self, gathers=True)

    def update_spec(self) -> UpdateSpec:
        """Returns changes of how new files are partitioned."""
        return UpdateSpec(self, gathers=True)

    def update_sort_order(self) -> UpdateSortOrder:
        """Returns a new sort order, to be filled."""
        return UpdateSortOrder(self, gathers=True)

    def set_sort_order(self, sort_order: Any) -> Self:  # noqa: ANN401 - as create_table takes it
        """Sorts new files so; None or an empty list: not at all."""
        keys = [sort_column(entry) for entry in as_list("sort_order", sort_order)]
        self._native().update_sort_order(keys)
        return self

    def manage_snapshots(self) -> ManageSnapshots:
        """Returns changes of branches, tags and the current snapshot."""
        return ManageSnapshots(self, gathers=True)

    def create_branch(
        self, branch_name: str, snapshot_id: int | None = None, **retention: Unpack[Retention]
    ) -> Self:
        """Makes a branch; as `BranchManager.create_branch`."""
        BranchManager(self).create_branch(branch_name, snapshot_id, **retention)
        return self

    def tag_snapshot(
        self, snapshot_id: int, tag_name: str, max_ref_age_ms: int | None = None
    ) -> Self:
        """Names a snapshot; as `BranchManager.tag_snapshot`."""
        BranchManager(self).tag_snapshot(snapshot_id, tag_name, max_ref_age_ms)
        return self

    @property
    def snapshot_ids(self) -> tuple[int, ...]:
        """The snapshots made so far, oldest first; a tag can name them at once."""
        return tuple(self._transaction.snapshot_ids())

    # -- its end -------------------------------------------------------------------------------

    def commit(self) -> TransactionReport:
        """Commits all changes at once.

        Raises:
            CommitConflictError: other writers were faster, until the retries were used up, or what
                they changed does not fit these changes.
            CommitRejectedError: a check of an overwrite or delete failed.
            CommitStateUnknownError: the commit may have landed; look before trying again.
        """
        num_attempts, was_reconciled = self._native().commit()
        counts = ("num_rows", "num_files", "num_bytes", "num_deleted_files")
        self.report = TransactionReport(
            self.snapshot_ids,
            num_attempts,
            was_reconciled,
            *(sum(getattr(write, count) for write in self._writes) for count in counts),
        )
        return self.report

    def commit_transaction(self) -> TransactionReport:
        """As `commit`."""
        return self.commit()

    def abort(self) -> None:
        """Drops the changes and deletes the files that they wrote; does nothing after the end."""
        self._check_thread()
        self._transaction.abort()

    def change_target(self) -> ChangeTarget:
        """Returns what changes are made of."""
        return ChangeTarget(self._native, _keep, _keep, self._metadata)

    def _metadata(self) -> TableMetadata:
        return TableMetadata(json.loads(self._native().table().metadata_json()))

    def _native(self) -> _native.Transaction:
        """Returns the engine's transaction; refuses use after its end and by another thread."""
        self._check_thread()
        self._transaction.check()
        return self._transaction

    def _check_thread(self) -> None:
        if threading.get_ident() != self._thread:
            raise ValidationError(
                f"a transaction is used by the thread that began it, not by "
                f"{shown(threading.current_thread().name)}; begin one there"
            )


def _keep(transaction: _native.Transaction) -> None:
    """Leaves a transaction open: whoever began it ends it."""
