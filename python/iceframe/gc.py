"""`GarbageCollector`: old snapshots, and files that nothing refers to."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from iceframe import _native
from iceframe.arguments import required_whole_number, to_milliseconds, truth
from iceframe.errors import MaintenanceError, ValidationError, shown

if TYPE_CHECKING:
    from iceframe.table import Table

__all__ = ["GarbageCollector", "utc_ms"]

_FOR_EVER = 2**63 - 1


class GarbageCollector:
    """Expires snapshots of a table, and deletes files that nothing needs.

    Args:
        table: a table, as `IceFrame.get_table` returns it. It is refreshed by each call.

    Example:
        >>> ice = demo()
        >>> _ = ice.overwrite_table("users", {"id": [9]})
        >>> collector = GarbageCollector(ice.get_table("users"))
        >>> len(collector.expire_snapshots(retain_last=1))
        1
        >>> collector.remove_orphan_files()
        []
    """

    def __init__(self, table: Table) -> None:
        if not hasattr(table, "_native") or not hasattr(table, "refresh"):
            raise ValidationError(
                f"GarbageCollector takes a table, as IceFrame.get_table returns it: {shown(table)}"
            )
        self.table = table

    def expire_snapshots(
        self,
        older_than_ms: int | dt.datetime | None = None,
        retain_last: int = 1,
        max_workers: int = 4,
        *,
        dry_run: bool = False,
        delete_files: bool = True,
    ) -> list[int]:
        """Forgets snapshots, and deletes the files that no other snapshot needs.

        What branches and tags name stays, with as much of their history as they themselves ask
        for; main's snapshot always does.

        Args:
            older_than_ms: snapshots from before this time go; None: of any age.
            retain_last: how many of each branch stay whatever their age.
            max_workers: how many files are deleted at once.
            dry_run: only tell which snapshots would expire.
            delete_files: False leaves the files to `remove_orphan_files`.

        Returns:
            The ids of the snapshots that expired, oldest first.

        Raises:
            MaintenanceError: retain_last is negative.
            UnsupportedOperationError: the table's property gc.enabled is false.
        """
        keep = required_whole_number("retain_last", retain_last)
        if keep < 0:
            raise MaintenanceError(f"retain_last must not be negative: {keep}")
        before = to_milliseconds("older_than_ms", older_than_ms)
        request: dict[str, Any] = {
            "older_than_ms": _FOR_EVER if before is None else before,
            "retain_last": min(keep, 2**31 - 1),
            "max_parallel_deletes": _workers(max_workers),
            "dry_run": truth("dry_run", dry_run),
            "delete_files": truth("delete_files", delete_files),
        }
        report = _native.expire_snapshots(
            self.table._session, self.table.refresh()._native, request
        )
        self.table.refresh()
        return list(report["snapshot_ids"])

    def remove_orphan_files(
        self,
        older_than_ms: int | dt.datetime | None = None,
        max_workers: int = 4,
        dry_run: bool = True,
        *,
        allow_recent: bool = False,
    ) -> list[str]:
        """Finds the files in the table's folder that nothing refers to; deletes them on demand.

        Args:
            older_than_ms: only files that did not change since count; None: for 3 days.
            max_workers: how many files are deleted at once.
            dry_run: True only tells which files would be deleted.
            allow_recent: lets files be deleted that changed within the last 3 days. They may be
                those of a writer at work: be sure that there is none.

        Returns:
            The files' locations, sorted.

        Raises:
            MaintenanceError: files of less than 3 days are to be deleted, without allow_recent.
            MetadataError: a manifest or list can't be read.
            UnsupportedOperationError: the table's property gc.enabled is false.
        """
        request: dict[str, Any] = {
            "older_than_ms": to_milliseconds("older_than_ms", older_than_ms),
            "max_parallel_deletes": _workers(max_workers),
            "dry_run": truth("dry_run", dry_run),
            "allow_recent": truth("allow_recent", allow_recent),
        }
        try:
            report = _native.remove_orphan_files(
                self.table._session, self.table.refresh()._native, request
            )
        except ValidationError as error:
            raise MaintenanceError(str(error)) from error
        return list(report["files"])


def _workers(given: Any) -> int:  # noqa: ANN401 - what the user wrote
    if (number := required_whole_number("max_workers", given)) < 1:
        raise ValidationError(f"max_workers must be at least 1, got {number}")
    return min(number, 2**31 - 1)


def utc_ms(time: dt.datetime) -> int:
    """Returns a time as milliseconds since the epoch; without a time zone it is taken for UTC.

    Example:
        >>> utc_ms(dt.datetime(1970, 1, 2))
        86400000
    """
    if time.tzinfo is None:
        time = time.replace(tzinfo=dt.UTC)
    return (time - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(milliseconds=1)
