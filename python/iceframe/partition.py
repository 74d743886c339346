"""`PartitionManager`: changing how a table's new files are partitioned."""

from __future__ import annotations

from typing import Any, Self

from iceframe import _native
from iceframe.arguments import required_text, text, whole_number
from iceframe.errors import ValidationError
from iceframe.pending_changes import PendingChanges

__all__ = ["PartitionChanges", "PartitionManager", "UpdateSpec"]

_WITH_ARGUMENT = {"bucket": "the number of buckets", "truncate": "the width"}


class PartitionChanges(PendingChanges[_native.PartitionSpecChange]):
    """What all ways to change a partition spec have in common; files that are there stay."""

    def _add_field(self, column: Any, transform: str, name: str | None = None) -> Self:  # noqa: ANN401
        return self._add(
            _native.PartitionSpecChange.add_field(
                required_text("a partition's column", column), transform, text("name", name) or ""
            )
        )

    def _remove_field(self, name: Any) -> Self:  # noqa: ANN401 - what the user wrote
        return self._add(
            _native.PartitionSpecChange.remove_field(required_text("a partition field", name))
        )

    def _check(
        self, transaction: _native.Transaction, changes: list[_native.PartitionSpecChange]
    ) -> None:
        transaction.check_spec(changes)

    def _apply(
        self, transaction: _native.Transaction, changes: list[_native.PartitionSpecChange]
    ) -> None:
        transaction.update_spec(changes)


class PartitionManager(PartitionChanges):
    """Adds and drops partition fields.

    Each call is one commit; within ``with`` all of them are. New files are partitioned by the new
    spec; files that are there stay as they are, and are still skipped by what they were partitioned
    by.

    Args:
        table: a table, as `IceFrame.get_table` returns it, or a `Transaction`.

    Example:
        >>> ice = demo()
        >>> _ = ice.partition_by("users").add_partition_field("id", "bucket", 4)
        >>> ice.get_table("users").partition_texts()
        ['bucket[4](id)']
    """

    def add_partition_field(
        self,
        source_col: str,
        transform: str = "identity",
        transform_arg: int | None = None,
        name: str | None = None,
    ) -> Self:
        """Adds a field.

        Args:
            source_col: the column, a nested one by its dotted name.
            transform: identity, bucket, truncate, year, month, day, hour or void.
            transform_arg: the number of buckets, or the width of truncate; ``"bucket[16]"`` as the
                transform does without.
            name: the field's name; None: as other engines name it.

        Raises:
            ValidationError: the column or transform is unknown or they don't fit, the table is
                partitioned so already, or the name is taken.
        """
        return self._add_field(source_col, transform_text(transform, transform_arg), name)

    def drop_partition_field(self, name: str) -> Self:
        """Drops a field, by its name, or by a column that one field alone is made of.

        In a table of format version 1 the field stays with the transform void.
        """
        return self._remove_field(name)

    def rename_partition_field(self, name: str, new_name: str) -> Self:
        """Gives a field another name."""
        return self._add(
            _native.PartitionSpecChange.rename_field(
                required_text("name", name), required_text("new_name", new_name)
            )
        )


class UpdateSpec(PartitionChanges):
    """Changes of a partition spec with PyIceberg's names, gathered until `commit`."""

    def add_field(
        self,
        source_column_name: str,
        transform: Any = "identity",  # noqa: ANN401 - a text, or PyIceberg's
        partition_field_name: str | None = None,
    ) -> Self:
        """Adds a field; the transform as text, as ``"bucket[16]"``, or one of PyIceberg's."""
        return self._add_field(
            source_column_name, transform_text(str(transform), None), partition_field_name
        )

    def add_identity(self, source_column_name: str) -> Self:
        """Adds a field of the column itself."""
        return self._add_field(source_column_name, "identity")

    def remove_field(self, name: str) -> Self:
        """Drops a field."""
        return self._remove_field(name)

    def rename_field(self, name: str, new_name: str) -> Self:
        """Gives a field another name."""
        return self._add(
            _native.PartitionSpecChange.rename_field(
                required_text("name", name), required_text("new_name", new_name)
            )
        )


def transform_text(transform: Any, argument: Any) -> str:  # noqa: ANN401 - what the user wrote
    """Returns a transform as the metadata writes it: "bucket[16]".

    Raises:
        ValidationError: the argument is missing, or there is one too many.
    """
    name = required_text("transform", transform).strip().lower()
    number = whole_number("transform_arg", argument)
    if name in _WITH_ARGUMENT:
        if number is None:
            raise ValidationError(f"transform {name} needs {_WITH_ARGUMENT[name]}: {name}[16]")
        return f"{name}[{number}]"
    if number is not None:
        raise ValidationError(f"transform takes no argument: {name}, {number}")
    return name
