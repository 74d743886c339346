// SPDX-License-Identifier: Apache-2.0
// What writers that ended without closing left behind: seen, and brought into the table.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/runtime/operation_context.h"
#include "iceframe/streaming/log_record.h"
#include "iceframe/streaming/writer_slot.h"
#include "iceframe/table/table.h"

namespace iceframe {

/// The log of one writer.
struct WriterLog {
  std::string folder;
  /// Of the newest run; empty where no log has a whole header.
  LogIdentity identity;
  /// The writer lives, and has its log to itself.
  bool is_open = false;
  /// Rows in the log; those of its last commit may be in the table already.
  int64_t num_rows = 0;
  int64_t num_bytes = 0;
  /// What is wrong with it; OK: nothing.
  Status status;
};

/// The logs with rows below a state folder, of all tables. Reads them whole. Errors: Io.
Result<std::vector<WriterLog>> ListWriterLogs(const OperationContext& context,
                                              const std::string& state_folder);

struct ReplayReport {
  /// The table with the rows in it.
  std::shared_ptr<const Table> table;
  int64_t num_rows = 0;
  int64_t num_commits = 0;
};

/// Commits the rows of a log that its table lacks, each write once, and deletes the log. An error
/// keeps it; called again, it goes on where it ended.
/// Errors: InvalidData for a damaged log; Unsupported for one of another version; those of
/// WriterCommits and CommittedSequence.
Result<ReplayReport> ReplayLog(const OperationContext& context, std::shared_ptr<const Table> table,
                               const WriterSlot& slot);

/// The same for all of the table's logs whose writers don't live. A log that can't be replayed is
/// left as it is, and logged; its error is the result once the others are done.
Result<ReplayReport> ReplayLogs(const OperationContext& context, std::shared_ptr<const Table> table,
                                const std::string& state_folder);

}  // namespace iceframe
