"""`RollbackManager`: which snapshot is a table's current one."""

from __future__ import annotations

import datetime as dt
from typing import Self

from iceframe.branching import SnapshotChanges

__all__ = ["RollbackManager"]


class RollbackManager(SnapshotChanges):
    """Moves a table's branch main to an earlier snapshot, or to any.

    Nothing is deleted: the snapshots that were current before stay until they are expired, and
    `set_current_snapshot` brings them back.

    Args:
        table: a table, as `IceFrame.get_table` returns it, or a `Transaction`.

    Example:
        >>> ice = demo()
        >>> before = ice.get_table("users").current_snapshot_id
        >>> _ = ice.overwrite_table("users", {"id": [9]})
        >>> _ = RollbackManager(ice.get_table("users")).rollback_to_snapshot(before)
        >>> ice.count_rows("users")
        2
    """

    def rollback_to_snapshot(self, snapshot_id: int) -> Self:
        """Moves back to an ancestor of the current snapshot.

        Raises:
            CommitRejectedError: the snapshot is not an ancestor.
            NotFoundError: the snapshot does not exist or has expired.
        """
        return self._roll_back(snapshot_id)

    def rollback_to_timestamp(self, timestamp_ms: int | dt.datetime) -> Self:
        """Moves back to the newest ancestor from before a time.

        Args:
            timestamp_ms: milliseconds since the epoch, or a datetime with a time zone; a snapshot
                of that very millisecond is not before it.

        Raises:
            NotFoundError: there is none.
        """
        return self._roll_back_to_time(timestamp_ms)

    def set_current_snapshot(self, snapshot_id: int) -> Self:
        """Moves to any snapshot that the table has.

        Raises:
            NotFoundError: the snapshot does not exist or has expired.
        """
        return self._set_snapshot("main", snapshot_id)
