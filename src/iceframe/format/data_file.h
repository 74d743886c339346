// SPDX-License-Identifier: Apache-2.0
// One data or delete file and its entry in a manifest. Spec: "Manifests".
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/base/strong_id.h"
#include "iceframe/types/value.h"

namespace iceframe {

enum class FileContent : uint8_t { kData = 0, kPositionDeletes = 1, kEqualityDeletes = 2 };
enum class FileFormat : uint8_t { kParquet, kAvro, kOrc, kPuffin };
enum class EntryStatus : uint8_t { kExisting = 0, kAdded = 1, kDeleted = 2 };

/// A file that a manifest names, with everything known of it. A plain value.
struct DataFile {
  FileContent content = FileContent::kData;
  std::string file_path;
  FileFormat file_format = FileFormat::kParquet;
  PartitionSpecId spec_id;
  /// A value per field of the spec, in order.
  std::vector<Value> partition;
  int64_t record_count = 0;
  int64_t file_size_in_bytes = 0;
  std::map<FieldId, int64_t> column_sizes;
  std::map<FieldId, int64_t> value_counts;
  std::map<FieldId, int64_t> null_value_counts;
  std::map<FieldId, int64_t> nan_value_counts;
  /// Single-value bytes (Appendix D).
  std::map<FieldId, std::string> lower_bounds;
  std::map<FieldId, std::string> upper_bounds;
  std::optional<std::string> key_metadata;
  /// Row group offsets, ascending.
  std::vector<int64_t> split_offsets;
  /// Equality deletes only.
  std::vector<FieldId> equality_ids;
  std::optional<SortOrderId> sort_order_id;
  /// v3.
  std::optional<int64_t> first_row_id;
  std::optional<std::string> referenced_data_file;
  std::optional<int64_t> content_offset;
  std::optional<int64_t> content_size_in_bytes;

  bool operator==(const DataFile&) const = default;
};

/// A manifest entry; absent ids are inherited from the manifest (Spec: "Sequence Number
/// Inheritance").
struct ManifestEntry {
  EntryStatus status = EntryStatus::kAdded;
  std::optional<SnapshotId> snapshot_id;
  std::optional<SequenceNumber> data_sequence_number;
  std::optional<SequenceNumber> file_sequence_number;
  DataFile data_file;

  bool operator==(const ManifestEntry&) const = default;
};

std::string_view ToString(FileContent content);
/// "PARQUET", "AVRO", "ORC" or "PUFFIN".
std::string_view ToString(FileFormat format);
/// Case does not matter. Errors: Unsupported naming the format.
Result<FileFormat> FileFormatFromName(std::string_view name);

}  // namespace iceframe
