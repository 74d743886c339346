"""`UpdateSortOrder`: the order that rows of new files are in."""

from __future__ import annotations

from typing import Any, Self

from iceframe import _native
from iceframe.arguments import sort_column
from iceframe.pending_changes import PendingChanges

__all__ = ["UpdateSortOrder"]

SortColumn = tuple[str, str, bool, bool | None]


class UpdateSortOrder(PendingChanges[SortColumn]):
    """A new sort order, key by key, in place of the one that the table has.

    Example:
        >>> ice = demo()
        >>> with ice.get_table("users").update_sort_order() as order:
        ...     _ = order.desc("age").asc("id")
        >>> ice.get_table("users").sort_texts()
        ['age desc nulls-last', 'id asc nulls-first']
    """

    def asc(
        self,
        source_column_name: str,
        transform: Any = "identity",  # noqa: ANN401 - a text, or PyIceberg's
        null_order: str | None = None,
    ) -> Self:
        """Adds an ascending key; nulls come first unless ``null_order`` is "nulls-last"."""
        return self._add(_key(source_column_name, transform, "asc", null_order))

    def desc(
        self,
        source_column_name: str,
        transform: Any = "identity",  # noqa: ANN401 - as above
        null_order: str | None = None,
    ) -> Self:
        """Adds a descending key; nulls come last unless ``null_order`` is "nulls-first"."""
        return self._add(_key(source_column_name, transform, "desc", null_order))

    def _apply(self, transaction: _native.Transaction, changes: list[SortColumn]) -> None:
        transaction.update_sort_order(changes)


def _key(column: str, transform: Any, direction: str, null_order: str | None) -> SortColumn:  # noqa: ANN401
    words = [str(transform), direction]
    if null_order is not None:
        words.append(str(getattr(null_order, "value", null_order)))
    return sort_column((column, *words))
