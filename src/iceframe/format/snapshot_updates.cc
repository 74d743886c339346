// SPDX-License-Identifier: Apache-2.0
// Updates of a table's history: snapshots, refs and the snapshot log.
#include <algorithm>
#include <string>

#include "iceframe/format/metadata_change_internal.h"

namespace iceframe::internal {

namespace {

Status CheckRef(const SetSnapshotRef& update) {
  const SnapshotRef& ref = update.ref;
  if (update.ref_name.empty()) {
    return Error(ErrorKind::kInvalidArgument, "a ref's name can't be empty");
  }
  if (ref.kind == SnapshotRefKind::kTag) {
    if (update.ref_name == kMainBranch) {
      return Error(ErrorKind::kInvalidArgument, "main can't be a tag");
    }
    if (ref.min_snapshots_to_keep || ref.max_snapshot_age_ms) {
      return Error(
          ErrorKind::kInvalidArgument,
          "a tag takes no min-snapshots-to-keep or max-snapshot-age-ms: ", update.ref_name);
    }
  }
  if (ref.min_snapshots_to_keep.value_or(1) <= 0 || ref.max_snapshot_age_ms.value_or(1) <= 0 ||
      ref.max_ref_age_ms.value_or(1) <= 0) {
    return Error(ErrorKind::kInvalidArgument,
                 "a ref's retention must be above zero: ", update.ref_name);
  }
  return Status::OK();
}

}  // namespace

Status MetadataChange::CheckRowLineage(const Snapshot& snapshot) {
  if (metadata_->format_version < 3) return Status::OK();
  if (!snapshot.first_row_id || !snapshot.added_rows) {
    return Error(ErrorKind::kInvalidMetadata,
                 "snapshot of a v3 table lacks first-row-id or added-rows: ", snapshot.snapshot_id);
  }
  if (*snapshot.first_row_id < metadata_->next_row_id) {
    return Error(ErrorKind::kCommitConflict,
                 "snapshot's first-row-id is below next-row-id: ", *snapshot.first_row_id, " < ",
                 metadata_->next_row_id);
  }
  if (*snapshot.added_rows < 0 ||
      __builtin_add_overflow(*snapshot.first_row_id, *snapshot.added_rows,
                             &metadata_->next_row_id)) {
    return Error(ErrorKind::kInvalidMetadata,
                 "snapshot's added-rows is out of range: ", *snapshot.added_rows);
  }
  return Status::OK();
}

Status MetadataChange::operator()(const AddSnapshot& update) {
  const Snapshot& snapshot = update.snapshot;
  if (metadata_->HasSnapshot(snapshot.snapshot_id)) {
    return Error(ErrorKind::kInvalidArgument, "snapshot exists already: ", snapshot.snapshot_id);
  }
  // A snapshot without parent comes from a table that is being copied or replaced.
  if (metadata_->format_version >= 2 && snapshot.parent_snapshot_id &&
      snapshot.sequence_number <= metadata_->last_sequence_number) {
    return Error(ErrorKind::kCommitConflict,
                 "snapshot's sequence number is not new: ", snapshot.sequence_number, ", last ",
                 metadata_->last_sequence_number);
  }
  ICEFRAME_RETURN_NOT_OK(CheckRowLineage(snapshot));
  metadata_->last_sequence_number =
      std::max(metadata_->last_sequence_number, snapshot.sequence_number);
  metadata_->last_updated_ms = std::max(metadata_->last_updated_ms, snapshot.timestamp_ms);
  metadata_->snapshots.push_back(std::make_shared<const LazySnapshot>(snapshot));
  added_snapshots_.insert(snapshot.snapshot_id);
  return Status::OK();
}

void MetadataChange::AppendSnapshotLog(const Snapshot& snapshot) {
  const bool is_new = added_snapshots_.count(snapshot.snapshot_id) != 0;
  int64_t timestamp_ms = is_new ? snapshot.timestamp_ms : options_.timestamp_ms;
  if (!metadata_->snapshot_log.empty()) {
    timestamp_ms = std::max(timestamp_ms, metadata_->snapshot_log.back().timestamp_ms);
  }
  metadata_->snapshot_log.push_back({timestamp_ms, snapshot.snapshot_id});
  if (is_new) added_to_main_.insert(snapshot.snapshot_id);
}

Status MetadataChange::operator()(const SetSnapshotRef& update) {
  ICEFRAME_RETURN_NOT_OK(CheckRef(update));
  auto existing = metadata_->refs.find(update.ref_name);
  if (existing != metadata_->refs.end() && existing->second == update.ref) return Status::OK();
  ICEFRAME_ASSIGN_OR_RETURN(const Snapshot* snapshot,
                            metadata_->FindSnapshot(update.ref.snapshot_id));
  if (snapshot == nullptr) {
    return Error(ErrorKind::kInvalidArgument,
                 "ref would name a snapshot that does not exist: ", update.ref_name, " -> ",
                 update.ref.snapshot_id);
  }
  const bool moves =
      existing == metadata_->refs.end() || existing->second.snapshot_id != update.ref.snapshot_id;
  if (update.ref_name == kMainBranch && moves) {
    metadata_->current_snapshot_id = snapshot->snapshot_id;
    AppendSnapshotLog(*snapshot);
  }
  metadata_->refs.insert_or_assign(update.ref_name, update.ref);
  return Status::OK();
}

Status MetadataChange::operator()(const RemoveSnapshotRef& update) {
  if (metadata_->refs.erase(update.ref_name) != 0 && update.ref_name == kMainBranch) {
    metadata_->current_snapshot_id.reset();
    metadata_->snapshot_log.clear();
  }
  return Status::OK();
}

Status MetadataChange::operator()(const RemoveSnapshots& update) {
  const std::unordered_set<SnapshotId> ids(update.snapshot_ids.begin(), update.snapshot_ids.end());
  auto is_removed = [&](const auto& item) { return ids.count(item.snapshot_id) != 0; };
  // A ref that another writer has just made must not go with them: who removes it names it first.
  for (const auto& [name, ref] : metadata_->refs) {
    if (!is_removed(ref)) continue;
    return Error(ErrorKind::kCommitConflict, "a ref names a snapshot that would be removed: ", name,
                 " -> ", ref.snapshot_id);
  }
  std::erase_if(metadata_->snapshots,
                [&](const auto& snapshot) { return ids.count(snapshot->snapshot_id()) != 0; });
  std::erase_if(metadata_->statistics, is_removed);
  std::erase_if(metadata_->partition_statistics, is_removed);
  removed_snapshots_ = removed_snapshots_ || !ids.empty();
  return Status::OK();
}

// The log tells what was current between changes: a snapshot that was added and passed over
// within this one never was. Nothing may be said about times before a removed snapshot.
void MetadataChange::CutSnapshotLog() {
  std::unordered_set<SnapshotId> intermediate = added_to_main_;
  if (metadata_->current_snapshot_id) intermediate.erase(*metadata_->current_snapshot_id);
  if (intermediate.empty() && !removed_snapshots_) return;
  std::unordered_set<SnapshotId> present;
  for (const auto& snapshot : metadata_->snapshots) present.insert(snapshot->snapshot_id());
  std::vector<SnapshotLogEntry> log;
  for (const SnapshotLogEntry& entry : metadata_->snapshot_log) {
    if (present.count(entry.snapshot_id) == 0) {
      log.clear();
    } else if (intermediate.count(entry.snapshot_id) == 0) {
      log.push_back(entry);
    }
  }
  metadata_->snapshot_log = std::move(log);
}

}  // namespace iceframe::internal
