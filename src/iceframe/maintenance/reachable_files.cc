// SPDX-License-Identifier: Apache-2.0
#include "iceframe/maintenance/reachable_files.h"

#include <mutex>
#include <unordered_set>
#include <utility>

#include "iceframe/maintenance/file_places.h"
#include "iceframe/table/manifest_files.h"

namespace iceframe {

namespace {

// A failure that may be passed over, as what is missing names nothing to delete.
bool IsPassedOver(const OperationContext& context, const Status& status, MissingFiles missing) {
  if (missing == MissingFiles::kError || KindOf(status) != ErrorKind::kNotFound) return false;
  context.Log(LogLevel::kWarning, "maintenance",
              "what it named is left behind: ", status.message());
  return true;
}

using Places = std::unordered_set<std::string>;

Places StatisticsOf(const TableMetadata& metadata) {
  Places places;
  for (const auto& file : metadata.statistics) places.insert(PlaceOf(file.statistics_path));
  for (const auto& file : metadata.partition_statistics) {
    places.insert(PlaceOf(file.statistics_path));
  }
  return places;
}

void AddStatistics(const TableMetadata& before, const TableMetadata& after, UnneededFiles* files) {
  const Places needed = StatisticsOf(after);
  const auto add = [&](const std::string& path) {
    if (!needed.contains(PlaceOf(path))) files->statistics_files.push_back(path);
  };
  for (const auto& file : before.statistics) add(file.statistics_path);
  for (const auto& file : before.partition_statistics) add(file.statistics_path);
}

void AddManifestLists(const std::vector<const Snapshot*>& gone,
                      const std::vector<const Snapshot*>& kept, UnneededFiles* files) {
  Places needed;
  for (const Snapshot* snapshot : kept) needed.insert(PlaceOf(snapshot->manifest_list));
  for (const Snapshot* snapshot : gone) {
    if (snapshot->manifest_list.empty()) continue;
    if (!needed.insert(PlaceOf(snapshot->manifest_list)).second) continue;
    files->manifest_lists.push_back(snapshot->manifest_list);
  }
}

struct NamedFile {
  std::string location;
  bool is_data = true;
};

// A table in one state, and manifests of it.
struct ManifestsOf {
  const TableMetadata& metadata;
  const ManifestsByPlace& manifests;
};

// What `gone` names, but for what `kept` names too.
Status AddContentFiles(const OperationContext& context, FileIO& io, const ManifestsOf& gone,
                       const ManifestsOf& kept, UnneededFiles* files) {
  std::unordered_map<std::string, NamedFile> named;
  ICEFRAME_RETURN_NOT_OK(VisitManifests(
      context, io, gone.metadata, gone.manifests, MissingFiles::kLogged,
      [&](const ManifestFile& file, const ColumnarManifest& manifest) {
        for (int64_t i = 0; i < manifest.num_entries(); ++i) {
          if (!manifest.is_live(i)) continue;
          const std::string location(manifest.file_path(i));
          named.try_emplace(PlaceOf(location),
                            NamedFile{location, file.content == ManifestContent::kData});
        }
        return Status::OK();
      }));
  if (named.empty()) return Status::OK();
  ICEFRAME_RETURN_NOT_OK(VisitManifests(context, io, kept.metadata, kept.manifests,
                                        MissingFiles::kError,
                                        [&](const ManifestFile&, const ColumnarManifest& manifest) {
                                          for (int64_t i = 0; i < manifest.num_entries(); ++i) {
                                            if (manifest.is_live(i))
                                              named.erase(PlaceOf(manifest.file_path(i)));
                                          }
                                          return Status::OK();
                                        }));
  for (auto& [place, file] : named) {
    (file.is_data ? files->data_files : files->delete_files).push_back(std::move(file.location));
  }
  return Status::OK();
}

}  // namespace

Result<std::vector<const Snapshot*>> SnapshotsOf(const TableMetadata& metadata) {
  std::vector<const Snapshot*> snapshots;
  for (const auto& listed : metadata.snapshots) {
    ICEFRAME_ASSIGN_OR_RETURN(snapshots.emplace_back(), listed->Get());
  }
  return snapshots;
}

Status AddManifests(const OperationContext& context, FileIO& io, const TableMetadata& metadata,
                    const std::vector<const Snapshot*>& snapshots, MissingFiles missing,
                    ManifestsByPlace* manifests) {
  std::mutex mutex;
  return context.executor->ParallelForIo(
      static_cast<int64_t>(snapshots.size()),
      [&](int64_t place) -> Status {
        const auto listed =
            ReadManifestList(context, io, metadata, *snapshots[static_cast<size_t>(place)]);
        if (!listed.ok()) {
          if (IsPassedOver(context, listed.status(), missing)) return Status::OK();
          return listed.status();
        }
        const std::lock_guard lock(mutex);
        for (const ManifestFile& manifest : **listed) {
          manifests->try_emplace(PlaceOf(manifest.manifest_path), manifest);
        }
        return Status::OK();
      },
      context.cancel);
}

Status VisitManifests(
    const OperationContext& context, FileIO& io, const TableMetadata& metadata,
    const ManifestsByPlace& manifests, MissingFiles missing,
    const std::function<Status(const ManifestFile&, const ColumnarManifest&)>& visit) {
  std::vector<const ManifestFile*> files;
  for (const auto& [place, manifest] : manifests) files.push_back(&manifest);
  std::mutex mutex;
  return context.executor->ParallelForIo(
      static_cast<int64_t>(files.size()),
      [&](int64_t place) -> Status {
        const ManifestFile& file = *files[static_cast<size_t>(place)];
        const auto manifest = ReadManifest(context, io, metadata, file);
        if (!manifest.ok()) {
          if (IsPassedOver(context, manifest.status(), missing)) return Status::OK();
          return manifest.status();
        }
        const std::lock_guard lock(mutex);
        return visit(file, **manifest);
      },
      context.cancel);
}

std::vector<std::string> UnneededFiles::All() const {
  std::vector<std::string> all;
  for (const auto* files :
       {&data_files, &delete_files, &statistics_files, &manifests, &manifest_lists}) {
    all.insert(all.end(), files->begin(), files->end());
  }
  return all;
}

Result<UnneededFiles> FindUnneededFiles(const OperationContext& context, FileIO& io,
                                        const TableMetadata& before, const TableMetadata& after) {
  ICEFRAME_ASSIGN_OR_RETURN(const auto kept, SnapshotsOf(after));
  ICEFRAME_ASSIGN_OR_RETURN(std::vector<const Snapshot*> gone, SnapshotsOf(before));
  std::erase_if(gone,
                [&](const Snapshot* snapshot) { return after.HasSnapshot(snapshot->snapshot_id); });
  UnneededFiles files;
  AddManifestLists(gone, kept, &files);
  AddStatistics(before, after, &files);
  ManifestsByPlace of_kept, of_gone;
  ICEFRAME_RETURN_NOT_OK(AddManifests(context, io, after, kept, MissingFiles::kError, &of_kept));
  ICEFRAME_RETURN_NOT_OK(AddManifests(context, io, before, gone, MissingFiles::kLogged, &of_gone));
  std::erase_if(of_gone, [&](const auto& item) { return of_kept.contains(item.first); });
  for (const auto& [place, manifest] : of_gone) files.manifests.push_back(manifest.manifest_path);
  ICEFRAME_RETURN_NOT_OK(AddContentFiles(context, io, {before, of_gone}, {after, of_kept}, &files));
  return files;
}

}  // namespace iceframe
