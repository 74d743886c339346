// SPDX-License-Identifier: Apache-2.0
#include "iceframe/table/snapshot_ancestry.h"

#include <algorithm>
#include <map>
#include <optional>

namespace iceframe {

Result<const Snapshot*> FindKeptSnapshot(const TableMetadata& metadata, SnapshotId snapshot_id) {
  ICEFRAME_ASSIGN_OR_RETURN(const Snapshot* snapshot, metadata.FindSnapshot(snapshot_id));
  if (snapshot != nullptr) return snapshot;
  return Error(ErrorKind::kNotFound, "snapshot does not exist, or has expired: ", snapshot_id);
}

Result<std::vector<const Snapshot*>> LineOf(const TableMetadata& metadata, SnapshotId snapshot_id) {
  ICEFRAME_RETURN_NOT_OK(FindKeptSnapshot(metadata, snapshot_id).status());
  std::map<SnapshotId, const LazySnapshot*> by_id;
  for (const auto& listed : metadata.snapshots) by_id.emplace(listed->snapshot_id(), listed.get());
  std::vector<const Snapshot*> line;
  std::optional<SnapshotId> next = snapshot_id;
  while (next) {
    const auto found = by_id.find(*next);
    if (found == by_id.end()) break;
    ICEFRAME_ASSIGN_OR_RETURN(const Snapshot* snapshot, found->second->Get());
    line.push_back(snapshot);
    next = snapshot->parent_snapshot_id;
    if (line.size() > by_id.size()) {
      return Error(ErrorKind::kInvalidMetadata,
                   "snapshot is an ancestor of its own: ", snapshot->snapshot_id);
    }
  }
  return line;
}

Result<bool> IsInLineOf(const TableMetadata& metadata, SnapshotId ancestor,
                        SnapshotId snapshot_id) {
  ICEFRAME_RETURN_NOT_OK(FindKeptSnapshot(metadata, ancestor).status());
  ICEFRAME_ASSIGN_OR_RETURN(const auto line, LineOf(metadata, snapshot_id));
  return std::ranges::any_of(
      line, [&](const Snapshot* snapshot) { return snapshot->snapshot_id == ancestor; });
}

}  // namespace iceframe
