// SPDX-License-Identifier: Apache-2.0
#include "iceframe/table/rewrite_files_action.h"

#include <utility>

#include "iceframe/format/columnar_manifest.h"
#include "iceframe/table/append_files_action.h"

namespace iceframe {

namespace {

// The greatest sequence number that what was read can have.
std::optional<SequenceNumber> StartOf(const TableMetadata& metadata,
                                      const RewriteFilesOptions& options) {
  std::optional<SnapshotId> id = options.start_snapshot_id;
  if (!id) {
    const auto ref = metadata.refs.find(options.target_ref);
    id = ref != metadata.refs.end() ? ref->second.snapshot_id : metadata.current_snapshot_id;
  }
  if (!id) return std::nullopt;
  const Snapshot* snapshot = metadata.FindSnapshot(*id).ValueOr(nullptr);
  if (snapshot == nullptr) return std::nullopt;
  return snapshot->sequence_number;
}

}  // namespace

RewriteFilesAction::RewriteFilesAction(const Table& table,
                                       std::set<std::string, std::less<>> removed,
                                       std::vector<DataFile> added, RewriteFilesOptions options)
    : SnapshotAction(table, std::move(added), options),
      removed_(std::move(removed)),
      operation_(options.changes_rows ? "overwrite" : "replace"),
      start_sequence_number_(StartOf(*table.metadata(), options)) {}

Result<std::unique_ptr<RewriteFilesAction>> RewriteFilesAction::Make(
    const Table& table, const std::vector<std::string>& removed, std::vector<DataFile> added,
    RewriteFilesOptions options) {
  ICEFRAME_RETURN_NOT_OK(CheckNewFiles(*table.metadata(), added));
  if (removed.empty()) {
    return Error(ErrorKind::kInvalidArgument, "a rewrite needs files to take the place of");
  }
  std::set<std::string, std::less<>> locations;
  for (const std::string& location : removed) {
    if (locations.insert(location).second) continue;
    return Error(ErrorKind::kInvalidArgument, "file to rewrite is given twice: ", location);
  }
  for (const DataFile& file : added) {
    if (locations.count(file.file_path) == 0) continue;
    return Error(ErrorKind::kInvalidArgument,
                 "a rewrite would take away a file that it adds: ", file.file_path);
  }
  return std::unique_ptr<RewriteFilesAction>(
      new RewriteFilesAction(table, std::move(locations), std::move(added), std::move(options)));
}

Status RewriteFilesAction::CheckNoNewDeletes(const CommitAttempt& attempt,
                                             const Parent& parent) const {
  for (const ManifestFile& manifest : parent.manifests) {
    if (manifest.content == ManifestContent::kData) continue;
    if (start_sequence_number_ && manifest.sequence_number <= *start_sequence_number_) continue;
    return Error(ErrorKind::kCommitRejected,
                 "delete files were added to the table while its files were rewritten: manifest ",
                 manifest.manifest_path, " of ", attempt.base.identifier.ToString());
  }
  return Status::OK();
}

Result<const std::vector<DataFile>*> RewriteFilesAction::RemovedFrom(const CommitAttempt& attempt,
                                                                     const ManifestFile& manifest) {
  const std::string key = ManifestKey(manifest);
  auto known = removed_from_.find(key);
  if (known == removed_from_.end()) {
    std::vector<DataFile> removed;
    ICEFRAME_ASSIGN_OR_RETURN(
        auto decoded, ReadManifest(attempt.context, attempt.io, *attempt.base.metadata, manifest));
    for (int64_t i = 0; i < decoded->num_entries(); ++i) {
      if (!decoded->is_live(i) || !removed_.contains(decoded->file_path(i))) continue;
      ICEFRAME_ASSIGN_OR_RETURN(ManifestEntry entry, decoded->EntryWithoutStatistics(i));
      removed.push_back(std::move(entry.data_file));
    }
    known = removed_from_.emplace(key, std::move(removed)).first;
  }
  return &known->second;
}

Result<std::vector<ManifestFile>> RewriteFilesAction::WithoutRemoved(
    const CommitAttempt& attempt, const std::vector<ManifestFile>& of_spec) {
  std::string key;
  for (const ManifestFile& manifest : of_spec) key += ManifestKey(manifest) + "\n";
  const auto known = rewritten_.find(key);
  if (known != rewritten_.end()) return known->second;
  ICEFRAME_ASSIGN_OR_RETURN(auto writer,
                            NewManifestWriter(attempt, of_spec.front().partition_spec_id));
  for (const ManifestFile& manifest : of_spec) {
    ICEFRAME_ASSIGN_OR_RETURN(
        auto decoded, ReadManifest(attempt.context, attempt.io, *attempt.base.metadata, manifest));
    for (int64_t i = 0; i < decoded->num_entries(); ++i) {
      if (!decoded->is_live(i)) continue;
      ICEFRAME_ASSIGN_OR_RETURN(ManifestEntry entry, decoded->Entry(i));
      entry.status = EntryStatus::kExisting;
      if (removed_.contains(entry.data_file.file_path)) {
        entry.status = EntryStatus::kDeleted;
        entry.snapshot_id = id();
      }
      ICEFRAME_RETURN_NOT_OK(writer.Add(entry));
    }
  }
  ICEFRAME_ASSIGN_OR_RETURN(auto manifests, writer.Finish());
  rewritten_.emplace(std::move(key), manifests);
  return manifests;
}

Result<SnapshotAction::Content> RewriteFilesAction::MakeContent(const CommitAttempt& attempt,
                                                                const Parent& parent) {
  ICEFRAME_RETURN_NOT_OK(CheckNoNewDeletes(attempt, parent));
  const TableMetadata& base = *attempt.base.metadata;
  Content content;
  content.operation = operation_;
  content.manifests = new_manifests();
  std::set<std::string_view> missing(removed_.begin(), removed_.end());
  // Those that change become one manifest, or few: there may be one for each file.
  std::map<PartitionSpecId, std::vector<ManifestFile>> changed;
  for (const ManifestFile& manifest : parent.manifests) {
    if (manifest.content != ManifestContent::kData) {
      content.manifests.push_back(manifest);
      continue;
    }
    ICEFRAME_ASSIGN_OR_RETURN(const auto* removed, RemovedFrom(attempt, manifest));
    if (removed->empty()) {
      content.manifests.push_back(manifest);
      continue;
    }
    changed[manifest.partition_spec_id].push_back(manifest);
    for (const DataFile& file : *removed) {
      content.changes.Removed(file, PartitionKeyOf(base, file));
      missing.erase(file.file_path);
    }
  }
  if (!missing.empty()) {
    return Error(ErrorKind::kCommitRejected, "another writer took away a file while it was ",
                 "rewritten: ", *missing.begin(), " of ", attempt.base.identifier.ToString());
  }
  for (const auto& [spec_id, of_spec] : changed) {
    ICEFRAME_ASSIGN_OR_RETURN(const auto rewritten, WithoutRemoved(attempt, of_spec));
    content.manifests.insert(content.manifests.end(), rewritten.begin(), rewritten.end());
  }
  for (const DataFile& file : added_files()) {
    content.changes.Added(file, PartitionKeyOf(base, file));
  }
  return content;
}

}  // namespace iceframe
