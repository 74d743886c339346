// SPDX-License-Identifier: Apache-2.0
#include "iceframe/maintenance/remove_orphan_files.h"

#include <algorithm>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "iceframe/maintenance/file_places.h"
#include "iceframe/maintenance/maintenance_operations.h"
#include "iceframe/maintenance/reachable_files.h"
#include "iceframe/runtime/running_operation.h"
#include "iceframe/table/expire_snapshots_action.h"

namespace iceframe {

namespace {

// The places of the files that a table refers to.
class References {
 public:
  explicit References(std::string_view location)
      : scheme_(PlaceOf(location).substr(0, PlaceOf(location).find(':'))) {}

  void Add(std::string_view location) {
    if (location.empty()) return;
    std::string place = PlaceOf(location);
    const bool is_of_scheme = place.starts_with(scheme_ + ":");
    if (!is_of_scheme) other_paths_.emplace(PathOfPlace(place));
    places_.insert(std::move(place));
  }
  bool Has(const std::string& place) const { return places_.contains(place); }
  // Whether a reference would be to that place if schemes did not count.
  bool MayMean(const std::string& place) const {
    return other_paths_.contains(std::string(PathOfPlace(place)));
  }

 private:
  const std::string scheme_;
  std::unordered_set<std::string> places_;
  std::unordered_set<std::string> other_paths_;
};

Result<References> ReferencesOf(const OperationContext& context, const Table& table) {
  const TableMetadata& metadata = *table.metadata();
  References references(metadata.location);
  references.Add(table.metadata_location());
  for (const MetadataLogEntry& entry : metadata.metadata_log) references.Add(entry.metadata_file);
  for (const auto& file : metadata.statistics) references.Add(file.statistics_path);
  for (const auto& file : metadata.partition_statistics) references.Add(file.statistics_path);
  ICEFRAME_ASSIGN_OR_RETURN(const auto snapshots, SnapshotsOf(metadata));
  for (const Snapshot* snapshot : snapshots) references.Add(snapshot->manifest_list);
  ManifestsByPlace manifests;
  ICEFRAME_RETURN_NOT_OK(
      AddManifests(context, *table.io(), metadata, snapshots, MissingFiles::kError, &manifests));
  for (const auto& [place, manifest] : manifests) references.Add(manifest.manifest_path);
  // Deleted entries count too: it costs little to be careful.
  ICEFRAME_RETURN_NOT_OK(VisitManifests(context, *table.io(), metadata, manifests,
                                        MissingFiles::kError,
                                        [&](const ManifestFile&, const ColumnarManifest& manifest) {
                                          for (int64_t i = 0; i < manifest.num_entries(); ++i)
                                            references.Add(manifest.file_path(i));
                                          return Status::OK();
                                        }));
  return references;
}

std::string_view FolderOf(std::string_view place) { return place.substr(0, place.rfind('/')); }

// The folders below the table's that hold metadata files: other tables lie there.
std::vector<std::string> OtherTables(const std::string& root,
                                     const std::vector<FileEntry>& entries) {
  std::vector<std::string> folders;
  for (const FileEntry& entry : entries) {
    if (!entry.location.ends_with(".metadata.json")) continue;
    const std::string place = PlaceOf(entry.location);
    std::string_view folder = FolderOf(place);
    if (folder.ends_with("/metadata")) folder = FolderOf(folder);
    if (folder != root) folders.emplace_back(folder);
  }
  return folders;
}

Status CheckTable(const Table& table) {
  ICEFRAME_RETURN_NOT_OK(CheckMayDeleteFiles(*table.metadata()));
  const std::vector<std::string> folders = FoldersOf(*table.metadata());
  const std::string place = PlaceOf(table.metadata_location());
  if (std::ranges::any_of(folders,
                          [&](const std::string& folder) { return IsBelow(place, folder); })) {
    return Status::OK();
  }
  return Error(ErrorKind::kInvalidArgument, "orphan files can't be told from others, since the ",
               "table's metadata does not lie at its location: ", table.metadata_location(),
               " and ", table.metadata()->location);
}

Status CheckAge(int64_t now_ms, int64_t older_than_ms, const RemoveOrphanFilesOptions& options) {
  if (options.dry_run || options.allow_recent || older_than_ms <= now_ms - kMinOrphanAgeMs) {
    return Status::OK();
  }
  return Error(ErrorKind::kInvalidArgument, "orphan files of less than 3 days may be those of a ",
               "writer at work: give a greater age, or allow_recent=True if there is no writer");
}

Result<std::vector<FileEntry>> FindOrphans(const OperationContext& context, const Table& table,
                                           int64_t older_than_ms) {
  const std::string location = table.metadata()->location;
  const std::string root = PlaceOf(location);
  ICEFRAME_ASSIGN_OR_RETURN(const auto entries, table.io()->List(context, location));
  ICEFRAME_ASSIGN_OR_RETURN(const auto now, table.Refresh(context));
  ICEFRAME_RETURN_NOT_OK(CheckTable(*now));
  ICEFRAME_ASSIGN_OR_RETURN(const References references, ReferencesOf(context, *now));
  const std::vector<std::string> others = OtherTables(root, entries);
  std::vector<FileEntry> orphans;
  for (const FileEntry& entry : entries) {
    const std::string place = PlaceOf(entry.location);
    if (entry.modified_ms >= older_than_ms || references.Has(place)) continue;
    if (place.ends_with("/version-hint.text")) continue;
    if (std::ranges::any_of(others,
                            [&](const std::string& folder) { return IsBelow(place, folder); })) {
      continue;
    }
    if (references.MayMean(place)) {
      return Error(ErrorKind::kInvalidMetadata, "the table refers to a file of its folder under ",
                   "another scheme, so orphans can't be told: ", entry.location);
    }
    orphans.push_back(entry);
  }
  std::ranges::sort(orphans, {}, &FileEntry::location);
  return orphans;
}

Result<RemoveOrphanFilesReport> Remove(const OperationContext& context, const Table& table,
                                       const RemoveOrphanFilesOptions& options) {
  const int64_t now_ms = context.clock->SystemNowMs();
  const int64_t older_than_ms = options.older_than_ms.value_or(now_ms - kMinOrphanAgeMs);
  ICEFRAME_RETURN_NOT_OK(CheckAge(now_ms, older_than_ms, options));
  ICEFRAME_RETURN_NOT_OK(CheckTable(table));
  ICEFRAME_ASSIGN_OR_RETURN(const auto orphans, FindOrphans(context, table, older_than_ms));
  RemoveOrphanFilesReport report;
  std::vector<std::string> locations;
  for (const FileEntry& orphan : orphans) locations.push_back(orphan.location);
  if (!options.dry_run) {
    report.left_behind = DeleteFiles(context, *table.io(), locations, options.max_parallel_deletes);
  }
  const std::unordered_set<std::string> left(report.left_behind.begin(), report.left_behind.end());
  for (const FileEntry& orphan : orphans) {
    if (left.contains(orphan.location)) continue;
    report.files.push_back(orphan.location);
    report.num_bytes += orphan.size_in_bytes;
  }
  return report;
}

}  // namespace

Result<RemoveOrphanFilesReport> RemoveOrphanFiles(const OperationContext& context,
                                                  const std::shared_ptr<const Table>& table,
                                                  const RemoveOrphanFilesOptions& options) {
  return RunOperation(context, kRemoveOrphanFilesOperation, {table->identifier().ToString()},
                      [&](const OperationContext& own) { return Remove(own, *table, options); });
}

}  // namespace iceframe
