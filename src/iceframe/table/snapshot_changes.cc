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
using Wanted = std::function<bool(const ColumnarManifest& manifest, int64_t entry)>;

// Where entries are read from.
struct Source {
  const OperationContext& context;
  FileIO& io;
  const TableMetadata& metadata;
  bool with_statistics = false;
};

Status AddEntries(const Source& source, const ManifestFile& file, const Wanted& wanted,
                  std::vector<ManifestEntry>* entries) {
  ICEFRAME_RETURN_NOT_OK(source.context.Check());
  ICEFRAME_ASSIGN_OR_RETURN(const auto manifest,
                            ReadManifest(source.context, source.io, source.metadata, file));
  for (int64_t i = 0; i < manifest->num_entries(); ++i) {
    if (!wanted(*manifest, i)) continue;
    ICEFRAME_ASSIGN_OR_RETURN(ManifestEntry entry, source.with_statistics
                                                       ? manifest->Entry(i)
                                                       : manifest->EntryWithoutStatistics(i));
    entries->push_back(std::move(entry));
  }
  return Status::OK();
}

bool IsLive(const ColumnarManifest& manifest, int64_t entry) { return manifest.is_live(entry); }

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
    ICEFRAME_RETURN_NOT_OK(AddEntries(source, manifest, IsLive, &files));
  }
  std::ranges::stable_sort(files, {}, &ManifestEntry::data_sequence_number);
  return Status::OK();
}

// Reads what the snapshot's own manifests say of it.
Status ReadOwnChanges(const Source& source, const std::vector<ManifestFile>& list,
                      SnapshotChanges* changes) {
  const SnapshotId id = changes->snapshot->snapshot_id;
  const auto of_status = [id](EntryStatus status) -> Wanted {
    return [id, status](const ColumnarManifest& manifest, int64_t entry) {
      return manifest.status(entry) == status && manifest.snapshot_id(entry) == id;
    };
  };
  for (const ManifestFile& manifest : list) {
    if (manifest.added_snapshot_id != id) continue;
    if (manifest.content == ManifestContent::kDeletes) {
      std::vector<ManifestEntry> deletes;
      ICEFRAME_RETURN_NOT_OK(
          AddEntries(source, manifest, of_status(EntryStatus::kAdded), &deletes));
      changes->has_delete_files = changes->has_delete_files || !deletes.empty();
      continue;
    }
    ICEFRAME_RETURN_NOT_OK(
        AddEntries(source, manifest, of_status(EntryStatus::kAdded), &changes->files.added));
    ICEFRAME_RETURN_NOT_OK(
        AddEntries(source, manifest, of_status(EntryStatus::kDeleted), &changes->files.removed));
  }
  return Status::OK();
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
    ICEFRAME_RETURN_NOT_OK(AddEntries(source, manifest, IsLive, &files));
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
                                            std::optional<SnapshotId> since, bool with_statistics) {
  const Source source{context, io, metadata, with_statistics};
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
