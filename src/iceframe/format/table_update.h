// SPDX-License-Identifier: Apache-2.0
// Changes to a table's metadata, as the REST spec names them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "iceframe/base/properties.h"
#include "iceframe/format/table_metadata.h"

namespace iceframe {

/// The id that means "the one added last in this list of updates".
inline constexpr int32_t kLastAdded = -1;

struct AssignUuid {
  std::string uuid;
};
struct UpgradeFormatVersion {
  int32_t format_version = 2;
};
struct AddSchema {
  std::shared_ptr<const Schema> schema;
  /// The greatest field id ever used, this schema's included.
  FieldId last_column_id = 0;
};
struct SetCurrentSchema {
  SchemaId schema_id{kLastAdded};
};
struct AddPartitionSpec {
  PartitionSpec spec;
};
struct SetDefaultSpec {
  PartitionSpecId spec_id{kLastAdded};
};
struct AddSortOrder {
  SortOrder sort_order;
};
struct SetDefaultSortOrder {
  SortOrderId sort_order_id{kLastAdded};
};
struct AddSnapshot {
  Snapshot snapshot;
};
struct SetSnapshotRef {
  std::string ref_name;
  SnapshotRef ref;
};
struct RemoveSnapshots {
  std::vector<SnapshotId> snapshot_ids;
};
struct RemoveSnapshotRef {
  std::string ref_name;
};
struct SetLocation {
  std::string location;
};
struct SetProperties {
  Properties updates;
};
struct RemoveProperties {
  std::vector<std::string> removals;
};
struct SetStatistics {
  StatisticsFile statistics;
};
struct RemoveStatistics {
  SnapshotId snapshot_id;
};
struct SetPartitionStatistics {
  PartitionStatisticsFile partition_statistics;
};
struct RemovePartitionStatistics {
  SnapshotId snapshot_id;
};
struct RemovePartitionSpecs {
  std::vector<PartitionSpecId> spec_ids;
};
struct RemoveSchemas {
  std::vector<SchemaId> schema_ids;
};
struct AddEncryptionKey {
  EncryptedKey key;
};
struct RemoveEncryptionKey {
  std::string key_id;
};

using TableUpdate =
    std::variant<AssignUuid, UpgradeFormatVersion, AddSchema, SetCurrentSchema, AddPartitionSpec,
                 SetDefaultSpec, AddSortOrder, SetDefaultSortOrder, AddSnapshot, SetSnapshotRef,
                 RemoveSnapshots, RemoveSnapshotRef, SetLocation, SetProperties, RemoveProperties,
                 SetStatistics, RemoveStatistics, SetPartitionStatistics, RemovePartitionStatistics,
                 RemovePartitionSpecs, RemoveSchemas, AddEncryptionKey, RemoveEncryptionKey>;

Json TableUpdateToJson(const TableUpdate& update);
Result<TableUpdate> TableUpdateFromJson(const Json& json);

}  // namespace iceframe
