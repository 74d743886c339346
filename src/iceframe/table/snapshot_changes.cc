// SPDX-License-Identifier: Apache-2.0
#include "iceframe/table/snapshot_changes.h"

#include <algorithm>
#include <functional>
#include <ranges>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "iceframe/table/manifest_files.h"
#include "iceframe/table/snapshot_ancestry.h"

namespace iceframe {

namespace {

using ManifestListPtr = std::shared_ptr<const std::vector<ManifestFile>>;
// Where an entry belongs; nullptr: nowhere.
using ListOfEntry =
    std::function<std::vector<ManifestEntry>*(const ColumnarManifest& manifest, int64_t entry)>;

// Where entries are read from.
struct Source {
  const OperationContext& context;
  FileIO& io;
  const TableMetadata& metadata;
  SnapshotChangesOptions options = {};
};

Status AddEntries(const Source& source, const ManifestFile& file, const ListOfEntry& list_of) {
  ICEFRAME_RETURN_NOT_OK(source.context.Check());
  ICEFRAME_ASSIGN_OR_RETURN(const auto manifest,
                            ReadManifest(source.context, source.io, source.metadata, file));
  for (int64_t i = 0; i < manifest->num_entries(); ++i) {
    std::vector<ManifestEntry>* entries = list_of(*manifest, i);
    if (entries == nullptr) continue;
    ICEFRAME_ASSIGN_OR_RETURN(ManifestEntry entry, source.options.with_statistics
                                                       ? manifest->Entry(i)
                                                       : manifest->EntryWithoutStatistics(i));
    entries->push_back(std::move(entry));
  }
  return Status::OK();
}

// Whether the manifest only appends, and nothing that is wanted.
Result<bool> IsSkipped(const Source& source, const ManifestFile& manifest) {
  if (!source.options.may_be_wanted || manifest.deleted_files_count != 0) return false;
  ICEFRAME_ASSIGN_OR_RETURN(const bool may_be_wanted, source.options.may_be_wanted(manifest));
  return !may_be_wanted;
}

ListOfEntry LiveInto(std::vector<ManifestEntry>* entries) {
  return [entries](const ColumnarManifest& manifest, int64_t entry) {
    return manifest.is_live(entry) ? entries : nullptr;
  };
}

// Whether nothing is known of what was in the table before.
bool IsFirstKnown(const TableMetadata& metadata, const Snapshot& snapshot,
                  std::optional<SnapshotId> since) {
  const auto parent = snapshot.parent_snapshot_id;
  return parent && parent != since && !metadata.HasSnapshot(*parent);
}

SnapshotEffect EffectOf(const SnapshotChanges& changes) {
  if (changes.snapshot->operation() == "replace") return SnapshotEffect::kNone;
  const bool removes = changes.has_delete_files || !changes.files.removed.empty();
  if (changes.files.added.empty()) {
    return removes ? SnapshotEffect::kRemoves : SnapshotEffect::kNone;
  }
  return removes ? SnapshotEffect::kOverwrites : SnapshotEffect::kAppends;
}

// Reads every live file of the first snapshot that is known, the oldest first.
Status ReadAllFiles(const Source& source, const std::vector<ManifestFile>& list,
                    SnapshotChanges* changes) {
  std::vector<ManifestEntry>& files = changes->files.added;
  // New manifests stand at the front of a list.
  for (const ManifestFile& manifest : std::views::reverse(list)) {
    if (!manifest.may_have_live_files()) continue;
    if (manifest.content == ManifestContent::kDeletes) {
      changes->has_delete_files = true;
      continue;
    }
    ICEFRAME_ASSIGN_OR_RETURN(const bool is_skipped, IsSkipped(source, manifest));
    if (is_skipped) {
      changes->skipped_manifests.push_back(
          {manifest.manifest_length,
           manifest.added_files_count.value_or(0) + manifest.existing_files_count.value_or(0)});
      continue;
    }
    ICEFRAME_RETURN_NOT_OK(AddEntries(source, manifest, LiveInto(&files)));
  }
  std::ranges::stable_sort(files, {}, &ManifestEntry::data_sequence_number);
  return Status::OK();
}

// Reads what the snapshot's own manifests say of it.
Status ReadOwnChanges(const Source& source, const std::vector<ManifestFile>& list,
                      SnapshotChanges* changes) {
  const SnapshotId id = changes->snapshot->snapshot_id;
  const auto into = [id](std::vector<ManifestEntry>* added,
                         std::vector<ManifestEntry>* removed) -> ListOfEntry {
    return [id, added, removed](const ColumnarManifest& manifest,
                                int64_t entry) -> std::vector<ManifestEntry>* {
      if (manifest.snapshot_id(entry) != id) return nullptr;
      if (manifest.status(entry) == EntryStatus::kAdded) return added;
      return manifest.status(entry) == EntryStatus::kDeleted ? removed : nullptr;
    };
  };
  for (const ManifestFile& manifest : list) {
    if (manifest.added_snapshot_id != id) continue;
    if (manifest.content == ManifestContent::kDeletes) {
      std::vector<ManifestEntry> deletes;
      ICEFRAME_RETURN_NOT_OK(AddEntries(source, manifest, into(&deletes, nullptr)));
      changes->has_delete_files = changes->has_delete_files || !deletes.empty();
      continue;
    }
    ICEFRAME_ASSIGN_OR_RETURN(const bool is_skipped, IsSkipped(source, manifest));
    if (is_skipped) {
      changes->skipped_manifests.push_back(
          {manifest.manifest_length, manifest.added_files_count.value_or(0)});
      continue;
    }
    ICEFRAME_RETURN_NOT_OK(
        AddEntries(source, manifest, into(&changes->files.added, &changes->files.removed)));
  }
  // Beside files that went, all that came tell what the snapshot did, in the order of the list.
  const bool removes = changes->has_delete_files || !changes->files.removed.empty();
  if (!removes || changes->skipped_manifests.empty()) return Status::OK();
  changes->files = {};
  changes->skipped_manifests.clear();
  return ReadOwnChanges({source.context,
                         source.io,
                         source.metadata,
                         {.with_statistics = source.options.with_statistics}},
                        list, changes);
}

Result<ManifestListPtr> ListOf(const OperationContext& context, FileIO& io,
                               const TableMetadata& metadata, const Snapshot* snapshot) {
  if (snapshot == nullptr) return std::make_shared<const std::vector<ManifestFile>>();
  ICEFRAME_ASSIGN_OR_RETURN(ManifestListPtr list,
                            ReadManifestList(context, io, metadata, *snapshot));
  for (const ManifestFile& manifest : *list) {
    if (manifest.content == ManifestContent::kDeletes && manifest.may_have_live_files()) {
      return Error(
          ErrorKind::kUnsupported, "changes of a snapshot with delete files can't be read ",
          "yet: ", snapshot->snapshot_id, " (compact the table with the engine that wrote it)");
    }
  }
  return list;
}

// The live files of manifests that the other list has not.
Result<std::vector<ManifestEntry>> LiveFilesBesides(const OperationContext& context, FileIO& io,
                                                    const TableMetadata& metadata,
                                                    const std::vector<ManifestFile>& list,
                                                    const std::vector<ManifestFile>& other) {
  std::set<std::string_view> known;
  for (const ManifestFile& manifest : other) known.insert(manifest.manifest_path);
  const Source source{context, io, metadata};
  std::vector<ManifestEntry> files;
  for (const ManifestFile& manifest : list) {
    if (!manifest.may_have_live_files() || known.contains(manifest.manifest_path)) continue;
    ICEFRAME_RETURN_NOT_OK(AddEntries(source, manifest, LiveInto(&files)));
  }
  return files;
}

void DropFilesOf(const std::set<std::string>& paths, std::vector<ManifestEntry>* files) {
  std::erase_if(*files, [&](const ManifestEntry& entry) {
    return paths.contains(entry.data_file.file_path);
  });
}

std::set<std::string> PathsOf(const std::vector<ManifestEntry>& files) {
  std::set<std::string> paths;
  for (const ManifestEntry& entry : files) paths.insert(entry.data_file.file_path);
  return paths;
}

}  // namespace

Result<std::vector<const Snapshot*>> SnapshotsAfter(const TableMetadata& metadata,
                                                    std::optional<SnapshotId> since,
                                                    SnapshotId until) {
  ICEFRAME_ASSIGN_OR_RETURN(std::vector<const Snapshot*> line, LineOf(metadata, until));
  if (since) {
    const auto found = std::ranges::find(line, *since, &Snapshot::snapshot_id);
    if (found == line.end() && line.back()->parent_snapshot_id != since) {
      const char* why = metadata.HasSnapshot(*since)
                            ? "snapshot is not an ancestor of the one that is read up to"
                            : "snapshot has expired or was never in this table";
      return Error(ErrorKind::kInvalidArgument, why, ", so that what came after it can't be told; ",
                   "begin from the table's start or another snapshot: ", *since, ", up to ", until);
    }
    line.erase(found, line.end());
  }
  std::ranges::reverse(line);
  return line;
}

Result<std::optional<SnapshotId>> SnapshotBefore(const TableMetadata& metadata,
                                                 int64_t timestamp_ms, SnapshotId until) {
  ICEFRAME_ASSIGN_OR_RETURN(const std::vector<const Snapshot*> line, LineOf(metadata, until));
  for (const Snapshot* snapshot : line) {
    if (snapshot->timestamp_ms <= timestamp_ms) return snapshot->snapshot_id;
  }
  if (line.back()->parent_snapshot_id) {
    return Error(ErrorKind::kInvalidArgument, "the snapshots of that time have expired, so that ",
                 "what came after it can't be told: ", timestamp_ms, " ms, the oldest one is ",
                 line.back()->snapshot_id, " of ", line.back()->timestamp_ms, " ms");
  }
  return std::nullopt;
}

Result<SnapshotChanges> ReadSnapshotChanges(const OperationContext& context, FileIO& io,
                                            const TableMetadata& metadata, const Snapshot& snapshot,
                                            std::optional<SnapshotId> since,
                                            const SnapshotChangesOptions& options) {
  const Source source{context, io, metadata, options};
  SnapshotChanges changes;
  changes.snapshot = &snapshot;
  const bool is_first = IsFirstKnown(metadata, snapshot, since);
  if (!is_first && snapshot.operation() == "replace") return changes;
  ICEFRAME_ASSIGN_OR_RETURN(const ManifestListPtr list,
                            ReadManifestList(context, io, metadata, snapshot));
  if (is_first) {
    ICEFRAME_RETURN_NOT_OK(ReadAllFiles(source, *list, &changes));
    changes.effect = changes.has_delete_files      ? SnapshotEffect::kOverwrites
                     : changes.files.added.empty() ? SnapshotEffect::kNone
                                                   : SnapshotEffect::kAppends;
    return changes;
  }
  ICEFRAME_RETURN_NOT_OK(ReadOwnChanges(source, *list, &changes));
  changes.effect = EffectOf(changes);
  return changes;
}

Result<FileDifference> CompareSnapshots(const OperationContext& context, FileIO& io,
                                        const TableMetadata& metadata, const Snapshot* from,
                                        const Snapshot* to) {
  ICEFRAME_ASSIGN_OR_RETURN(const ManifestListPtr before, ListOf(context, io, metadata, from));
  ICEFRAME_ASSIGN_OR_RETURN(const ManifestListPtr after, ListOf(context, io, metadata, to));
  FileDifference difference;
  ICEFRAME_ASSIGN_OR_RETURN(difference.added,
                            LiveFilesBesides(context, io, metadata, *after, *before));
  ICEFRAME_ASSIGN_OR_RETURN(difference.removed,
                            LiveFilesBesides(context, io, metadata, *before, *after));
  const std::set<std::string> added = PathsOf(difference.added);
  const std::set<std::string> removed = PathsOf(difference.removed);
  DropFilesOf(removed, &difference.added);
  DropFilesOf(added, &difference.removed);
  return difference;
}

}  // namespace iceframe
