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

const Snapshot* TableMetadata::FindSnapshot(SnapshotId id) const {
  // From the end: nearly all look-ups are for one of the newest.
  auto found = std::find_if(snapshots.rbegin(), snapshots.rend(),
                            [&](const Snapshot& snapshot) { return snapshot.snapshot_id == id; });
  return found == snapshots.rend() ? nullptr : &*found;
}

const Snapshot* TableMetadata::current_snapshot() const {
  return current_snapshot_id ? FindSnapshot(*current_snapshot_id) : nullptr;
}

std::shared_ptr<const Schema> TableMetadata::SchemaOf(const Snapshot& snapshot) const {
  if (snapshot.schema_id) {
    if (auto schema = FindSchema(*snapshot.schema_id)) return schema;
  }
  return current_schema();
}

bool TableMetadata::operator==(const TableMetadata& other) const {
  return format_version == other.format_version && table_uuid == other.table_uuid &&
         location == other.location && last_sequence_number == other.last_sequence_number &&
         last_updated_ms == other.last_updated_ms && last_column_id == other.last_column_id &&
         std::equal(schemas.begin(), schemas.end(), other.schemas.begin(), other.schemas.end(),
                    SameSchema) &&
         current_schema_id == other.current_schema_id && partition_specs == other.partition_specs &&
         default_spec_id == other.default_spec_id && last_partition_id == other.last_partition_id &&
         sort_orders == other.sort_orders && default_sort_order_id == other.default_sort_order_id &&
         properties == other.properties && current_snapshot_id == other.current_snapshot_id &&
         snapshots == other.snapshots && refs == other.refs && snapshot_log == other.snapshot_log &&
         metadata_log == other.metadata_log && statistics == other.statistics &&
         partition_statistics == other.partition_statistics && next_row_id == other.next_row_id &&
         encryption_keys == other.encryption_keys && unknown_fields == other.unknown_fields;
}

Result<const Snapshot*> SnapshotAsOf(const TableMetadata& metadata, int64_t timestamp_ms) {
  // Clocks of writers differ, so the log need not be sorted: the last fitting entry counts.
  for (auto entry = metadata.snapshot_log.rbegin(); entry != metadata.snapshot_log.rend();
       ++entry) {
    if (entry->timestamp_ms > timestamp_ms) continue;
    const Snapshot* snapshot = metadata.FindSnapshot(entry->snapshot_id);
    if (snapshot != nullptr) return snapshot;
    return Error(ErrorKind::kNotFound,
                 "snapshot as of a time is not in the table any more: ", entry->snapshot_id, " at ",
                 timestamp_ms, " ms");
  }
  return Error(ErrorKind::kNotFound, "table has no snapshot as of: ", timestamp_ms, " ms");
}

}  // namespace iceframe
