// SPDX-License-Identifier: Apache-2.0
#include "iceframe/planning/append_order.h"

#include <algorithm>

namespace iceframe {

int64_t AppendOrder::RankOf(const std::optional<SnapshotId>& snapshot_id) const {
  if (!snapshot_id) return -2;
  std::call_once(has_ranks_, [this] {
    for (const auto& snapshot : metadata_->snapshots) {
      ranks_.emplace(snapshot->snapshot_id(), static_cast<int64_t>(ranks_.size()));
    }
  });
  const auto known = ranks_.find(*snapshot_id);
  return known == ranks_.end() ? -1 : known->second;
}

bool AppendOrder::IsLess(const AppendPosition& left, const AppendPosition& right) const {
  if (left.data_sequence_number != right.data_sequence_number) {
    return left.data_sequence_number < right.data_sequence_number;
  }
  if (left.snapshot_id != right.snapshot_id) {
    const int64_t left_rank = RankOf(left.snapshot_id);
    const int64_t right_rank = RankOf(right.snapshot_id);
    if (left_rank != right_rank) return left_rank < right_rank;
  }
  if (left.manifest != right.manifest) return left.manifest < right.manifest;
  return left.entry < right.entry;
}

AppendPosition AppendOrder::EarliestOf(const ManifestFile& manifest, int64_t position) {
  AppendPosition earliest;
  earliest.data_sequence_number = std::max(manifest.min_sequence_number, SequenceNumber(0));
  // Existing entries may be of any snapshot.
  if (manifest.existing_files_count == 0) earliest.snapshot_id = manifest.added_snapshot_id;
  earliest.manifest = position;
  return earliest;
}

std::vector<AppendPosition> AppendOrder::Sorted(const ColumnarManifest& manifest, int64_t position,
                                                const std::vector<int64_t>& entries) const {
  std::vector<AppendPosition> positions;
  positions.reserve(entries.size());
  for (const int64_t entry : entries) {
    positions.push_back({manifest.data_sequence_number(entry).value_or(SequenceNumber(0)),
                         manifest.snapshot_id(entry), position, entry});
  }
  const auto is_less = [this](const AppendPosition& left, const AppendPosition& right) {
    return IsLess(left, right);
  };
  if (!std::is_sorted(positions.begin(), positions.end(), is_less)) {
    std::sort(positions.begin(), positions.end(), is_less);
  }
  return positions;
}

}  // namespace iceframe
