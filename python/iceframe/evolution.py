"""`PartitionEvolution`: a method for each way to partition by a column."""

from __future__ import annotations

from typing import Self

from iceframe.partition import PartitionChanges, transform_text

__all__ = ["PartitionEvolution"]


class PartitionEvolution(PartitionChanges):
    """Changes of a table's partition spec, each a commit; within ``with`` all of them are one.

    Args:
        table: a table, as `IceFrame.get_table` returns it, or a `Transaction`.

    Example:
        >>> ice = demo()
        >>> with ice.evolve_partition("users") as change:
        ...     _ = change.add_bucket_partition("id", 8).add_truncate_partition("name", 2)
        >>> ice.get_table("users").partition_texts()
        ['bucket[8](id)', 'truncate[2](name)']
    """

    def add_identity_partition(self, source_column: str) -> Self:
        """Partitions by a column's values."""
        return self._add_field(source_column, "identity")

    def add_bucket_partition(self, source_column: str, num_buckets: int) -> Self:
        """Partitions by the hash of a column's values."""
        return self._add_field(source_column, transform_text("bucket", num_buckets))

    def add_truncate_partition(self, source_column: str, width: int) -> Self:
        """Partitions by the start of texts, or by ranges of numbers."""
        return self._add_field(source_column, transform_text("truncate", width))

    def add_year_partition(self, source_column: str) -> Self:
        """Partitions by the year of a date or timestamp."""
        return self._add_field(source_column, "year")

    def add_month_partition(self, source_column: str) -> Self:
        """Partitions by the month of a date or timestamp."""
        return self._add_field(source_column, "month")

    def add_day_partition(self, source_column: str) -> Self:
        """Partitions by the day of a date or timestamp."""
        return self._add_field(source_column, "day")

    def add_hour_partition(self, source_column: str) -> Self:
        """Partitions by the hour of a timestamp."""
        return self._add_field(source_column, "hour")

    def remove_partition(self, source_column: str) -> Self:
        """Drops a field, by its name, or by a column that one field alone is made of."""
        return self._remove_field(source_column)
