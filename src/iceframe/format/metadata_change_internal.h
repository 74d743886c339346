// SPDX-License-Identifier: Apache-2.0
// One change of a table's metadata, while it is made.
#pragma once

#include <memory>
#include <optional>
#include <unordered_set>

#include "iceframe/base/result.h"
#include "iceframe/format/table_metadata.h"
#include "iceframe/format/table_metadata_builder.h"
#include "iceframe/format/table_update.h"

namespace iceframe::internal {

/// The state of one change of a table's metadata. Each operator() applies one kind of update.
class MetadataChange {
 public:
  MetadataChange(const TableMetadata& base, const ApplyOptions& options)
      : base_(base), options_(options), metadata_(std::make_shared<TableMetadata>(base)) {}

  Status operator()(const AssignUuid& update);
  Status operator()(const UpgradeFormatVersion& update);
  Status operator()(const AddSchema& update);
  Status operator()(const SetCurrentSchema& update);
  Status operator()(const AddPartitionSpec& update);
  Status operator()(const SetDefaultSpec& update);
  Status operator()(const AddSortOrder& update);
  Status operator()(const SetDefaultSortOrder& update);
  Status operator()(const AddSnapshot& update);
  Status operator()(const SetSnapshotRef& update);
  Status operator()(const RemoveSnapshots& update);
  Status operator()(const RemoveSnapshotRef& update);
  Status operator()(const SetLocation& update);
  Status operator()(const SetProperties& update);
  Status operator()(const RemoveProperties& update);
  Status operator()(const SetStatistics& update);
  Status operator()(const RemoveStatistics& update);
  Status operator()(const SetPartitionStatistics& update);
  Status operator()(const RemovePartitionStatistics& update);
  Status operator()(const RemovePartitionSpecs& update);
  Status operator()(const RemoveSchemas& update);
  Status operator()(const AddEncryptionKey& update);
  Status operator()(const RemoveEncryptionKey& update);

  Result<std::shared_ptr<const TableMetadata>> Finish();

 private:
  Status CheckRowLineage(const Snapshot& snapshot);
  void AssignFieldIds(PartitionSpec* spec) const;
  void AppendSnapshotLog(const Snapshot& snapshot);
  void CutSnapshotLog();
  void AppendMetadataLog();

  const TableMetadata& base_;
  const ApplyOptions& options_;
  std::shared_ptr<TableMetadata> metadata_;

  std::optional<SchemaId> last_added_schema_;
  std::optional<PartitionSpecId> last_added_spec_;
  std::optional<SortOrderId> last_added_order_;
  std::unordered_set<SnapshotId> added_snapshots_;
  // Snapshots added here that were main's for a moment, whatever main ends at.
  std::unordered_set<SnapshotId> added_to_main_;
  bool removed_snapshots_ = false;
  bool checks_spec_and_order_ = false;
};

}  // namespace iceframe::internal
