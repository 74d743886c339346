"""`CompactionManager`: the rows of many data files in fewer, larger or better ordered ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from iceframe import _native
from iceframe.arguments import (
    as_list,
    column_names,
    filter_argument,
    required_whole_number,
    string_properties,
    text,
    truth,
)
from iceframe.errors import CompactionError, ValidationError, shown
from iceframe.expressions import Expression, col
from iceframe.options import checked
from iceframe.progress import ProgressOption, progress_listener

if TYPE_CHECKING:
    from iceframe.table import Table

__all__ = ["CompactionManager", "CompactionOptions"]

_MIB = 1024 * 1024


class CompactionOptions(TypedDict, total=False):
    """What more a compaction can be told.

    Attributes:
        dry_run: only tell what would be done.
        retries: how often files are chosen anew after other writers took some of them away, 3.
        compression: a codec in place of the table's (``"zstd"``, ``"snappy"``, ``"gzip"``, …).
        max_commits: in how many commits at most, 1: what one brought in stays if a later one fails.
        all_files: rewrite files of a good size, and single ones, too.
        branch: the branch whose files are rewritten, main.
        snapshot_properties: extra entries of the snapshot's summary.
        progress: False, True (a bar on a terminal or in a notebook) or a callable of a `Progress`.
    """

    dry_run: bool
    retries: int
    compression: str | None
    max_commits: int
    all_files: bool
    branch: str | None
    snapshot_properties: Mapping[str, Any] | None
    progress: ProgressOption


class CompactionManager:
    """Rewrites data files and manifests of a table; its rows stay what they are.

    Each call is one commit that replaces files by others with the same rows, which readers of
    changes pass over. What other writers add meanwhile stays; a rewrite gives way to who takes its
    files away. Old files are deleted when their snapshots expire.

    Args:
        table: a table, as `IceFrame.get_table` returns it. It is refreshed by each call.

    Example:
        >>> ice = demo()
        >>> _ = ice.append_to_table("users", {"id": [3]})
        >>> done = CompactionManager(ice.get_table("users")).bin_pack()
        >>> done["strategy"], done["rewritten_rows"], done["rewritten_files"], done["added_files"]
        ('bin_pack_full', 3, 2, 1)
    """

    def __init__(self, table: Table) -> None:
        if not hasattr(table, "_native") or not hasattr(table, "refresh"):
            raise ValidationError(
                f"CompactionManager takes a table, as IceFrame.get_table returns it: {shown(table)}"
            )
        self.table = table

    def bin_pack(
        self,
        target_file_size_mb: int = 128,
        filter_expr: str | Expression | None = None,
        min_input_files: int = 1,
        partition_filter: Mapping[str, Any] | None = None,
        deduplicate: bool = False,
        max_workers: int = 1,
        **options: Unpack[CompactionOptions],
    ) -> dict[str, Any]:
        """Makes few files of many small ones, partition by partition; see `compact_data_files`.

        Args:
            target_file_size_mb: how large files should become. Those from 3/4 to 9/5 of it stay.
            filter_expr: only files that may hold matching rows are looked at; all their rows stay.
            min_input_files: partitions with fewer small files, two at least, are left as they are.
            partition_filter: as ``filter_expr``: columns and the values they are equal to.
            deduplicate: keep one of several rows that are equal in every column; the rows of a
                partition are remembered within the memory limit.
            max_workers: how many groups of files are written at once.
            options: see `CompactionOptions`.

        Returns:
            strategy (``bin_pack_full``, ``bin_pack_scoped``, ``bin_pack_partitioned`` or
            ``dry_run``), rewritten_rows, rewritten_files, rewritten_partitions,
            skipped_partitions, input_bytes (of the files that were rewritten), added_files,
            added_bytes, scoped, snapshot_id (None: nothing was done), commits, groups_given_up,
            deduplicated, removed_rows and parallel. A dry run has total_files, total_bytes,
            would_compact and message in place of the last three.

        Raises:
            CommitConflictError: other writers took away files of every group, again and again.
            UnsupportedOperationError: the table has delete files.
        """
        request: dict[str, Any] = {
            "strategy": "bin_pack",
            "min_input_files": _positive("min_input_files", min_input_files),
            "deduplicate": truth("deduplicate", deduplicate),
        }
        scope = _scope(filter_expr, partition_filter)
        request |= self._sized(target_file_size_mb, scope, max_workers)
        report = self._rewrite(request, options)
        if options.get("dry_run"):
            return _dry_run(report, scope is not None, request["target_file_size_bytes"])
        strategy = "bin_pack_scoped" if scope is not None else "bin_pack_full"
        if self.table.spec().fields:
            strategy = "bin_pack_partitioned"
        answer = _answer(report, strategy, scope is not None)
        removed = report["num_removed_rows"]
        return answer | {
            "deduplicated": deduplicate,
            "removed_rows": removed,
            "parallel": request["max_parallel_groups"] > 1,
        }

    def sort(
        self,
        sort_order: Sequence[str],
        filter_expr: str | Expression | None = None,
        target_file_size_mb: int = 128,
        descending: Sequence[bool] | None = None,
        **options: Unpack[CompactionOptions],
    ) -> dict[str, Any]:
        """Rewrites all files, or those a filter leaves, with their rows sorted by columns.

        Each partition is sorted in runs of what fits an eighth of the memory limit, 256 MiB at
        most; nulls come first in ascending order.

        Args:
            sort_order: the columns, the leading one first.
            filter_expr: only files that may hold matching rows are rewritten.
            target_file_size_mb: how large files should become.
            descending: for each column, whether its greatest values come first.
            options: see `CompactionOptions`.

        Returns:
            As `bin_pack`, with the strategy ``sort`` (without any rows ``noop``) and columns.

        Raises:
            CompactionError: no column, or one that the table has not.
        """
        columns = self._columns("sort()", sort_order)
        turns = [False] * len(columns)
        if descending is not None:
            turns = [truth("descending", turn) for turn in as_list("descending", descending)]
        if len(turns) != len(columns):
            raise CompactionError("descending needs one value for each column of sort_order")
        request: dict[str, Any] = {
            "strategy": "sort",
            "sort_by": [
                (column, "identity", turn, None)
                for column, turn in zip(columns, turns, strict=True)
            ],
        }
        return self._reorder(request, "sort", columns, filter_expr, target_file_size_mb, options)

    def z_order_optimize(
        self,
        columns: Sequence[str],
        target_file_size_mb: int = 128,
        filter_expr: str | Expression | None = None,
        **options: Unpack[CompactionOptions],
    ) -> dict[str, Any]:
        """Rewrites all files along the Z curve through columns: each file is narrow in all of them.

        Values count by their ranks, so that columns of any type and range have equal weight.

        Args:
            columns: one to sixteen top-level columns; the first one has a little more weight.
            target_file_size_mb: how large files should become.
            filter_expr: only files that may hold matching rows are rewritten.
            options: see `CompactionOptions`.

        Returns:
            As `sort`, with the strategy ``z_order``.

        Raises:
            CompactionError: no column, or one that the table has not.
        """
        names = self._columns("z_order_optimize()", columns)
        request: dict[str, Any] = {"strategy": "z_order", "z_order_columns": names}
        return self._reorder(request, "z_order", names, filter_expr, target_file_size_mb, options)

    def enable_bloom_filters(self, columns: Sequence[str], fpp: float = 0.01) -> dict[str, Any]:
        """Asks for Bloom filters of columns in all files that are written from now on.

        Args:
            columns: names, nested ones dotted.
            fpp: how often a filter may say "perhaps" of a value that is not there.

        Returns:
            status (``enabled``), columns and fpp.

        Raises:
            CompactionError: a column that the table has not, or that holds other columns.
        """
        names = self._columns("enable_bloom_filters()", columns)
        if isinstance(fpp, bool) or not isinstance(fpp, int | float) or not 0 < fpp < 1:
            raise ValidationError(f"fpp must be between 0 and 1, got {shown(fpp)}")
        schema = self.table.refresh().schema()
        for name in names:
            if not schema.find_field(name).field_type.is_primitive:
                raise CompactionError(f"a Bloom filter takes no column of columns: {name}")
        prefix = "write.parquet.bloom-filter"
        properties = {f"{prefix}-enabled.column.{name}": "true" for name in names}
        properties |= {f"{prefix}-fpp.column.{name}": repr(float(fpp)) for name in names}
        with self.table.transaction() as transaction:
            transaction.set_properties(properties)
        self.table.refresh()
        return {"status": "enabled", "columns": names, "fpp": fpp}

    def rewrite_manifests(self, target_size_mb: int = 8, dry_run: bool = False) -> dict[str, Any]:
        """Merges manifests and sorts their entries by partition, where that is worth it.

        Args:
            target_size_mb: how large manifests should become.
            dry_run: only tell how many would be rewritten.

        Returns:
            rewritten_manifests, added_manifests, original_count, snapshot_id (None: nothing was
            done) and message.
        """
        size = _positive("target_size_mb", target_size_mb) * _MIB
        report = _native.rewrite_manifests(
            self.table._session, self.table.refresh()._native, size, truth("dry_run", dry_run)
        )
        self.table.refresh()
        message = f"{report['num_rewritten']} manifests became {report['num_added']}"
        if report["snapshot_id"] is None:
            message = "nothing was rewritten"
        return {
            "rewritten_manifests": report["num_rewritten"],
            "added_manifests": report["num_added"],
            "original_count": report["num_manifests"],
            "snapshot_id": report["snapshot_id"],
            "message": message,
        }

    def _columns(self, what: str, given: Any) -> list[str]:  # noqa: ANN401 - what the user wrote
        names = column_names(given) or []
        if not names:
            raise CompactionError(f"{what} needs at least one column")
        schema = self.table.refresh().schema()
        for name in names:
            try:
                schema.find_field(name)
            except ValueError as error:
                raise CompactionError(f"column is not in the table: {name}") from error
        return names

    def _sized(
        self,
        target_file_size_mb: Any,  # noqa: ANN401 - what the user wrote
        scope: str | _native.Expression | None,
        max_workers: Any = 1,  # noqa: ANN401 - what the user wrote
    ) -> dict[str, Any]:
        size = _positive("target_file_size_mb", target_file_size_mb) * _MIB
        return {
            "target_file_size_bytes": size,
            "filter": scope,
            "max_parallel_groups": _positive("max_workers", max_workers),
        }

    def _reorder(
        self,
        request: dict[str, Any],
        strategy: str,
        columns: list[str],
        filter_expr: Any,  # noqa: ANN401 - what the user wrote
        target_file_size_mb: Any,  # noqa: ANN401 - what the user wrote
        options: CompactionOptions,
    ) -> dict[str, Any]:
        scope = _scope(filter_expr, None)
        request |= self._sized(target_file_size_mb, scope)
        report = self._rewrite(request, options)
        if options.get("dry_run"):
            return _dry_run(report, scope is not None, request["target_file_size_bytes"])
        strategy = strategy if report["num_rewritten_files"] else "noop"
        return _answer(report, strategy, scope is not None) | {"columns": columns}

    def _rewrite(self, request: dict[str, Any], options: CompactionOptions) -> dict[str, Any]:
        given = checked(CompactionOptions, options)
        request["dry_run"] = given.get("dry_run", False)
        request["num_retries"] = given.get("retries", 3)
        request["compression"] = text("compression", given.get("compression"))
        request["max_commits"] = given.get("max_commits", 1)
        request["all_files"] = given.get("all_files", False)
        request["branch"] = given.get("branch") or "main"
        request["summary"] = string_properties(
            "snapshot_properties", given.get("snapshot_properties")
        )
        if request["num_retries"] < 0:
            raise ValidationError(f"retries must not be negative: {request['num_retries']}")
        with progress_listener(given.get("progress", False)) as progress:
            report = _native.rewrite_data_files(
                self.table._session, self.table.refresh()._native, request, progress=progress
            )
        self.table.refresh()
        return report


def _positive(name: str, given: Any) -> int:  # noqa: ANN401 - what the user wrote
    if (number := required_whole_number(name, given)) < 1:
        raise ValidationError(f"{name} must be at least 1, got {number}")
    return number


def _scope(
    filter_expr: Any,  # noqa: ANN401 - what the user wrote
    partition_filter: Mapping[str, Any] | None,
) -> str | _native.Expression | None:
    if partition_filter is None:
        return filter_argument("filter_expr", filter_expr)
    if not isinstance(partition_filter, Mapping):
        raise ValidationError(f"partition_filter must be a dict, got {shown(partition_filter)}")
    scope: Expression | None = None
    for name, value in partition_filter.items():
        condition = col(name).is_null() if value is None else col(name) == value
        scope = condition if scope is None else scope & condition
    if scope is None:
        return filter_argument("filter_expr", filter_expr)
    if filter_expr is None:
        return filter_argument("partition_filter", scope)
    if not isinstance(filter_expr, Expression):
        raise ValidationError(
            "beside partition_filter, filter_expr must be an expression, not text"
        )
    return filter_argument("filter_expr", filter_expr & scope)


def _answer(report: dict[str, Any], strategy: str, scoped: bool) -> dict[str, Any]:
    return {
        "strategy": strategy,
        "rewritten_rows": report["num_rewritten_rows"],
        "rewritten_files": report["num_rewritten_files"],
        "rewritten_partitions": report["num_rewritten_partitions"],
        "skipped_partitions": report["num_partitions"] - report["num_rewritten_partitions"],
        "input_bytes": report["num_rewritten_bytes"],
        "added_files": report["num_added_files"],
        "added_bytes": report["num_added_bytes"],
        "scoped": scoped,
        "snapshot_id": report["snapshot_id"],
        "commits": report["num_commits"],
        "groups_given_up": report["num_groups_given_up"],
    }


def _dry_run(report: dict[str, Any], scoped: bool, target: int) -> dict[str, Any]:
    would = report["num_rewritten_files"] > 0
    return _answer(report, "dry_run", scoped) | {
        "total_files": report["num_files"],
        "total_bytes": report["num_bytes"],
        "estimated_partitions": report["num_partitions"],
        "target_file_size_bytes": target,
        "would_compact": would,
        "message": "Dry run: nothing was changed.",
    }
