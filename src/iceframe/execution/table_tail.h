// SPDX-License-Identifier: Apache-2.0
// A table followed: the new rows of each snapshot, as they come.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/execution/scan_plan.h"
#include "iceframe/runtime/operation_context.h"
#include "iceframe/table/table.h"

namespace iceframe {

/// Where a tail begins that goes on from nowhere.
enum class TailStart : uint8_t {
  /// With what is committed after it was made.
  kLatest,
  /// With all rows of the oldest snapshot that is left.
  kEarliest,
};

struct TailOptions {
  /// What an earlier tail of the table said of itself: this one goes on behind it.
  std::optional<std::string> token;
  /// Where there is no token.
  TailStart start = TailStart::kLatest;
  std::string branch = kMainBranch;
  RemovedRows on_removed = RemovedRows::kError;
};

/// One snapshot's new rows, to be read.
struct TailStep {
  SnapshotId snapshot_id;
  int64_t timestamp_ms = 0;
  /// A tail that starts with it goes on behind this snapshot.
  std::string token;
  /// The table as it was loaded, and the scan that gives the rows, in the snapshot's own columns;
  /// the caller may add columns, a filter, a limit.
  std::shared_ptr<const Table> table;
  ScanOptions scan;
};

/// Goes through the snapshots of a branch, oldest first, and gives out those that brought rows.
/// Snapshots that kept all rows, and those that are to be skipped, are passed over.
///
/// Used by one thread at a time.
class TableTail {
 public:
  /// Errors: InvalidArgument for a token that is none, or of another table; NotFound (branch).
  static Result<TableTail> Make(std::shared_ptr<const Table> table, TailOptions options);

  /// The next snapshot that brought rows; nullopt: there is none yet. Loads the table anew when
  /// those that it knew are through.
  ///
  /// Errors: InvalidArgument where the branch was set back behind the tail, or the snapshots that
  /// come next have expired, or one of them removed rows (kError); NotFound and CommitRejected if
  /// the table is gone or another one has taken its name; those of reading manifests. The tail
  /// stays where it was.
  Result<std::optional<TailStep>> Next(const OperationContext& context);

  /// As Next, but waits up to `timeout` (nullopt: for ever) for a snapshot, and looks for one every
  /// `poll_interval`. Errors: those of Next; Cancelled; Timeout of the context.
  Result<std::optional<TailStep>> Wait(const OperationContext& context,
                                       std::chrono::milliseconds poll_interval,
                                       std::optional<std::chrono::milliseconds> timeout);

  /// Where a tail would go on behind what was given out.
  std::string token() const;

 private:
  TableTail(std::shared_ptr<const Table> table, TailOptions options);
  Status Queue();
  Result<bool> BringsRows(const OperationContext& context, const Snapshot& snapshot) const;
  TailStep StepOf(const Snapshot& snapshot) const;

  std::shared_ptr<const Table> table_;
  const TailOptions options_;
  /// The last snapshot that was given out or passed over; nullopt: there was none.
  std::optional<SnapshotId> position_;
  /// Snapshots of the table after the position, the next one last.
  std::vector<const Snapshot*> queue_;
};

}  // namespace iceframe
