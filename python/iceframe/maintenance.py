"""`TableMaintenance`: keeping tables small and fast, table by table name."""

from __future__ import annotations

from typing import Any

from iceframe.errors import ValidationError, shown
from iceframe.expressions import Expression
from iceframe.maintenance_calls import MaintenanceCalls

__all__ = ["TableMaintenance"]


class TableMaintenance:
    """What `IceFrame` itself offers for the maintenance of tables, with larger files by default.

    Args:
        catalog: an `IceFrame`.

    Example:
        >>> ice = demo()
        >>> _ = ice.append_to_table("users", {"id": [3]})
        >>> TableMaintenance(ice).compact_data_files("users")
        >>> len(ice.get_table("users").scan().plan_files())
        1
    """

    def __init__(self, catalog: Any) -> None:  # noqa: ANN401 - what the user wrote
        catalog = getattr(catalog, "ice_frame", catalog)
        if not isinstance(catalog, MaintenanceCalls):
            raise ValidationError(f"TableMaintenance takes an IceFrame, got {shown(catalog)}")
        self.catalog = catalog

    def expire_snapshots(
        self, table_name: str, older_than_days: float = 7, retain_last: int = 1
    ) -> list[int]:
        """As `IceFrame.expire_snapshots`."""
        return self.catalog.expire_snapshots(table_name, older_than_days, retain_last)

    def remove_orphan_files(
        self,
        table_name: str,
        older_than_days: float = 3,
        dry_run: bool = True,
        max_workers: int = 4,
    ) -> list[str]:
        """As `IceFrame.remove_orphan_files`."""
        return self.catalog.remove_orphan_files(table_name, older_than_days, dry_run, max_workers)

    def compact_data_files(
        self,
        table_name: str,
        target_file_size_mb: int = 512,
        filter_expr: str | Expression | None = None,
    ) -> None:
        """As `IceFrame.compact_data_files`; returns nothing."""
        self.catalog.compact_data_files(table_name, target_file_size_mb, filter_expr)

    def rewrite_manifests(self, table_name: str) -> None:
        """As `IceFrame.rewrite_manifests`; returns nothing."""
        self.catalog.rewrite_manifests(table_name)
