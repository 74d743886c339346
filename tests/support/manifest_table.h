// SPDX-License-Identifier: Apache-2.0
// A table made of metadata alone: manifests and their list are real, data files are names.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "iceframe/format/columnar_manifest.h"
#include "iceframe/format/manifest_list_avro.h"
#include "iceframe/format/table_metadata.h"
#include "iceframe/io/file_io.h"
#include "iceframe/runtime/operation_context.h"

namespace iceframe {

/// Builds one snapshot: AddManifest as often as needed, then Finish.
class ManifestTable {
 public:
  ManifestTable(std::shared_ptr<FileIO> io, std::string location,
                std::shared_ptr<const Schema> schema, std::vector<PartitionSpec> specs)
      : io_(std::move(io)) {
    metadata_.table_uuid = "7f1c3a52-0d3b-4c7e-9a55-3d6a5f1c9e21";
    metadata_.location = std::move(location);
    metadata_.last_column_id = schema->highest_field_id();
    metadata_.current_schema_id = schema->schema_id();
    metadata_.schemas = {std::move(schema)};
    metadata_.default_spec_id = specs.back().spec_id;
    for (const PartitionSpec& spec : specs) {
      for (const PartitionField& field : spec.fields) {
        metadata_.last_partition_id = std::max(metadata_.last_partition_id, field.field_id);
      }
    }
    metadata_.partition_specs = std::move(specs);
    metadata_.sort_orders = {SortOrder()};
  }

  /// Writes a manifest that was committed under `sequence_number`; its entries inherit it.
  Status AddManifest(PartitionSpecId spec_id, int64_t sequence_number,
                     const std::vector<ManifestEntry>& entries,
                     ManifestContent content = ManifestContent::kData) {
    ManifestHeader header;
    header.content = content;
    header.schema = metadata_.current_schema();
    header.spec = *metadata_.FindPartitionSpec(spec_id);
    ICEFRAME_ASSIGN_OR_RETURN(auto writer, ManifestAvroWriter::Make(std::move(header)));
    for (const ManifestEntry& entry : entries) ICEFRAME_RETURN_NOT_OK(writer->Add(entry));
    ManifestFile file;
    ICEFRAME_ASSIGN_OR_RETURN(const std::string bytes, writer->Finish(&file));
    file.manifest_path =
        metadata_.location + "/metadata/m" + std::to_string(files_.size()) + ".avro";
    file.manifest_length = static_cast<int64_t>(bytes.size());
    file.partition_spec_id = spec_id;
    file.content = content;
    file.sequence_number = SequenceNumber(sequence_number);
    if (file.min_sequence_number.value() <= 0) file.min_sequence_number = file.sequence_number;
    file.added_snapshot_id = SnapshotId(1);
    ICEFRAME_RETURN_NOT_OK(io_->WriteAll(OperationContext(), file.manifest_path, bytes));
    files_.push_back(std::move(file));
    return Status::OK();
  }

  /// A snapshot from before the one that Finish makes; nothing of it but its id and place.
  void AddOldSnapshot(SnapshotId id) {
    Snapshot snapshot;
    snapshot.snapshot_id = id;
    metadata_.snapshots.push_back(std::make_shared<const LazySnapshot>(std::move(snapshot)));
  }

  /// Manifests as they will be listed; may be changed before Finish.
  std::vector<ManifestFile>& manifests() { return files_; }

  /// `list_version`: 1 allows for counts that are unknown.
  Result<std::shared_ptr<const TableMetadata>> Finish(int32_t list_version = 2) {
    Snapshot snapshot;
    snapshot.snapshot_id = SnapshotId(1);
    snapshot.sequence_number = SequenceNumber(1000);
    snapshot.timestamp_ms = 1700000000000;
    snapshot.manifest_list = metadata_.location + "/metadata/snap-1.avro";
    snapshot.summary["operation"] = "append";
    snapshot.schema_id = metadata_.current_schema_id;
    ManifestListHeader header;
    header.format_version = list_version;
    header.snapshot_id = snapshot.snapshot_id;
    header.sequence_number = snapshot.sequence_number;
    ICEFRAME_ASSIGN_OR_RETURN(const std::string bytes, ManifestListToAvro(header, files_));
    ICEFRAME_RETURN_NOT_OK(io_->WriteAll(OperationContext(), snapshot.manifest_list, bytes));
    metadata_.last_sequence_number = snapshot.sequence_number;
    metadata_.last_updated_ms = snapshot.timestamp_ms;
    metadata_.current_snapshot_id = snapshot.snapshot_id;
    metadata_.refs[kMainBranch].snapshot_id = snapshot.snapshot_id;
    metadata_.snapshot_log.push_back({snapshot.timestamp_ms, snapshot.snapshot_id});
    metadata_.snapshots.push_back(std::make_shared<const LazySnapshot>(std::move(snapshot)));
    return std::make_shared<const TableMetadata>(metadata_);
  }

 private:
  std::shared_ptr<FileIO> io_;
  TableMetadata metadata_;
  std::vector<ManifestFile> files_;
};

}  // namespace iceframe
