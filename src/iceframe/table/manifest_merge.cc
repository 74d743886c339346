// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <utility>

#include "iceframe/runtime/settings.h"
#include "iceframe/table/manifest_merge_internal.h"

namespace iceframe::internal {

Result<MergePolicy> ReadMergePolicy(const TableMetadata& metadata) {
  MergePolicy policy;
  const auto read = [&](std::string_view name, auto parse, auto* value) -> Status {
    auto property = metadata.properties.find(name);
    if (property == metadata.properties.end()) return Status::OK();
    ICEFRAME_ASSIGN_OR_RETURN_CONTEXT(*value, parse(property->second), "table property", name);
    return Status::OK();
  };
  ICEFRAME_RETURN_NOT_OK(read("commit.manifest-merge.enabled", ParseBool, &policy.is_enabled));
  ICEFRAME_RETURN_NOT_OK(
      read("commit.manifest.min-count-to-merge", ParseInteger, &policy.min_count_to_merge));
  ICEFRAME_RETURN_NOT_OK(
      read("commit.manifest.target-size-bytes", ParseBytes, &policy.target_size_bytes));
  return policy;
}

std::vector<std::vector<ManifestFile>> PackManifests(const std::vector<ManifestFile>& manifests,
                                                     const MergePolicy& policy) {
  // Data manifests first, and the newest spec's first among them.
  using GroupKey = std::pair<ManifestContent, int32_t>;
  std::map<GroupKey, std::vector<const ManifestFile*>> groups;
  for (const ManifestFile& manifest : manifests) {
    groups[{manifest.content, -manifest.partition_spec_id.value()}].push_back(&manifest);
  }
  std::vector<std::vector<ManifestFile>> bins;
  for (const auto& [key, group] : groups) {
    std::vector<std::vector<ManifestFile>> of_group;
    int64_t size = 0;
    for (auto manifest = group.rbegin(); manifest != group.rend(); ++manifest) {
      const int64_t length = (*manifest)->manifest_length;
      if (of_group.empty() || size + length > policy.target_size_bytes) {
        of_group.emplace_back();
        size = 0;
      }
      of_group.back().push_back(**manifest);
      size += length;
    }
    std::reverse(of_group.begin(), of_group.end());
    for (auto& bin : of_group) {
      std::reverse(bin.begin(), bin.end());
      bins.push_back(std::move(bin));
    }
  }
  return bins;
}

Result<std::vector<ManifestFile>> MergeManifests(const CommitAttempt& attempt,
                                                 SnapshotId snapshot_id,
                                                 const std::vector<ManifestFile>& bin,
                                                 ManifestFilesWriter* writer) {
  for (const ManifestFile& manifest : bin) {
    const bool is_new = manifest.added_snapshot_id == snapshot_id;
    // Entries of a manifest without live files say what an earlier snapshot deleted.
    if (!is_new && !manifest.may_have_live_files()) continue;
    ICEFRAME_ASSIGN_OR_RETURN(
        auto decoded, ReadManifest(attempt.context, attempt.io, *attempt.base.metadata, manifest));
    for (int64_t i = 0; i < decoded->num_entries(); ++i) {
      ICEFRAME_ASSIGN_OR_RETURN(ManifestEntry entry, decoded->Entry(i));
      const bool is_ours = is_new && entry.snapshot_id == snapshot_id;
      if (entry.status == EntryStatus::kDeleted && !is_ours) continue;
      if (is_ours && entry.status == EntryStatus::kAdded) {
        // Its numbers are those of the commit, which are not known before it lands.
        entry.data_sequence_number.reset();
        entry.file_sequence_number.reset();
        entry.data_file.first_row_id.reset();
      } else if (entry.status == EntryStatus::kAdded) {
        entry.status = EntryStatus::kExisting;
      }
      ICEFRAME_RETURN_NOT_OK(writer->Add(entry));
    }
  }
  return writer->Finish();
}

Result<std::vector<ManifestFile>> WriteAddedFiles(
    const std::vector<DataFile>& files, SnapshotId snapshot_id,
    const std::function<Result<ManifestFilesWriter>(PartitionSpecId)>& make_writer) {
  std::map<PartitionSpecId, std::vector<const DataFile*>> by_spec;
  for (const DataFile& file : files) by_spec[file.spec_id].push_back(&file);
  std::vector<ManifestFile> manifests;
  for (const auto& [spec_id, of_spec] : by_spec) {
    ICEFRAME_ASSIGN_OR_RETURN(ManifestFilesWriter writer, make_writer(spec_id));
    for (const DataFile* file : of_spec) {
      ManifestEntry entry;
      entry.status = EntryStatus::kAdded;
      entry.snapshot_id = snapshot_id;
      entry.data_file = *file;
      ICEFRAME_RETURN_NOT_OK(writer.Add(entry));
    }
    ICEFRAME_ASSIGN_OR_RETURN(auto written, writer.Finish());
    manifests.insert(manifests.end(), written.begin(), written.end());
  }
  return manifests;
}

}  // namespace iceframe::internal
