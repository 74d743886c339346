// SPDX-License-Identifier: Apache-2.0
// Puffin statistics and partition statistics that a table's metadata names. Spec: "Statistics".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "iceframe/base/json.h"
#include "iceframe/base/properties.h"
#include "iceframe/base/strong_id.h"

namespace iceframe {

struct BlobMetadata {
  std::string type;
  SnapshotId snapshot_id;
  SequenceNumber sequence_number;
  std::vector<FieldId> fields;
  Properties properties;
  bool operator==(const BlobMetadata&) const = default;
};

struct StatisticsFile {
  SnapshotId snapshot_id;
  std::string statistics_path;
  int64_t file_size_in_bytes = 0;
  int64_t file_footer_size_in_bytes = 0;
  std::optional<std::string> key_metadata;
  std::vector<BlobMetadata> blob_metadata;
  bool operator==(const StatisticsFile&) const = default;
};

struct PartitionStatisticsFile {
  SnapshotId snapshot_id;
  std::string statistics_path;
  int64_t file_size_in_bytes = 0;
  bool operator==(const PartitionStatisticsFile&) const = default;
};

/// v3: an encryption key, kept and written back; its content means nothing to us.
struct EncryptedKey {
  Json json;
  bool operator==(const EncryptedKey&) const = default;
};

}  // namespace iceframe
