// SPDX-License-Identifier: Apache-2.0
// Snapshots and the refs that name them. Spec: "Snapshots", "Snapshot References".
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "iceframe/base/json.h"
#include "iceframe/base/properties.h"
#include "iceframe/base/strong_id.h"

namespace iceframe {

/// The branch that a table's current snapshot is on.
inline constexpr char kMainBranch[] = "main";

struct Snapshot {
  SnapshotId snapshot_id;
  std::optional<SnapshotId> parent_snapshot_id;
  SequenceNumber sequence_number;
  /// Milliseconds since the epoch.
  int64_t timestamp_ms = 0;
  /// Empty in v1 tables that list their manifests in the metadata instead.
  std::string manifest_list;
  /// v1 only: manifest paths of a snapshot without a manifest list.
  std::vector<std::string> manifests;
  /// With "operation" among the keys where the writer gave one.
  Properties summary;
  std::optional<SchemaId> schema_id;
  /// v3 row lineage.
  std::optional<int64_t> first_row_id;
  std::optional<int64_t> added_rows;
  std::optional<std::string> key_id;
  /// Members that this version does not know, written back as they were.
  std::vector<Json::Member> unknown_fields;

  /// "append", "replace", "overwrite" or "delete"; empty where not given.
  std::string operation() const;
  bool operator==(const Snapshot&) const = default;
};

enum class SnapshotRefKind : uint8_t { kBranch, kTag };

struct SnapshotRef {
  SnapshotId snapshot_id;
  SnapshotRefKind kind = SnapshotRefKind::kBranch;
  std::optional<int32_t> min_snapshots_to_keep;
  std::optional<int64_t> max_snapshot_age_ms;
  std::optional<int64_t> max_ref_age_ms;
  bool operator==(const SnapshotRef&) const = default;
};

struct SnapshotLogEntry {
  int64_t timestamp_ms = 0;
  SnapshotId snapshot_id;
  bool operator==(const SnapshotLogEntry&) const = default;
};

struct MetadataLogEntry {
  int64_t timestamp_ms = 0;
  std::string metadata_file;
  bool operator==(const MetadataLogEntry&) const = default;
};

}  // namespace iceframe
