"""Changes of one kind that are gathered, and made in one commit or as part of a transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Generic, Protocol, Self, TypeVar

from iceframe import _native
from iceframe.errors import ValidationError, shown
from iceframe.table_metadata import TableMetadata

__all__ = ["ChangeTarget", "Changeable", "PendingChanges"]

Change = TypeVar("Change")


@dataclass(frozen=True)
class ChangeTarget:
    """What changes are made of: a table, by a commit; or a transaction, which commits later.

    Attributes:
        join: returns the transaction that changes go into.
        finish: ends a transaction that changes were put into: commits it, for a table.
        drop: ends one that has none.
        metadata: returns the metadata, with changes of the transaction in it.
    """

    join: Callable[[], _native.Transaction]
    finish: Callable[[_native.Transaction], None]
    drop: Callable[[_native.Transaction], None]
    metadata: Callable[[], TableMetadata]


class Changeable(Protocol):
    """A `Table` or a `Transaction`."""

    def change_target(self) -> ChangeTarget:
        """Returns what changes are made of."""


class PendingChanges(Generic[Change]):
    """Changes of a table, or of a transaction on one.

    Outside of ``with`` each call makes its change at once, in a commit of its own; where changes
    are gathered, `commit` makes them. Within ``with`` all calls are one commit, made at its end; an
    exception drops them. Changes of a transaction become part of it.
    """

    def __init__(self, table: Changeable, *, gathers: bool = False) -> None:
        if not hasattr(table, "change_target"):
            raise ValidationError(
                f"{type(self).__name__} takes a table, as IceFrame.get_table returns it: "
                f"{shown(table)}"
            )
        self._target = table.change_target()
        self._gathers = gathers
        self._is_open = False
        self._transaction: _native.Transaction | None = None
        self._changes: list[Change] = []

    def __enter__(self) -> Self:
        if self._is_open:
            raise ValidationError("changes are gathered already: `with` can't be nested")
        self._is_open = True
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_open = False
        if kind is None:
            self.commit()
        else:
            self._drop()

    def commit(self) -> None:
        """Makes the changes gathered so far: in one commit, or as part of the transaction.

        Raises:
            CommitConflictError: other writers were faster, until the retries were used up.
        """
        if not self._changes:
            self._drop()
            return
        try:
            with self._joined() as transaction:
                self._apply(transaction, self._changes)
                self._target.finish(transaction)
        finally:
            self._drop()

    @contextmanager
    def _joined(self) -> Iterator[_native.Transaction]:
        """Gives the transaction that changes go into; after an error, one without any is ended."""
        try:
            if self._transaction is None:
                self._transaction = self._target.join()
            yield self._transaction
        except BaseException:
            if not self._changes:
                self._drop()
            raise

    def _add(self, *changes: Change) -> Self:
        """Takes changes that fit what there is; others are refused and left out."""
        with self._joined() as transaction:
            self._check(transaction, [*self._changes, *changes])
        self._changes += changes
        if not (self._gathers or self._is_open):
            self.commit()
        return self

    def _drop(self) -> None:
        self._changes = []
        if self._transaction is not None:
            self._target.drop(self._transaction)
            self._transaction = None

    def _check(self, transaction: _native.Transaction, changes: list[Change]) -> None:
        """Refuses changes that can't be made."""

    def _apply(self, transaction: _native.Transaction, changes: list[Change]) -> None:
        raise NotImplementedError
