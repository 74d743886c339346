"""A table's metadata file as objects, with PyIceberg's names."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from iceframe import _native
from iceframe.arguments import required_whole_number
from iceframe.errors import ValidationError, shown
from iceframe.table_schema import (
    PartitionSpec,
    Schema,
    SortOrder,
    partition_spec_of,
    sort_order_of,
)

__all__ = [
    "MetadataLogEntry",
    "Snapshot",
    "SnapshotLogEntry",
    "SnapshotRef",
    "Summary",
    "TableMetadata",
]


class Summary(dict[str, str]):
    """What a snapshot says of itself: ``summary["added-records"]``."""

    @property
    def operation(self) -> str | None:
        """append, overwrite, delete or replace; None where an old writer left it out."""
        return self.get("operation")

    @property
    def additional_properties(self) -> dict[str, str]:
        """All entries but the operation."""
        return {key: value for key, value in self.items() if key != "operation"}


@dataclass(frozen=True)
class Snapshot:
    """A state of a table."""

    snapshot_id: int
    parent_snapshot_id: int | None
    sequence_number: int
    timestamp_ms: int
    manifest_list: str | None
    summary: Summary = field(hash=False)
    schema_id: int | None

    def manifests(self, io: _native.TableIO) -> list[_native.ManifestFile]:
        """Reads the manifest list; ``io`` is the table's."""
        if not isinstance(io, _native.TableIO):
            raise ValidationError(f"io is not the io of a table: {shown(io)}")
        return io.manifests(self.snapshot_id)


@dataclass(frozen=True)
class SnapshotLogEntry:
    """When a snapshot became the current one."""

    snapshot_id: int
    timestamp_ms: int


@dataclass(frozen=True)
class MetadataLogEntry:
    """An earlier metadata file."""

    metadata_file: str
    timestamp_ms: int


@dataclass(frozen=True)
class SnapshotRef:
    """A branch or tag."""

    snapshot_id: int
    snapshot_ref_type: str
    min_snapshots_to_keep: int | None = None
    max_snapshot_age_ms: int | None = None
    max_ref_age_ms: int | None = None


class TableMetadata:
    """The content of a table's metadata file."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        self._content = content
        self.format_version: int = content["format-version"]
        self.location: str = content["location"]
        self.last_updated_ms: int = content["last-updated-ms"]
        self.last_column_id: int = content["last-column-id"]
        self.last_sequence_number: int = content.get("last-sequence-number", 0)
        self.current_schema_id: int = content.get("current-schema-id", 0)
        self.default_spec_id: int = content.get("default-spec-id", 0)
        self.last_partition_id: int | None = content.get("last-partition-id")
        self.default_sort_order_id: int = content.get("default-sort-order-id", 0)
        self.properties: dict[str, str] = dict(content.get("properties", {}))
        current = content.get("current-snapshot-id")
        self.current_snapshot_id: int | None = None if current == -1 else current
        self.next_row_id: int | None = content.get("next-row-id")

    @property
    def table_uuid(self) -> uuid.UUID:
        """The table's identity, which no other table ever has."""
        return uuid.UUID(self._content["table-uuid"])

    @cached_property
    def schemas(self) -> list[Schema]:
        """All schemas that the table ever had."""
        return [Schema(schema) for schema in self._content["schemas"]]

    @cached_property
    def partition_specs(self) -> list[PartitionSpec]:
        """All partition specs that the table ever had."""
        return [partition_spec_of(spec) for spec in self._content["partition-specs"]]

    @cached_property
    def sort_orders(self) -> list[SortOrder]:
        """All sort orders that the table ever had."""
        return [sort_order_of(order) for order in self._content.get("sort-orders", ())]

    @cached_property
    def snapshots(self) -> list[Snapshot]:
        """The snapshots that are kept, oldest first."""
        return [_snapshot_of(snapshot) for snapshot in self._content.get("snapshots", ())]

    @property
    def snapshot_log(self) -> list[SnapshotLogEntry]:
        """Which snapshot was the current one when."""
        return [
            SnapshotLogEntry(entry["snapshot-id"], entry["timestamp-ms"])
            for entry in self._content.get("snapshot-log", ())
        ]

    @property
    def metadata_log(self) -> list[MetadataLogEntry]:
        """The metadata files before this one, as far as they are kept."""
        return [
            MetadataLogEntry(entry["metadata-file"], entry["timestamp-ms"])
            for entry in self._content.get("metadata-log", ())
        ]

    @property
    def refs(self) -> dict[str, SnapshotRef]:
        """Branches and tags by name."""
        return {
            name: SnapshotRef(
                ref["snapshot-id"],
                ref["type"],
                ref.get("min-snapshots-to-keep"),
                ref.get("max-snapshot-age-ms"),
                ref.get("max-ref-age-ms"),
            )
            for name, ref in self._content.get("refs", {}).items()
        }

    def schema(self) -> Schema:
        """Returns the current schema."""
        return self.schema_by_id(self.current_schema_id) or self.schemas[-1]

    def schema_by_id(self, schema_id: int) -> Schema | None:
        """Returns a schema, None if there is no such one."""
        wanted = required_whole_number("schema_id", schema_id)
        return next((s for s in self.schemas if s.schema_id == wanted), None)

    def spec(self) -> PartitionSpec:
        """Returns the partition spec of new files."""
        specs = {spec.spec_id: spec for spec in self.partition_specs}
        return specs.get(self.default_spec_id, PartitionSpec(0, ()))

    def sort_order(self) -> SortOrder:
        """Returns the sort order of new files."""
        orders = {order.order_id: order for order in self.sort_orders}
        return orders.get(self.default_sort_order_id, SortOrder(0, ()))

    def snapshot_by_id(self, snapshot_id: int) -> Snapshot | None:
        """Returns a snapshot, None if there is no such one."""
        wanted = required_whole_number("snapshot_id", snapshot_id)
        return next((s for s in self.snapshots if s.snapshot_id == wanted), None)

    def to_dict(self) -> dict[str, Any]:
        """Returns the metadata file's content, under the spec's names."""
        return dict(self._content)

    def __repr__(self) -> str:
        return (
            f"TableMetadata(location={self.location!r}, format_version={self.format_version}, "
            f"snapshots={len(self.snapshots)}, current_snapshot_id={self.current_snapshot_id})"
        )


def _snapshot_of(content: Mapping[str, Any]) -> Snapshot:
    return Snapshot(
        snapshot_id=content["snapshot-id"],
        parent_snapshot_id=content.get("parent-snapshot-id"),
        sequence_number=content.get("sequence-number", 0),
        timestamp_ms=content["timestamp-ms"],
        manifest_list=content.get("manifest-list"),
        summary=Summary(content.get("summary", {})),
        schema_id=content.get("schema-id"),
    )
