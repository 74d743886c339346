// SPDX-License-Identifier: Apache-2.0
#include "iceframe/table/snapshot_summary.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "iceframe/base/version.h"
#include "iceframe/table/stream_positions.h"

namespace iceframe {

namespace {

// Keys that say what was counted; nobody else may set them.
constexpr std::array<std::string_view, 32> kComputedKeys = {
    "operation",
    "engine-name",
    "engine-version",
    "iceberg-version",
    "manifests-created",
    "manifests-kept",
    "manifests-replaced",
    "changed-partition-count",
    "added-data-files",
    "deleted-data-files",
    "total-data-files",
    "added-delete-files",
    "added-equality-delete-files",
    "removed-equality-delete-files",
    "added-position-delete-files",
    "removed-position-delete-files",
    "added-dvs",
    "removed-dvs",
    "removed-delete-files",
    "total-delete-files",
    "added-records",
    "deleted-records",
    "total-records",
    "added-files-size",
    "removed-files-size",
    "total-files-size",
    "added-position-deletes",
    "removed-position-deletes",
    "total-position-deletes",
    "added-equality-deletes",
    "removed-equality-deletes",
    "total-equality-deletes",
};

constexpr std::string_view kEngineName = "iceframe";

bool IsComputed(std::string_view key) {
  return std::find(kComputedKeys.begin(), kComputedKeys.end(), key) != kComputedKeys.end();
}

void CountFile(const DataFile& file, FileChanges::Counts* counts) {
  counts->bytes += file.file_size_in_bytes;
  switch (file.content) {
    case FileContent::kData:
      counts->data_files += 1;
      counts->records += file.record_count;
      return;
    case FileContent::kPositionDeletes:
      counts->position_delete_files += 1;
      counts->position_deletes += file.record_count;
      return;
    case FileContent::kEqualityDeletes:
      counts->equality_delete_files += 1;
      counts->equality_deletes += file.record_count;
      return;
  }
}

void SetIfPositive(std::string_view key, int64_t value, Properties* summary) {
  if (value > 0) summary->insert_or_assign(std::string(key), std::to_string(value));
}

std::optional<int64_t> TotalOf(const Snapshot* parent, std::string_view key) {
  if (parent == nullptr) return 0;
  auto found = parent->summary.find(key);
  if (found == parent->summary.end()) return std::nullopt;
  const std::string& text = found->second;
  int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

void SetTotal(std::string_view key, const Snapshot* parent, int64_t added, int64_t removed,
              Properties* summary) {
  const std::optional<int64_t> before = TotalOf(parent, key);
  if (!before || *before + added < removed) return;
  summary->insert_or_assign(std::string(key), std::to_string(*before + added - removed));
}

void SetTotals(const FileChanges& changes, const Snapshot* parent, Properties* summary) {
  const auto& added = changes.added();
  const auto& removed = changes.removed();
  SetTotal("total-data-files", parent, added.data_files, removed.data_files, summary);
  SetTotal("total-delete-files", parent, added.delete_files(), removed.delete_files(), summary);
  SetTotal("total-records", parent, added.records, removed.records, summary);
  SetTotal("total-files-size", parent, added.bytes, removed.bytes, summary);
  SetTotal("total-position-deletes", parent, added.position_deletes, removed.position_deletes,
           summary);
  SetTotal("total-equality-deletes", parent, added.equality_deletes, removed.equality_deletes,
           summary);
}

}  // namespace

void FileChanges::Added(const DataFile& file, const std::string& partition_path) {
  CountFile(file, &added_);
  changed_partitions_.emplace(file.spec_id, partition_path);
}

void FileChanges::Removed(const DataFile& file, const std::string& partition_path) {
  CountFile(file, &removed_);
  changed_partitions_.emplace(file.spec_id, partition_path);
}

Status CheckCallerSummary(const Properties& summary) {
  for (const auto& [key, value] : summary) {
    if (IsComputed(key)) {
      return Error(ErrorKind::kInvalidArgument, "snapshot property is computed, not set: ", key);
    }
    if (IsPositionKey(key)) {
      return Error(ErrorKind::kInvalidArgument,
                   "snapshot property is a stream's or writer's own: ", key);
    }
  }
  return Status::OK();
}

Properties MakeSnapshotSummary(std::string_view operation, const Properties& user,
                               Properties carried, const FileChanges& changes,
                               const Snapshot* parent) {
  Properties summary = std::move(carried);
  for (const auto& [key, value] : user) {
    if (!IsComputed(key)) summary.insert_or_assign(key, value);
  }
  summary.insert_or_assign("operation", std::string(operation));
  summary.insert_or_assign("engine-name", std::string(kEngineName));
  summary.insert_or_assign("engine-version", std::string(kVersion));
  summary.insert_or_assign("iceberg-version",
                           std::string(kEngineName) + " " + std::string(kVersion));
  const auto& added = changes.added();
  const auto& removed = changes.removed();
  SetIfPositive("added-data-files", added.data_files, &summary);
  SetIfPositive("deleted-data-files", removed.data_files, &summary);
  SetIfPositive("added-delete-files", added.delete_files(), &summary);
  SetIfPositive("removed-delete-files", removed.delete_files(), &summary);
  SetIfPositive("added-position-delete-files", added.position_delete_files, &summary);
  SetIfPositive("removed-position-delete-files", removed.position_delete_files, &summary);
  SetIfPositive("added-equality-delete-files", added.equality_delete_files, &summary);
  SetIfPositive("removed-equality-delete-files", removed.equality_delete_files, &summary);
  SetIfPositive("added-records", added.records, &summary);
  SetIfPositive("deleted-records", removed.records, &summary);
  SetIfPositive("added-files-size", added.bytes, &summary);
  SetIfPositive("removed-files-size", removed.bytes, &summary);
  SetIfPositive("added-position-deletes", added.position_deletes, &summary);
  SetIfPositive("removed-position-deletes", removed.position_deletes, &summary);
  SetIfPositive("added-equality-deletes", added.equality_deletes, &summary);
  SetIfPositive("removed-equality-deletes", removed.equality_deletes, &summary);
  summary.insert_or_assign("changed-partition-count",
                           std::to_string(changes.num_changed_partitions()));
  SetTotals(changes, parent, &summary);
  return summary;
}

void SetManifestCounts(const std::vector<ManifestFile>& parent,
                       const std::vector<ManifestFile>& manifests, Properties* summary) {
  std::set<std::string_view> before;
  for (const ManifestFile& manifest : parent) before.insert(manifest.manifest_path);
  const auto kept = static_cast<size_t>(std::count_if(
      manifests.begin(), manifests.end(),
      [&](const ManifestFile& manifest) { return before.count(manifest.manifest_path) != 0; }));
  summary->insert_or_assign("manifests-created", std::to_string(manifests.size() - kept));
  summary->insert_or_assign("manifests-kept", std::to_string(kept));
  summary->insert_or_assign("manifests-replaced", std::to_string(before.size() - kept));
}

}  // namespace iceframe
