// SPDX-License-Identifier: Apache-2.0
// A table's metadata file as a plain value. Spec: "Table Metadata Fields".
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "iceframe/base/json.h"
#include "iceframe/base/properties.h"
#include "iceframe/base/result.h"
#include "iceframe/base/strong_id.h"
#include "iceframe/format/lazy_snapshot.h"
#include "iceframe/format/partition_spec.h"
#include "iceframe/format/snapshot.h"
#include "iceframe/format/sort_order.h"
#include "iceframe/format/statistics_file.h"
#include "iceframe/types/schema.h"

namespace iceframe {

/// Loaded metadata is shared as `shared_ptr<const TableMetadata>` and never changed; a change is
/// a list of TableUpdates applied to a base (table_metadata_builder.h).
struct TableMetadata {
  int32_t format_version = 2;
  std::string table_uuid;
  std::string location;
  SequenceNumber last_sequence_number;
  int64_t last_updated_ms = 0;
  FieldId last_column_id = 0;
  std::vector<std::shared_ptr<const Schema>> schemas;
  SchemaId current_schema_id;
  std::vector<PartitionSpec> partition_specs;
  PartitionSpecId default_spec_id;
  FieldId last_partition_id = kFirstPartitionFieldId - 1;
  std::vector<SortOrder> sort_orders;
  SortOrderId default_sort_order_id;
  Properties properties;
  std::optional<SnapshotId> current_snapshot_id;
  /// In the file's order. Never nullptr.
  std::vector<std::shared_ptr<const LazySnapshot>> snapshots;
  std::map<std::string, SnapshotRef> refs;
  std::vector<SnapshotLogEntry> snapshot_log;
  std::vector<MetadataLogEntry> metadata_log;
  std::vector<StatisticsFile> statistics;
  std::vector<PartitionStatisticsFile> partition_statistics;
  /// v3 row lineage.
  int64_t next_row_id = 0;
  std::vector<EncryptedKey> encryption_keys;
  /// Members that this version does not know, written back as they were.
  std::vector<Json::Member> unknown_fields;

  /// Each by id; nullptr if absent.
  std::shared_ptr<const Schema> FindSchema(SchemaId id) const;
  const PartitionSpec* FindPartitionSpec(PartitionSpecId id) const;
  const SortOrder* FindSortOrder(SortOrderId id) const;
  /// Errors: InvalidMetadata if the snapshot is there but damaged.
  Result<const Snapshot*> FindSnapshot(SnapshotId id) const;
  bool HasSnapshot(SnapshotId id) const;

  /// The current ones; checked when metadata is parsed or built, so never nullptr then.
  std::shared_ptr<const Schema> current_schema() const { return FindSchema(current_schema_id); }
  const PartitionSpec* default_spec() const { return FindPartitionSpec(default_spec_id); }
  const SortOrder* default_sort_order() const { return FindSortOrder(default_sort_order_id); }
  /// nullptr for a table without a snapshot.
  const Snapshot* current_snapshot() const;
  /// The schema to read a snapshot with: its own where given and known, else the current one.
  std::shared_ptr<const Schema> SchemaOf(const Snapshot& snapshot) const;

  /// By content: schemas by their columns and ids.
  bool operator==(const TableMetadata& other) const;
};

/// Returns the last snapshot made current at or before `timestamp_ms` by the snapshot log;
/// NotFound naming the time if there is none.
Result<const Snapshot*> SnapshotAsOf(const TableMetadata& metadata, int64_t timestamp_ms);

}  // namespace iceframe
