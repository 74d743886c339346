// SPDX-License-Identifier: Apache-2.0
#include "iceframe/format/table_metadata.h"

#include <algorithm>

namespace iceframe {

namespace {

bool SameSchema(const std::shared_ptr<const Schema>& left,
                const std::shared_ptr<const Schema>& right) {
  if (left == right) return true;
  if (left == nullptr || right == nullptr) return false;
  return left->schema_id() == right->schema_id() && left->SameColumns(*right);
}

/// Whether rows are described alike: by schemas, partition specs and sort orders.
bool SameLayout(const TableMetadata& left, const TableMetadata& right) {
  return std::equal(left.schemas.begin(), left.schemas.end(), right.schemas.begin(),
                    right.schemas.end(), SameSchema) &&
         left.current_schema_id == right.current_schema_id &&
         left.last_column_id == right.last_column_id &&
         left.partition_specs == right.partition_specs &&
         left.default_spec_id == right.default_spec_id &&
         left.last_partition_id == right.last_partition_id &&
         left.sort_orders == right.sort_orders &&
         left.default_sort_order_id == right.default_sort_order_id;
}

bool SameSnapshots(const TableMetadata& left, const TableMetadata& right) {
  return std::equal(left.snapshots.begin(), left.snapshots.end(), right.snapshots.begin(),
                    right.snapshots.end(),
                    [](const auto& one, const auto& other) { return *one == *other; });
}

bool SameHistory(const TableMetadata& left, const TableMetadata& right) {
  return left.last_sequence_number == right.last_sequence_number &&
         left.next_row_id == right.next_row_id &&
         left.current_snapshot_id == right.current_snapshot_id && SameSnapshots(left, right) &&
         left.refs == right.refs && left.snapshot_log == right.snapshot_log &&
         left.metadata_log == right.metadata_log && left.statistics == right.statistics &&
         left.partition_statistics == right.partition_statistics;
}

const LazySnapshot* FindLazySnapshot(const TableMetadata& metadata, SnapshotId id) {
  // From the end: nearly all look-ups are for one of the newest.
  const auto& snapshots = metadata.snapshots;
  auto found = std::find_if(snapshots.rbegin(), snapshots.rend(),
                            [&](const auto& snapshot) { return snapshot->snapshot_id() == id; });
  return found == snapshots.rend() ? nullptr : found->get();
}

}  // namespace

std::shared_ptr<const Schema> TableMetadata::FindSchema(SchemaId id) const {
  for (const auto& schema : schemas) {
    if (schema->schema_id() == id) return schema;
  }
  return nullptr;
}

const PartitionSpec* TableMetadata::FindPartitionSpec(PartitionSpecId id) const {
  auto found = std::find_if(partition_specs.begin(), partition_specs.end(),
                            [&](const PartitionSpec& spec) { return spec.spec_id == id; });
  return found == partition_specs.end() ? nullptr : &*found;
}

const SortOrder* TableMetadata::FindSortOrder(SortOrderId id) const {
  auto found = std::find_if(sort_orders.begin(), sort_orders.end(),
                            [&](const SortOrder& order) { return order.order_id == id; });
  return found == sort_orders.end() ? nullptr : &*found;
}

Result<const Snapshot*> TableMetadata::FindSnapshot(SnapshotId id) const {
  const LazySnapshot* snapshot = FindLazySnapshot(*this, id);
  if (snapshot == nullptr) return nullptr;
  return snapshot->Get();
}

bool TableMetadata::HasSnapshot(SnapshotId id) const {
  return FindLazySnapshot(*this, id) != nullptr;
}

const Snapshot* TableMetadata::current_snapshot() const {
  if (!current_snapshot_id) return nullptr;
  return FindSnapshot(*current_snapshot_id).ValueOr(nullptr);
}

std::shared_ptr<const Schema> TableMetadata::SchemaOf(const Snapshot& snapshot) const {
  if (snapshot.schema_id) {
    if (auto schema = FindSchema(*snapshot.schema_id)) return schema;
  }
  return current_schema();
}

bool TableMetadata::operator==(const TableMetadata& other) const {
  return SameLayout(*this, other) && SameHistory(*this, other) &&
         format_version == other.format_version && table_uuid == other.table_uuid &&
         location == other.location && last_updated_ms == other.last_updated_ms &&
         properties == other.properties && encryption_keys == other.encryption_keys &&
         unknown_fields == other.unknown_fields;
}

Result<const Snapshot*> SnapshotAsOf(const TableMetadata& metadata, int64_t timestamp_ms) {
  // Clocks of writers differ, so the log need not be sorted: the last fitting entry counts.
  for (auto entry = metadata.snapshot_log.rbegin(); entry != metadata.snapshot_log.rend();
       ++entry) {
    if (entry->timestamp_ms > timestamp_ms) continue;
    ICEFRAME_ASSIGN_OR_RETURN(const Snapshot* snapshot, metadata.FindSnapshot(entry->snapshot_id));
    if (snapshot != nullptr) return snapshot;
    return Error(ErrorKind::kNotFound,
                 "snapshot as of a time is not in the table any more: ", entry->snapshot_id, " at ",
                 timestamp_ms, " ms");
  }
  return Error(ErrorKind::kNotFound, "table has no snapshot as of: ", timestamp_ms, " ms");
}

}  // namespace iceframe
