// SPDX-License-Identifier: Apache-2.0
// The order in which a snapshot's data files came into the table: oldest first.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "iceframe/format/columnar_manifest.h"
#include "iceframe/format/table_metadata.h"

namespace iceframe {

/// Where a data file stands among those of a snapshot.
struct AppendPosition {
  SequenceNumber data_sequence_number;
  /// Which snapshot added it; nullopt: before all that are known.
  std::optional<SnapshotId> snapshot_id;
  /// Counted from the end of the manifest list: new manifests stand at its front.
  int64_t manifest = 0;
  int64_t entry = 0;
};

/// Orders by data sequence number; among equals, which all are in format version 1, in the order in
/// which snapshots added the files. Snapshots that the metadata has forgotten are older than the
/// others; theirs come in the reverse order of the manifest list, then in the manifest's. Threads
/// may share it.
class AppendOrder {
 public:
  explicit AppendOrder(const TableMetadata* metadata) : metadata_(metadata) {}

  bool IsLess(const AppendPosition& left, const AppendPosition& right) const;

  /// A position that none of the manifest's live entries comes before.
  static AppendPosition EarliestOf(const ManifestFile& manifest, int64_t position);
  /// The entries' positions, sorted.
  std::vector<AppendPosition> Sorted(const ColumnarManifest& manifest, int64_t position,
                                     const std::vector<int64_t>& entries) const;

 private:
  int64_t RankOf(const std::optional<SnapshotId>& snapshot_id) const;

  const TableMetadata* metadata_;
  /// Made when two snapshots have to be told apart, which format version 2 hardly asks for.
  mutable std::once_flag has_ranks_;
  mutable std::unordered_map<SnapshotId, int64_t> ranks_;
};

}  // namespace iceframe
