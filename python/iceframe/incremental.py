"""`IncrementalReads`: what came into a table, and what changed in it, since it was read last."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Unpack

from iceframe import _native
from iceframe.arguments import (
    column_names,
    identifier,
    required_text,
    text,
    texts,
    to_milliseconds,
    whole_number,
)
from iceframe.errors import ValidationError, shown
from iceframe.expressions import Expression
from iceframe.options import TailOptions, checked
from iceframe.polars_frames import to_polars
from iceframe.read_requests import read_request
from iceframe.reading import TableReads
from iceframe.tail import TableTail, TailPace

if TYPE_CHECKING:
    import polars as pl

__all__ = ["IncrementalReads", "TableTail"]

#: Tells "not given" from None, which is the time before the first snapshot.
_NOT_GIVEN: Any = type("NotGiven", (), {"__repr__": lambda _: "..."})()


class IncrementalReads(TableReads):
    """Reads of one session's tables, with those of what is new; `IceFrame` has its methods."""

    def read_incremental(
        self,
        table_name: str,
        since_snapshot_id: int | None = _NOT_GIVEN,
        since_timestamp: int | dt.datetime | None = None,
        columns: Sequence[str] | None = None,
        filter_expr: str | Expression | None = None,
        *,
        on_removed: str = "difference",
    ) -> pl.DataFrame:
        """Returns the rows that came into a table since a snapshot or a time, oldest first.

        Snapshots that rewrote files and kept all rows, as compaction does, bring none. Rows that
        were removed later are still among them.

        Args:
            table_name: "namespace.table", or "table" in the namespace "default".
            since_snapshot_id: rows of this snapshot and before are known; None: none are, which
                gives all rows of a first run.
            since_timestamp: in place of a snapshot, a datetime with a time zone or milliseconds
                since the epoch: what was committed after it is new.
            columns: names in the order wanted; None: all.
            filter_expr: SQL text or an expression, as for `scan`.
            on_removed: what to do about snapshots that removed rows. "difference": of one that
                wrote rows too, those are read that it had not before, told apart by value;
                "skip": none of its rows are read; "error".

        Raises:
            ValidationError: neither a snapshot nor a time is given, or both; the snapshot is no
                ancestor of the current one, or what came after it has expired; rows were removed
                and ``on_removed`` is "error".

        Example:
            >>> ice = demo()
            >>> seen = ice.get_table("users").current_snapshot().snapshot_id
            >>> _ = ice.append_to_table("users", [{"id": 3, "name": "Cyd", "age": 7}])
            >>> ice.read_incremental("users", since_snapshot_id=seen).to_dicts()
            [{'id': 3, 'name': 'Cyd', 'age': 7}]
        """
        is_given = since_snapshot_id is not _NOT_GIVEN
        since = whole_number("since_snapshot_id", since_snapshot_id) if is_given else None
        time = to_milliseconds("since_timestamp", since_timestamp)
        if not is_given and time is None:
            raise ValidationError(
                "since when? give since_snapshot_id or since_timestamp; "
                "since_snapshot_id=None reads from the table's beginning"
            )
        request = read_request(columns, filter_expr)
        request |= {"appended": True, "since_snapshot_id": since, "since_timestamp": time}
        request["on_removed"] = required_text("on_removed", on_removed)
        return self.rows(identifier(table_name), request).polars()

    def get_changes(
        self,
        table_name: str,
        from_snapshot_id: int | None,
        to_snapshot_id: int | None = None,
        columns: Sequence[str] | None = None,
        primary_keys: Sequence[str] | None = None,
    ) -> dict[str, pl.DataFrame]:
        """Returns how the rows of two snapshots differ: "added", "deleted" and "modified" ones.

        Reads the data files that one of them has and the other has not. Equal rows are counted:
        of three, one may have gone. Rows that were only moved between files are no change; null is
        equal to null.

        Args:
            table_name: "namespace.table", or "table" in the namespace "default".
            from_snapshot_id: the earlier one; None: from before the first, when there was no row.
            to_snapshot_id: the later one; None: the current one.
            columns: compare these alone; None: all.
            primary_keys: columns that tell rows apart: a row whose key was there before, with
                other values, is "modified", as it is now. None: nothing is, an update is a row
                deleted and one added.

        Raises:
            NotFoundError: no such snapshot, or it has expired.
            ValidationError: an unknown column, or changed rows that share a key.
            UnsupportedOperationError: a snapshot has delete files.

        Example:
            >>> ice = demo()
            >>> seen = ice.get_table("users").current_snapshot().snapshot_id
            >>> _ = ice.append_to_table("users", [{"id": 3, "name": "Cyd", "age": 7}])
            >>> changes = ice.get_changes("users", seen, primary_keys=["id"])
            >>> {kind: rows["id"].to_list() for kind, rows in changes.items()}
            {'added': [3], 'deleted': [], 'modified': []}
        """
        table = self._session.load_table(identifier(table_name))
        rows = _native.read_changes(
            self._session,
            table,
            whole_number("from_snapshot_id", from_snapshot_id),
            whole_number("to_snapshot_id", to_snapshot_id),
            column_names(columns),
            [] if primary_keys is None else texts("primary_keys", primary_keys),
        )
        return dict(zip(("added", "deleted", "modified"), map(to_polars, rows), strict=True))

    def get_row_changes(
        self,
        table_name: str,
        from_snapshot_id: int | None,
        to_snapshot_id: int | None = None,
        columns: Sequence[str] | None = None,
    ) -> dict[str, pl.DataFrame]:
        """Returns `get_changes` without keys: whole rows that were added and deleted.

        Example:
            >>> demo().get_row_changes("users", None)["added"]["name"].to_list()
            ['Ada', 'Bob']
        """
        return self.get_changes(table_name, from_snapshot_id, to_snapshot_id, columns)

    def tail(
        self,
        table_name: str,
        token: str | None = None,
        columns: Sequence[str] | None = None,
        filter_expr: str | Expression | None = None,
        **options: Unpack[TailOptions],
    ) -> TableTail:
        """Follows a table: yields the new rows of each snapshot as a Polars DataFrame.

        Snapshots that rewrote files and kept all rows are passed over. See `TableTail`.

        Args:
            table_name: "namespace.table", or "table" in the namespace "default".
            token: what an earlier tail had as its ``token``: this one goes on behind it.
            columns: names in the order wanted; None: all that each snapshot has.
            filter_expr: SQL text or an expression, as for `scan`.
            **options: where to start, how long to wait, and more: see `TailOptions`.

        Raises:
            ValidationError: the token is none of this table's.
            TableNotFoundError: there is no such table.

        Example:
            >>> ice = demo()
            >>> tail = ice.tail("users", start="earliest", timeout=0)
            >>> [rows["name"].to_list() for rows in tail]
            [['Ada', 'Bob']]
            >>> _ = ice.append_to_table("users", [{"id": 3, "name": "Cyd", "age": 7}])
            >>> [rows["name"].to_list() for rows in ice.tail("users", tail.token, timeout=0)]
            [['Cyd']]
        """
        given = checked(TailOptions, options)
        if (start := given.get("start", "latest")) not in ("latest", "earliest"):
            raise ValidationError(f'start must be "latest" or "earliest", got {shown(start)}')
        on_removed = required_text("on_removed", given.get("on_removed", "error"))
        where = {
            "token": text("token", token),
            "from_start": start == "earliest",
            "branch": given.get("branch") or "main",
            "on_removed": on_removed,
        }
        pace = TailPace.of(given)
        native = _native.TableTail.open(self._session, identifier(table_name), where)
        request = read_request(columns, filter_expr)
        request |= {"appended": True, "on_removed": on_removed}
        return TableTail(self._session, native, request, pace)
