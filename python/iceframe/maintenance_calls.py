"""What an `IceFrame` does to keep tables small and fast."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Unpack

from iceframe.errors import ValidationError, shown
from iceframe.expressions import Expression
from iceframe.sessions import SessionHolder

if TYPE_CHECKING:
    from iceframe.compaction import CompactionManager, CompactionOptions
    from iceframe.gc import GarbageCollector
    from iceframe.table import Table

__all__ = ["MaintenanceCalls"]


class MaintenanceCalls(SessionHolder):
    """Methods of `IceFrame`; docs/maintenance.md says what they do and keep."""

    def get_table(self, table_name: str) -> Table:
        """Loads a table."""
        raise NotImplementedError

    def compact_data_files(
        self,
        table_name: str,
        target_file_size_mb: int = 128,
        filter_expr: str | Expression | None = None,
        min_input_files: int = 1,
        partition_filter: Mapping[str, Any] | None = None,
        deduplicate: bool = False,
        max_workers: int = 1,
        **options: Unpack[CompactionOptions],
    ) -> dict[str, Any]:
        """Makes few files of many small ones, in one commit; see `CompactionManager.bin_pack`.

        Example:
            >>> ice = demo()
            >>> _ = ice.append_to_table("users", {"id": [3]})
            >>> ice.compact_data_files("users")["added_files"]
            1
        """
        return self._compaction(table_name).bin_pack(
            target_file_size_mb,
            filter_expr,
            min_input_files,
            partition_filter,
            deduplicate,
            max_workers,
            **options,
        )

    def z_order_optimize(
        self,
        table_name: str,
        columns: Sequence[str],
        target_file_size_mb: int = 128,
        filter_expr: str | Expression | None = None,
        **options: Unpack[CompactionOptions],
    ) -> dict[str, Any]:
        """Rewrites a table along the Z curve; see `CompactionManager.z_order_optimize`."""
        return self._compaction(table_name).z_order_optimize(
            columns, target_file_size_mb, filter_expr, **options
        )

    def configure_bloom_filters(
        self, table_name: str, columns: Sequence[str], fpp: float = 0.01
    ) -> dict[str, Any]:
        """Asks for Bloom filters; see `CompactionManager.enable_bloom_filters`."""
        return self._compaction(table_name).enable_bloom_filters(columns, fpp)

    def rewrite_manifests(self, table_name: str, target_size_mb: int = 8) -> dict[str, Any]:
        """Merges and sorts a table's manifests; see `CompactionManager.rewrite_manifests`."""
        return self._compaction(table_name).rewrite_manifests(target_size_mb)

    def expire_snapshots(
        self,
        table_name: str,
        older_than_days: float = 7,
        retain_last: int = 1,
        *,
        dry_run: bool = False,
        delete_files: bool = True,
    ) -> list[int]:
        """Forgets old snapshots and deletes files that only they needed.

        Args:
            table_name: ``"namespace.table"`` or ``"table"``.
            older_than_days: snapshots that are older go; 0: of any age.
            retain_last: how many of each branch stay whatever their age.
            dry_run: only tell which snapshots would expire.
            delete_files: False leaves the files to `remove_orphan_files`.

        Returns:
            The ids of the snapshots that expired, oldest first.

        Raises:
            MaintenanceError: retain_last is negative.
        """
        days = _days("older_than_days", older_than_days)
        return self._garbage(table_name).expire_snapshots(
            _before(days) if days else None, retain_last, dry_run=dry_run, delete_files=delete_files
        )

    def remove_orphan_files(
        self,
        table_name: str,
        older_than_days: float = 3,
        dry_run: bool = True,
        max_workers: int = 4,
        *,
        allow_recent: bool = False,
    ) -> list[str]:
        """Finds, or deletes, the files in a table's folder that nothing refers to.

        `GarbageCollector.remove_orphan_files` says more.

        Args:
            table_name: ``"namespace.table"`` or ``"table"``.
            older_than_days: only files that did not change for so long count.
            dry_run: True only tells which files would be deleted.
            max_workers: how many files are deleted at once.
            allow_recent: lets files be deleted that changed within the last 3 days.

        Returns:
            The files' locations, sorted.

        Raises:
            MaintenanceError: files of less than 3 days are to be deleted, without allow_recent.
        """
        days = _days("older_than_days", older_than_days)
        # By default exactly the engine's own limit, which is measured when it is needed.
        before = None if days == 3 else _before(days)
        return self._garbage(table_name).remove_orphan_files(
            before, max_workers, dry_run, allow_recent=allow_recent
        )

    def call_procedure(self, table_name: str, procedure_name: str, **kwargs: Any) -> Any:  # noqa: ANN401
        """Does what a procedure of that name does in other engines; see `StoredProcedures`.

        Raises:
            ValueError: an unknown name.
        """
        from iceframe.procedures import StoredProcedures

        return StoredProcedures(self.get_table(table_name)).call(procedure_name, **kwargs)

    def _compaction(self, table_name: str) -> CompactionManager:
        from iceframe.compaction import CompactionManager

        return CompactionManager(self.get_table(table_name))

    def _garbage(self, table_name: str) -> GarbageCollector:
        from iceframe.gc import GarbageCollector

        return GarbageCollector(self.get_table(table_name))


def _days(name: str, given: Any) -> float:  # noqa: ANN401 - what the user wrote
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given < 1e6:
        raise ValidationError(f"{name} must be a number of days, at least 0, got {shown(given)}")
    return float(given)


def _before(days: float) -> dt.datetime:
    return dt.datetime.now(dt.UTC) - dt.timedelta(days=days)
