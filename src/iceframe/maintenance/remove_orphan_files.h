// SPDX-License-Identifier: Apache-2.0
// Files in a table's folder that nothing refers to: left by writers that failed or were killed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/runtime/operation_context.h"
#include "iceframe/table/table.h"

namespace iceframe {

/// Files that changed less than so long ago are not deleted unless it is asked for: they may be
/// those of a writer that is at work.
inline constexpr int64_t kMinOrphanAgeMs = int64_t{3} * 24 * 60 * 60 * 1000;

struct RemoveOrphanFilesOptions {
  /// Only files that did not change since count; default: kMinOrphanAgeMs ago.
  std::optional<int64_t> older_than_ms;
  /// Only tells what would be deleted.
  bool dry_run = true;
  /// Allows for files younger than kMinOrphanAgeMs to be deleted: no writer may be at work.
  bool allow_recent = false;
  int max_parallel_deletes = 4;
};

struct RemoveOrphanFilesReport {
  /// What was (in a dry run: would be) deleted, sorted.
  std::vector<std::string> files;
  int64_t num_bytes = 0;
  /// Those that could not be deleted; not among `files`.
  std::vector<std::string> left_behind;
};

/// Lists the table's location and compares it with all that the table's present metadata refers to:
/// files, manifests, lists and statistics of all its snapshots, and its metadata files.
///
/// The table is loaded after its folder was listed, so that no commit in between is missed.
/// Locations are compared whatever way they are written; a reference that differs in its scheme
/// alone ends it (InvalidMetadata), as do a manifest or list that can't be read. Links are not
/// followed; folders of other tables below the location, which hold metadata of their own, are left
/// alone.
///
/// Errors: InvalidArgument for `older_than_ms` less than kMinOrphanAgeMs ago, or if the table's
/// metadata does not lie at its location; Unsupported as CheckMayDeleteFiles; Io.
Result<RemoveOrphanFilesReport> RemoveOrphanFiles(const OperationContext& context,
                                                  const std::shared_ptr<const Table>& table,
                                                  const RemoveOrphanFilesOptions& options = {});

}  // namespace iceframe
