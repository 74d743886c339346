"""`StoredProcedures`: maintenance by the names that procedures have in other engines."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from iceframe.branching import BranchManager
from iceframe.compaction import CompactionManager
from iceframe.errors import UnsupportedOperationError, ValidationError
from iceframe.gc import GarbageCollector
from iceframe.rollback import RollbackManager

if TYPE_CHECKING:
    from iceframe.table import Table

__all__ = ["StoredProcedures"]


class StoredProcedures:
    """Procedures of one table.

    ======================== ======================================== ===========================
    name                     arguments                                as
    ======================== ======================================== ===========================
    rewrite_data_files       those of                                 `CompactionManager.bin_pack`
    rewrite_manifests        target_size_mb, dry_run                  `CompactionManager`
    expire_snapshots         older_than_ms, retain_last, dry_run      `GarbageCollector`
    remove_orphan_files      older_than_ms, dry_run, allow_recent     `GarbageCollector`
    fast_forward             branch='main', to_branch                 `BranchManager`
    rollback_to_snapshot     snapshot_id                              `RollbackManager`
    rollback_to_timestamp    timestamp_ms                             `RollbackManager`
    set_current_snapshot     snapshot_id                              `RollbackManager`
    ======================== ======================================== ===========================

    Example:
        >>> procedures = StoredProcedures(demo().get_table("users"))
        >>> procedures.call("rewrite_data_files")["rewritten_files"]
        0
    """

    def __init__(self, table: Table) -> None:
        self.table = table

    def call(self, procedure_name: str, **kwargs: Any) -> Any:  # noqa: ANN401 - each its own
        """Runs a procedure; case does not matter in its name, nor a ``system.`` before it.

        Raises:
            ValidationError: an unknown name (a ValueError), or arguments that it does not take.
        """
        name = str(procedure_name).lower().removeprefix("system.")
        if name == "add_files":
            raise UnsupportedOperationError("add_files is not built yet")
        if (procedure := self._procedures().get(name)) is None:
            raise ValidationError(
                f"Unknown procedure: {procedure_name}; there are "
                f"{', '.join(sorted(self._procedures()))}"
            )
        try:
            return procedure(**kwargs)
        except TypeError as error:
            raise ValidationError(f"{name}: {error}") from error

    def _procedures(self) -> dict[str, Callable[..., Any]]:
        def fast_forward(to_branch: str, branch: str = "main") -> None:
            BranchManager(self.table).fast_forward(branch, to_branch)

        def rollback(name: str) -> Callable[..., None]:
            def move(**kwargs: Any) -> None:  # noqa: ANN401 - its one argument
                getattr(RollbackManager(self.table), name)(**kwargs)

            return move

        moves = ("rollback_to_snapshot", "rollback_to_timestamp", "set_current_snapshot")
        return {
            "rewrite_data_files": CompactionManager(self.table).bin_pack,
            "rewrite_manifests": CompactionManager(self.table).rewrite_manifests,
            "expire_snapshots": GarbageCollector(self.table).expire_snapshots,
            "remove_orphan_files": GarbageCollector(self.table).remove_orphan_files,
            "fast_forward": fast_forward,
            **{name: rollback(name) for name in moves},
        }
