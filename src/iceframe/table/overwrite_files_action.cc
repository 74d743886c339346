// SPDX-License-Identifier: Apache-2.0
#include "iceframe/table/overwrite_files_action.h"

#include <set>
#include <utility>

#include "iceframe/expression/binder.h"
#include "iceframe/table/append_files_action.h"
#include "iceframe/table/file_matcher_internal.h"
#include "iceframe/table/manifest_merge_internal.h"

namespace iceframe {

namespace {

Result<IsolationLevel> IsolationLevelOf(const TableMetadata& metadata, bool adds_files) {
  const char* name = adds_files ? "write.update.isolation-level" : "write.delete.isolation-level";
  auto property = metadata.properties.find(name);
  if (property == metadata.properties.end() || property->second == "serializable") {
    return IsolationLevel::kSerializable;
  }
  if (property->second == "snapshot") return IsolationLevel::kSnapshot;
  return Error(ErrorKind::kInvalidArgument,
               "isolation level is not serializable or snapshot: ", name, " = ", property->second);
}

// Bound anew on each base: columns may have been renamed meanwhile.
Result<Expression> BoundFilter(const OverwriteFilesOptions& options, const Schema& schema) {
  if (!options.filter) return True();
  ICEFRAME_ASSIGN_OR_RETURN(Expression bound,
                            BindPredicate(*options.filter, schema, options.case_sensitive));
  return SimplifyFilter(bound);
}

}  // namespace

OverwriteFilesAction::OverwriteFilesAction(const Table& table, std::vector<DataFile> added_files,
                                           OverwriteFilesOptions options)
    : SnapshotAction(table, std::move(added_files), options), overwrite_(std::move(options)) {}

Result<std::unique_ptr<OverwriteFilesAction>> OverwriteFilesAction::Make(
    const Table& table, std::vector<DataFile> added_files, OverwriteFilesOptions options) {
  const TableMetadata& metadata = *table.metadata();
  ICEFRAME_RETURN_NOT_OK(CheckNewFiles(metadata, added_files));
  ICEFRAME_RETURN_NOT_OK(BoundFilter(options, *metadata.current_schema()).status());
  ICEFRAME_ASSIGN_OR_RETURN(IsolationLevel level, IsolationLevelOf(metadata, !added_files.empty()));
  if (options.isolation_level) level = *options.isolation_level;
  if (!options.start_snapshot_id) {
    auto ref = metadata.refs.find(options.target_ref);
    options.start_snapshot_id =
        ref != metadata.refs.end() ? ref->second.snapshot_id : metadata.current_snapshot_id;
  }
  std::unique_ptr<OverwriteFilesAction> action(
      new OverwriteFilesAction(table, std::move(added_files), std::move(options)));
  action->isolation_level_ = level;
  return action;
}

Status OverwriteFilesAction::CheckNoNewMatches(const CommitAttempt& attempt,
                                               const Parent& parent) const {
  if (isolation_level_ != IsolationLevel::kSerializable || parent.snapshot == nullptr) {
    return Status::OK();
  }
  const TableMetadata& base = *attempt.base.metadata;
  std::set<SnapshotId> since;
  const Snapshot* snapshot = parent.snapshot;
  while (snapshot != nullptr && snapshot->snapshot_id != overwrite_.start_snapshot_id) {
    if (!since.insert(snapshot->snapshot_id).second) break;
    const std::optional<SnapshotId> parent_id = snapshot->parent_snapshot_id;
    snapshot = nullptr;
    if (parent_id) {
      ICEFRAME_ASSIGN_OR_RETURN(snapshot, base.FindSnapshot(*parent_id));
    }
  }
  if (snapshot == nullptr && overwrite_.start_snapshot_id) {
    return Error(ErrorKind::kCommitRejected, "the snapshot that an overwrite began from is no ",
                 "ancestor of its branch any more: ", *overwrite_.start_snapshot_id);
  }
  if (since.empty()) return Status::OK();
  ICEFRAME_ASSIGN_OR_RETURN(Expression filter, BoundFilter(overwrite_, *base.current_schema()));
  for (const ManifestFile& manifest : parent.manifests) {
    if (manifest.content != ManifestContent::kData) continue;
    // A merged manifest carries files of several snapshots, each under its own id.
    if (since.count(manifest.added_snapshot_id) == 0) continue;
    ICEFRAME_ASSIGN_OR_RETURN(bool may_match,
                              internal::ManifestMayHoldMatches(base, filter, manifest));
    if (!may_match) continue;
    ICEFRAME_ASSIGN_OR_RETURN(auto decoded,
                              ReadManifest(attempt.context, attempt.io, base, manifest));
    ICEFRAME_ASSIGN_OR_RETURN(auto matches, internal::MatchFiles(base, filter, manifest, *decoded));
    for (int64_t i = 0; i < decoded->num_entries(); ++i) {
      if (matches[static_cast<size_t>(i)] == internal::FileMatch::kNone) continue;
      ICEFRAME_ASSIGN_OR_RETURN(ManifestEntry entry, decoded->Entry(i));
      if (entry.snapshot_id && since.count(*entry.snapshot_id) != 0) {
        return Error(ErrorKind::kCommitRejected,
                     "a file that may match the overwrite's filter was added meanwhile: ",
                     entry.data_file.file_path);
      }
    }
  }
  return Status::OK();
}

Result<std::vector<ManifestFile>> OverwriteFilesAction::Filter(const CommitAttempt& attempt,
                                                               const ManifestFile& manifest,
                                                               FileChanges* changes) {
  const TableMetadata& base = *attempt.base.metadata;
  auto known = filtered_.find(manifest.manifest_path);
  if (known == filtered_.end()) {
    Filtered filtered;
    filtered.manifests = {manifest};
    ICEFRAME_ASSIGN_OR_RETURN(Expression filter, BoundFilter(overwrite_, *base.current_schema()));
    ICEFRAME_ASSIGN_OR_RETURN(bool may_match,
                              internal::ManifestMayHoldMatches(base, filter, manifest));
    if (!may_match) return filtered.manifests;
    ICEFRAME_ASSIGN_OR_RETURN(auto decoded,
                              ReadManifest(attempt.context, attempt.io, base, manifest));
    ICEFRAME_ASSIGN_OR_RETURN(auto matches, internal::MatchFiles(base, filter, manifest, *decoded));
    ICEFRAME_ASSIGN_OR_RETURN(auto writer, NewManifestWriter(attempt, manifest.partition_spec_id));
    for (int64_t i = 0; i < decoded->num_entries(); ++i) {
      if (matches[static_cast<size_t>(i)] == internal::FileMatch::kSome) {
        return Error(ErrorKind::kUnsupported,
                     "overwrite would have to rewrite rows of a file that ",
                     "matches in part: ", decoded->file_path(i));
      }
    }
    bool has_removed = false;
    for (const internal::FileMatch match : matches) {
      has_removed = has_removed || match == internal::FileMatch::kAll;
    }
    if (!has_removed) return filtered.manifests;
    for (int64_t i = 0; i < decoded->num_entries(); ++i) {
      if (!decoded->is_live(i)) continue;
      ICEFRAME_ASSIGN_OR_RETURN(ManifestEntry entry, decoded->Entry(i));
      entry.status = EntryStatus::kExisting;
      if (matches[static_cast<size_t>(i)] == internal::FileMatch::kAll) {
        entry.status = EntryStatus::kDeleted;
        entry.snapshot_id = id();
        filtered.removed.push_back(entry.data_file);
      }
      ICEFRAME_RETURN_NOT_OK(writer.Add(entry));
    }
    ICEFRAME_ASSIGN_OR_RETURN(filtered.manifests, writer.Finish());
    known = filtered_.emplace(manifest.manifest_path, std::move(filtered)).first;
  }
  for (const DataFile& file : known->second.removed) {
    changes->Removed(file, PartitionKeyOf(base, file));
  }
  return known->second.manifests;
}

Result<SnapshotAction::Content> OverwriteFilesAction::MakeContent(const CommitAttempt& attempt,
                                                                  const Parent& parent) {
  ICEFRAME_RETURN_NOT_OK(CheckNoNewMatches(attempt, parent));
  Content content;
  content.operation = added_files().empty() ? "delete" : "overwrite";
  content.manifests = new_manifests();
  for (const ManifestFile& manifest : parent.manifests) {
    if (manifest.content != ManifestContent::kData) {
      content.manifests.push_back(manifest);
      continue;
    }
    ICEFRAME_ASSIGN_OR_RETURN(auto filtered, Filter(attempt, manifest, &content.changes));
    content.manifests.insert(content.manifests.end(), filtered.begin(), filtered.end());
  }
  for (const DataFile& file : added_files()) {
    content.changes.Added(file, PartitionKeyOf(*attempt.base.metadata, file));
  }
  return content;
}

}  // namespace iceframe
