// SPDX-License-Identifier: Apache-2.0
#include "iceframe/table/append_files_action.h"

#include <algorithm>
#include <set>
#include <utility>

#include "iceframe/runtime/settings.h"
#include "iceframe/table/manifest_merge_internal.h"

namespace iceframe {

AppendFilesAction::AppendFilesAction(const Table& table, std::vector<DataFile> files,
                                     AppendFilesOptions options)
    : SnapshotAction(table, std::move(files), options), fast_(options.fast) {}

Status CheckNewFiles(const TableMetadata& metadata, const std::vector<DataFile>& files) {
  std::set<std::string_view> paths;
  for (const DataFile& file : files) {
    if (file.content != FileContent::kData) {
      return Error(ErrorKind::kInvalidArgument, "file to add is not a data file: ", file.file_path);
    }
    const PartitionSpec* spec = metadata.FindPartitionSpec(file.spec_id);
    if (spec == nullptr) {
      return Error(ErrorKind::kInvalidArgument, "file to add is of a partition spec that is not ",
                   "in the table: ", file.file_path, ", spec ", file.spec_id);
    }
    if (spec->fields.size() != file.partition.size()) {
      return Error(ErrorKind::kInvalidArgument, "file to add has a partition of another width ",
                   "than its spec: ", file.file_path, ", ", file.partition.size(), " for ",
                   spec->fields.size(), " fields");
    }
    if (!paths.insert(file.file_path).second) {
      return Error(ErrorKind::kInvalidArgument, "file to add is given twice: ", file.file_path);
    }
  }
  return Status::OK();
}

Result<std::unique_ptr<AppendFilesAction>> AppendFilesAction::Make(const Table& table,
                                                                   std::vector<DataFile> files,
                                                                   AppendFilesOptions options) {
  ICEFRAME_RETURN_NOT_OK(CheckNewFiles(*table.metadata(), files));
  return std::unique_ptr<AppendFilesAction>(
      new AppendFilesAction(table, std::move(files), std::move(options)));
}

Result<std::vector<ManifestFile>> AppendFilesAction::MergeBin(
    const CommitAttempt& attempt, const std::vector<ManifestFile>& bin) {
  std::string key;
  for (const ManifestFile& manifest : bin) key += ManifestKey(manifest) + "\n";
  auto known = merged_.find(key);
  if (known != merged_.end()) return known->second;
  ICEFRAME_ASSIGN_OR_RETURN(auto writer, NewManifestWriter(attempt, bin.front().partition_spec_id));
  ICEFRAME_ASSIGN_OR_RETURN(auto merged, internal::MergeManifests(attempt, id(), bin, &writer));
  merged_.emplace(std::move(key), merged);
  return merged;
}

Result<std::vector<ManifestFile>> AppendFilesAction::Merge(
    const CommitAttempt& attempt, const std::vector<ManifestFile>& manifests) {
  ICEFRAME_ASSIGN_OR_RETURN(auto policy, internal::ReadMergePolicy(*attempt.base.metadata));
  if (fast_ || !policy.is_enabled) return manifests;
  std::vector<ManifestFile> result;
  for (const auto& bin : internal::PackManifests(manifests, policy)) {
    const bool is_newest = !new_manifests().empty() &&
                           std::any_of(bin.begin(), bin.end(), [&](const ManifestFile& manifest) {
                             return manifest.manifest_path == new_manifests().front().manifest_path;
                           });
    const bool is_too_few =
        is_newest && static_cast<int64_t>(bin.size()) < policy.min_count_to_merge;
    if (bin.size() == 1 || is_too_few || bin.front().content != ManifestContent::kData) {
      result.insert(result.end(), bin.begin(), bin.end());
      continue;
    }
    ICEFRAME_ASSIGN_OR_RETURN(auto merged, MergeBin(attempt, bin));
    result.insert(result.end(), merged.begin(), merged.end());
  }
  return result;
}

Result<SnapshotAction::Content> AppendFilesAction::MakeContent(const CommitAttempt& attempt,
                                                               const Parent& parent) {
  Content content;
  content.operation = "append";
  std::vector<ManifestFile> manifests = new_manifests();
  manifests.insert(manifests.end(), parent.manifests.begin(), parent.manifests.end());
  ICEFRAME_ASSIGN_OR_RETURN(content.manifests, Merge(attempt, manifests));
  for (const DataFile& file : added_files()) {
    content.changes.Added(file, PartitionKeyOf(*attempt.base.metadata, file));
  }
  return content;
}

}  // namespace iceframe
