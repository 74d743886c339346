// SPDX-License-Identifier: Apache-2.0
// Which data files came and went, with one snapshot and between two.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/format/data_file.h"
#include "iceframe/format/manifest_file.h"
#include "iceframe/format/table_metadata.h"
#include "iceframe/io/file_io.h"
#include "iceframe/runtime/operation_context.h"

namespace iceframe {

/// Data files that a table gained and lost. A plain value.
struct FileDifference {
  std::vector<ManifestEntry> added;
  std::vector<ManifestEntry> removed;
};

/// What a snapshot is to readers of new rows.
enum class SnapshotEffect : uint8_t {
  /// The same rows as before: a rewrite ("replace"), or nothing at all.
  kNone,
  kAppends,
  /// Rows went, none came.
  kRemoves,
  /// Rows went and came: which of them are new, only their values tell.
  kOverwrites,
};

/// A manifest that only appends, and was not read since nothing of it is wanted: its files are not
/// among the changes.
struct SkippedManifest {
  int64_t num_bytes = 0;
  /// The files that would have been read of it.
  int64_t num_files = 0;
};

struct SnapshotChanges {
  const Snapshot* snapshot = nullptr;
  SnapshotEffect effect = SnapshotEffect::kNone;
  /// Empty where the effect is kNone.
  FileDifference files;
  /// Rows went by delete files.
  bool has_delete_files = false;
  std::vector<SkippedManifest> skipped_manifests;
};

/// Which parts of a snapshot's changes are read.
struct SnapshotChangesOptions {
  /// Whether the files' counts and bounds are read too.
  bool with_statistics = false;
  /// Whether a manifest may have files that are wanted. Empty: all may. Where the snapshot removed
  /// anything, all manifests are read.
  std::function<Result<bool>(const ManifestFile&)> may_be_wanted = {};
};

/// Returns the snapshots that led from `since` (nullopt: from nothing) to `until`, oldest first,
/// without `since` itself; it may have expired if its child has not.
/// Errors: InvalidArgument if `since` is not in the line of `until`; NotFound (`until`).
Result<std::vector<const Snapshot*>> SnapshotsAfter(const TableMetadata& metadata,
                                                    std::optional<SnapshotId> since,
                                                    SnapshotId until);

/// The last snapshot of the line of `until` that was made at or before the time; nullopt: the line
/// began later. Errors: InvalidArgument if only an expired one can be meant.
Result<std::optional<SnapshotId>> SnapshotBefore(const TableMetadata& metadata,
                                                 int64_t timestamp_ms, SnapshotId until);

/// What a snapshot did. One whose parent is not in the table any more, and is not `since`, counts
/// as one that added all its files: what a reader from the start has to read.
/// Reads the manifests that the snapshot wrote. Errors: those of ReadManifest.
Result<SnapshotChanges> ReadSnapshotChanges(const OperationContext& context, FileIO& io,
                                            const TableMetadata& metadata, const Snapshot& snapshot,
                                            std::optional<SnapshotId> since,
                                            const SnapshotChangesOptions& options = {});

/// The data files that one snapshot (nullptr: without any) has and the other has not. Reads the
/// manifests that are not in both. Errors: Unsupported naming a snapshot with delete files; those
/// of ReadManifest.
Result<FileDifference> CompareSnapshots(const OperationContext& context, FileIO& io,
                                        const TableMetadata& metadata, const Snapshot* from,
                                        const Snapshot* to);

}  // namespace iceframe
