// SPDX-License-Identifier: Apache-2.0
#include "iceframe/table/overwrite_files_action.h"

#include <algorithm>
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

Result<const Snapshot*> ParentOf(const TableMetadata& metadata, const Snapshot& snapshot) {
  if (!snapshot.parent_snapshot_id) return static_cast<const Snapshot*>(nullptr);
  return metadata.FindSnapshot(*snapshot.parent_snapshot_id);
}

bool IsAmong(const EarlierActions* earlier, SnapshotId id) {
  return earlier != nullptr && std::ranges::count(earlier->snapshot_ids, id) != 0;
}

// The snapshot that the commit's own ones were put on; nullopt: none.
Result<std::optional<SnapshotId>> BelowOwnSnapshots(const TableMetadata& metadata,
                                                    const EarlierActions* earlier,
                                                    std::optional<SnapshotId> start) {
  while (start && IsAmong(earlier, *start)) {
    ICEFRAME_ASSIGN_OR_RETURN(const Snapshot* own, metadata.FindSnapshot(*start));
    if (own == nullptr) break;
    start = own->parent_snapshot_id;
  }
  return start;
}

// The snapshots from `last` back to, and without, `start`; nullopt: to the first.
Result<std::set<SnapshotId>> SnapshotsSince(const TableMetadata& base, const Snapshot& last,
                                            std::optional<SnapshotId> start) {
  std::set<SnapshotId> since;
  const Snapshot* snapshot = &last;
  while (snapshot != nullptr && snapshot->snapshot_id != start) {
    if (!since.insert(snapshot->snapshot_id).second) break;
    ICEFRAME_ASSIGN_OR_RETURN(snapshot, ParentOf(base, *snapshot));
  }
  if (snapshot == nullptr && start) {
    return Error(ErrorKind::kCommitRejected, "the snapshot that an overwrite began from is no ",
                 "ancestor of its branch any more: ", *start);
  }
  return since;
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
  ICEFRAME_ASSIGN_OR_RETURN(const auto start, BelowOwnSnapshots(made_for(), attempt.earlier,
                                                                overwrite_.start_snapshot_id));
  ICEFRAME_ASSIGN_OR_RETURN(std::set<SnapshotId> since,
                            SnapshotsSince(base, *parent.snapshot, start));
  std::erase_if(since, [&](SnapshotId id) { return IsAmong(attempt.earlier, id); });
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
      if (matches[static_cast<size_t>(i)] == FileMatch::kNone) continue;
      ICEFRAME_ASSIGN_OR_RETURN(ManifestEntry entry, decoded->Entry(i));
      if (!entry.snapshot_id || since.count(*entry.snapshot_id) == 0) continue;
      FileMatch match = matches[static_cast<size_t>(i)];
      if (match == FileMatch::kSome && overwrite_.match_rows) {
        ICEFRAME_ASSIGN_OR_RETURN(
            match, overwrite_.match_rows(attempt.context, base, entry.data_file, filter));
      }
      if (match == FileMatch::kNone) continue;
      return Error(ErrorKind::kCommitRejected,
                   "a file that may match the overwrite's filter was added meanwhile: ",
                   entry.data_file.file_path);
    }
  }
  return Status::OK();
}

Status OverwriteFilesAction::ProveMatches(const CommitAttempt& attempt, const Expression& filter,
                                          const ColumnarManifest& manifest,
                                          std::vector<FileMatch>* matches) const {
  for (int64_t i = 0; i < manifest.num_entries(); ++i) {
    FileMatch& match = (*matches)[static_cast<size_t>(i)];
    if (match != FileMatch::kSome) continue;
    ICEFRAME_RETURN_NOT_OK(attempt.context.Check());
    if (!overwrite_.match_rows) {
      return Error(ErrorKind::kUnsupported, "partition and bounds leave open whether an ",
                   "overwrite's filter takes all rows of a file: ", manifest.file_path(i));
    }
    ICEFRAME_ASSIGN_OR_RETURN(ManifestEntry entry, manifest.Entry(i));
    ICEFRAME_ASSIGN_OR_RETURN(match, overwrite_.match_rows(attempt.context, *attempt.base.metadata,
                                                           entry.data_file, filter));
    if (match != FileMatch::kSome) continue;
    if (has_deletes_) {
      return Error(ErrorKind::kUnsupported, "overwrite of a table with delete files, of a file ",
                   "that the filter takes some rows of, deleted ones perhaps: ",
                   entry.data_file.file_path, " (compact the table with the engine that wrote it)");
    }
    return Error(ErrorKind::kUnsupported,
                 "overwrite would have to rewrite rows of a file that matches in part: ",
                 entry.data_file.file_path,
                 "; give the rows to keep as data too, with a filter that takes whole files");
  }
  return Status::OK();
}

Result<std::vector<ManifestFile>> OverwriteFilesAction::Filter(const CommitAttempt& attempt,
                                                               const ManifestFile& manifest,
                                                               FileChanges* changes) {
  const TableMetadata& base = *attempt.base.metadata;
  const std::string key = ManifestKey(manifest);
  auto known = filtered_.find(key);
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
    ICEFRAME_RETURN_NOT_OK(ProveMatches(attempt, filter, *decoded, &matches));
    if (std::ranges::count(matches, FileMatch::kAll) == 0) {
      // Kept for another attempt, which need not read the rows again.
      filtered_.emplace(key, filtered);
      return filtered.manifests;
    }
    ICEFRAME_ASSIGN_OR_RETURN(auto writer, NewManifestWriter(attempt, manifest.partition_spec_id));
    for (int64_t i = 0; i < decoded->num_entries(); ++i) {
      if (!decoded->is_live(i)) continue;
      ICEFRAME_ASSIGN_OR_RETURN(ManifestEntry entry, decoded->Entry(i));
      entry.status = EntryStatus::kExisting;
      if (matches[static_cast<size_t>(i)] == FileMatch::kAll) {
        entry.status = EntryStatus::kDeleted;
        entry.snapshot_id = id();
        filtered.removed.push_back(entry.data_file);
      }
      ICEFRAME_RETURN_NOT_OK(writer.Add(entry));
    }
    ICEFRAME_ASSIGN_OR_RETURN(filtered.manifests, writer.Finish());
    known = filtered_.emplace(key, std::move(filtered)).first;
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
  has_deletes_ = std::ranges::any_of(parent.manifests, [](const ManifestFile& manifest) {
    return manifest.content != ManifestContent::kData;
  });
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
