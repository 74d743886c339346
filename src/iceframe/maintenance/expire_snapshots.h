// SPDX-License-Identifier: Apache-2.0
// Forgetting old snapshots, and deleting the files that only they needed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/maintenance/reachable_files.h"
#include "iceframe/runtime/operation_context.h"
#include "iceframe/table/expire_snapshots_action.h"
#include "iceframe/table/table.h"

namespace iceframe {

struct ExpireOptions : ExpireSnapshotsOptions {
  /// Deletes the files that no snapshot needs any more; false: they are left as orphans.
  bool delete_files = true;
  int max_parallel_deletes = 4;
  /// Only tells what would be done.
  bool dry_run = false;
};

struct ExpireReport {
  std::shared_ptr<const Table> table;
  /// What expired, snapshots oldest first.
  Expiration expired;
  /// What was (in a dry run: would be) deleted.
  UnneededFiles files;
  /// Of those, the files that could not be deleted, and those that lie outside of the table's own
  /// folders, which are never deleted.
  std::vector<std::string> left_behind;
};

/// Commits an ExpireSnapshotsAction, if anything expires, and then deletes the files that no
/// snapshot of any branch or tag needs: only those below the table's location, write.data.path and
/// write.metadata.path. Positions of streams stay known (table/stream_positions.h).
///
/// Nothing is deleted before the commit is known to have landed, nor after an unknown outcome. If a
/// list or manifest that is still needed can't be read, the snapshots have expired, and the error
/// says that no file was deleted. Errors: those of ChooseExpired and CommitAction; Io.
Result<ExpireReport> ExpireSnapshots(const OperationContext& context,
                                     const std::shared_ptr<const Table>& table,
                                     const ExpireOptions& options = {});

}  // namespace iceframe
