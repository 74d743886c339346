// SPDX-License-Identifier: Apache-2.0
// Getting one change into a table, whatever other writers and the catalog do meanwhile.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/catalog/catalog.h"
#include "iceframe/table/commit_watch.h"
#include "iceframe/table/table.h"

namespace iceframe {

/// The actions before one in the same commit (transaction.h).
struct EarlierActions {
  /// The snapshots that they make.
  std::vector<SnapshotId> snapshot_ids;
  /// The greatest field id that the table had given when the commit began: on another base, those
  /// above may be another writer's.
  FieldId last_column_id = 0;
};

/// What one attempt of a commit starts from.
struct CommitAttempt {
  const OperationContext& context;
  FileIO& io;
  /// The table as it is believed to be.
  const LoadedTable& base;
  /// 0 for the first one.
  int number = 0;
  /// What the same commit does before this change; nullptr: nothing.
  const EarlierActions* earlier = nullptr;
};

/// One change to a table. It is asked for its updates once per attempt, each time on a new base;
/// used for one commit, by one thread.
class TableAction {
 public:
  virtual ~TableAction() = default;

  /// Computes what this change asks for on the attempt's base; may write files, deletes none.
  /// Errors: whatever says that the change can't be made on this base, e.g. CommitRejected.
  virtual Result<CommitRequest> Prepare(const CommitAttempt& attempt) = 0;
  /// Writes the files that don't depend on the base; called before a catalog's lock is taken, and
  /// any number of times. Prepare writes what was not written here.
  virtual Status WriteAhead(const CommitAttempt& attempt) {
    (void)attempt;
    return Status::OK();
  }
  /// The id of the snapshot that this commit makes, the last one of several; the same in all
  /// attempts.
  virtual std::optional<SnapshotId> snapshot_id() const { return std::nullopt; }
  /// The files written by Prepare and WriteAhead that nothing needs: `saved` is the table with this
  /// commit in it, or nullptr where it is proved that no attempt landed.
  virtual std::vector<std::string> UnusedFiles(const TableMetadata* saved) const {
    (void)saved;
    return {};
  }
};

struct CommitReport {
  /// The table with the commit in it (or later).
  std::shared_ptr<const Table> table;
  std::optional<SnapshotId> snapshot_id;
  int num_attempts = 0;
  /// The catalog did not say that the commit landed; the table did.
  bool was_reconciled = false;
};

/// Commits `action` to `table`, whose metadata is the first attempt's base.
///
/// A conflict is retried as the properties commit.retry.* say, with full jitter; from the first
/// one on under the catalog's write lock, where it has one. A table that other writers were met at
/// lately is locked from the start. An unknown outcome is looked up as
/// commit.status-check.* say. Files that nothing needs are deleted once the outcome is known, and
/// only then; if that fails, the result is the same.
///
/// Errors: CommitConflict after the last retry; CommitStateUnknown naming the snapshot id: it may
/// have landed, and nothing was deleted; what Prepare, its validator or the catalog refused with;
/// Cancelled; Timeout. All but CommitStateUnknown mean that the table is as it was. The data files
/// that an action adds stay where they are: they are the caller's. Files that `action` wrote before
/// are deleted after such an error too. `watch` says whether a request
/// is under way. An operation of its own (commit_operation.h), unless it is part of one.
/// Spec: "Commit Conflict Resolution and Retry".
Result<CommitReport> CommitAction(const OperationContext& context,
                                  const std::shared_ptr<const Table>& table, TableAction& action,
                                  CommitWatch* watch = nullptr);

}  // namespace iceframe
