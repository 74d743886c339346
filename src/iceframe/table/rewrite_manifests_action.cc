// SPDX-License-Identifier: Apache-2.0
#include "iceframe/table/rewrite_manifests_action.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "iceframe/format/columnar_manifest.h"
#include "iceframe/table/manifest_merge_internal.h"

namespace iceframe {

namespace {

using ManifestsBySpec = std::map<PartitionSpecId, std::vector<ManifestFile>>;

// Where an entry stands, and what it is sorted by.
struct PlacedEntry {
  std::vector<Value> partition;
  const ColumnarManifest* manifest = nullptr;
  int64_t entry = 0;
};

ManifestsBySpec DataManifests(const std::vector<ManifestFile>& manifests) {
  ManifestsBySpec by_spec;
  for (const ManifestFile& manifest : manifests) {
    if (manifest.content != ManifestContent::kData || !manifest.may_have_live_files()) continue;
    by_spec[manifest.partition_spec_id].push_back(manifest);
  }
  return by_spec;
}

bool AreWorthRewriting(const std::vector<ManifestFile>& of_spec, bool is_partitioned,
                       int64_t target_size_bytes) {
  int64_t num_bytes = 0;
  bool is_of_one_commit = true;
  for (const ManifestFile& manifest : of_spec) {
    num_bytes += manifest.manifest_length;
    is_of_one_commit &= manifest.added_snapshot_id == of_spec.front().added_snapshot_id;
  }
  const auto count = static_cast<int64_t>(of_spec.size());
  if (num_bytes / count > 2 * target_size_bytes) return true;
  if (count < 2 || is_of_one_commit) return false;
  return is_partitioned || num_bytes / count < target_size_bytes / 2;
}

// Nulls first, as column bounds have no place for them.
bool IsBefore(const Type& type, const PlacedEntry& left, const PlacedEntry& right) {
  for (size_t i = 0; i < type.fields().size(); ++i) {
    const Value& a = left.partition[i];
    const Value& b = right.partition[i];
    if (a.is_null() != b.is_null()) return a.is_null();
    if (a.is_null()) continue;
    const int order = CompareValues(type.fields()[i].type, a, b);
    if (order != 0) return order < 0;
  }
  return false;
}

Result<int64_t> TargetSize(const TableMetadata& metadata, std::optional<int64_t> asked) {
  if (asked) return *asked;
  ICEFRAME_ASSIGN_OR_RETURN(const internal::MergePolicy policy,
                            internal::ReadMergePolicy(metadata));
  return policy.target_size_bytes;
}

}  // namespace

RewriteManifestsAction::RewriteManifestsAction(const Table& table, RewriteManifestsOptions options)
    : SnapshotAction(table, {}, options), target_size_bytes_(options.target_size_bytes) {}

Result<std::unique_ptr<RewriteManifestsAction>> RewriteManifestsAction::Make(
    const Table& table, RewriteManifestsOptions options) {
  if (options.target_size_bytes && *options.target_size_bytes <= 0) {
    return Error(ErrorKind::kInvalidArgument,
                 "the size of manifests must be above zero: ", *options.target_size_bytes);
  }
  return std::unique_ptr<RewriteManifestsAction>(
      new RewriteManifestsAction(table, std::move(options)));
}

Result<std::vector<ManifestFile>> RewriteManifestsAction::ToRewrite(
    const TableMetadata& metadata, const std::vector<ManifestFile>& manifests,
    std::optional<int64_t> target_size_bytes) {
  ICEFRAME_ASSIGN_OR_RETURN(const int64_t target, TargetSize(metadata, target_size_bytes));
  std::vector<ManifestFile> chosen;
  for (const auto& [spec_id, of_spec] : DataManifests(manifests)) {
    const PartitionSpec* spec = metadata.FindPartitionSpec(spec_id);
    const bool is_partitioned = spec != nullptr && !spec->fields.empty();
    if (!AreWorthRewriting(of_spec, is_partitioned, target)) continue;
    chosen.insert(chosen.end(), of_spec.begin(), of_spec.end());
  }
  return chosen;
}

Status RewriteManifestsAction::Cluster(const CommitAttempt& attempt,
                                       const std::vector<ManifestFile>& of_spec) {
  const TableMetadata& base = *attempt.base.metadata;
  const PartitionSpecId spec_id = of_spec.front().partition_spec_id;
  ICEFRAME_ASSIGN_OR_RETURN(auto writer, NewManifestWriter(attempt, spec_id, target_size_bytes_));
  ICEFRAME_ASSIGN_OR_RETURN(const Type type,
                            PartitionTypeOf(base, *base.FindPartitionSpec(spec_id)));
  std::vector<std::shared_ptr<const ColumnarManifest>> decoded;
  std::vector<PlacedEntry> entries;
  for (const ManifestFile& manifest : of_spec) {
    ICEFRAME_ASSIGN_OR_RETURN(decoded.emplace_back(),
                              ReadManifest(attempt.context, attempt.io, base, manifest));
    for (int64_t i = 0; i < decoded.back()->num_entries(); ++i) {
      if (!decoded.back()->is_live(i)) continue;
      PlacedEntry placed{{}, decoded.back().get(), i};
      for (size_t field = 0; field < type.fields().size(); ++field) {
        placed.partition.push_back(decoded.back()->partition_value(i, static_cast<int>(field)));
      }
      entries.push_back(std::move(placed));
    }
  }
  std::ranges::stable_sort(entries, [&](const PlacedEntry& left, const PlacedEntry& right) {
    return IsBefore(type, left, right);
  });
  for (const PlacedEntry& placed : entries) {
    ICEFRAME_RETURN_NOT_OK(attempt.context.Check());
    ICEFRAME_ASSIGN_OR_RETURN(ManifestEntry entry, placed.manifest->Entry(placed.entry));
    entry.status = EntryStatus::kExisting;
    ICEFRAME_RETURN_NOT_OK(writer.Add(entry));
  }
  ICEFRAME_ASSIGN_OR_RETURN(auto written, writer.Finish());
  written_.insert(written_.end(), written.begin(), written.end());
  return Status::OK();
}

Status RewriteManifestsAction::Rewrite(const CommitAttempt& attempt,
                                       const std::vector<ManifestFile>& manifests) {
  replaced_.clear();
  written_.clear();
  ICEFRAME_ASSIGN_OR_RETURN(const auto chosen,
                            ToRewrite(*attempt.base.metadata, manifests, target_size_bytes_));
  if (chosen.empty()) {
    return Error(ErrorKind::kCommitRejected, "the table's manifests are as they should be: ",
                 attempt.base.identifier.ToString());
  }
  for (const auto& [spec_id, of_spec] : DataManifests(chosen)) {
    ICEFRAME_RETURN_NOT_OK(Cluster(attempt, of_spec));
  }
  for (const ManifestFile& manifest : chosen) replaced_.push_back(ManifestKey(manifest));
  return Status::OK();
}

Result<SnapshotAction::Content> RewriteManifestsAction::MakeContent(const CommitAttempt& attempt,
                                                                    const Parent& parent) {
  std::set<std::string> present;
  for (const ManifestFile& manifest : parent.manifests) present.insert(ManifestKey(manifest));
  const bool still_fits =
      !replaced_.empty() &&
      std::ranges::all_of(replaced_, [&](const std::string& key) { return present.contains(key); });
  if (!still_fits) ICEFRAME_RETURN_NOT_OK(Rewrite(attempt, parent.manifests));
  Content content;
  content.operation = "replace";
  content.manifests = written_;
  const std::set<std::string_view> replaced(replaced_.begin(), replaced_.end());
  for (const ManifestFile& manifest : parent.manifests) {
    if (!replaced.contains(ManifestKey(manifest))) content.manifests.push_back(manifest);
  }
  return content;
}

}  // namespace iceframe
