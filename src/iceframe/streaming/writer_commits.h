// SPDX-License-Identifier: Apache-2.0
// Getting a writer's rows into the table, each write once.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"
#include "iceframe/runtime/operation_context.h"
#include "iceframe/streaming/log_record.h"
#include "iceframe/streaming/row_form.h"
#include "iceframe/streaming/writer_position.h"
#include "iceframe/table/table.h"

namespace iceframe {

/// Rows of some writes, and the columns that they were taken with.
struct RowsToCommit {
  LogRecord record;
  /// With field ids (RowForm::schema_to_keep).
  std::shared_ptr<arrow::Schema> kept_with;
};

/// Commits for one run of a writer. Not thread-safe.
///
/// Each commit says up to which write the table has the writer's rows, and is made only on a table
/// that has all those before and none after: a commit that landed without an answer is found when
/// it is tried again, and a run whose place another one took commits nothing any more.
class WriterCommits {
 public:
  /// Begins after what the table has of the writer; without an id, no position is kept.
  static Result<WriterCommits> Make(std::shared_ptr<const Table> table,
                                    std::optional<std::string> writer_id, std::string log_id,
                                    int64_t epoch);

  /// Commits rows, which follow those before, as one snapshot.
  ///
  /// Errors: CommitRejected when another run has taken the writer's place, or the table another
  /// one's: both are final. CommitStateUnknown: tried again, it finds out. Others mean that no row
  /// is in the table.
  Status Commit(const OperationContext& context, const std::vector<RowsToCommit>& rows);

  const WriterPosition& position() const { return committed_; }
  /// Whether another run has the writer's place, or another table this one's: no commit of this run
  /// can succeed any more.
  bool is_replaced() const { return is_replaced_; }
  /// As of the last commit.
  const std::shared_ptr<const Table>& table() const { return table_; }

 private:
  WriterCommits(std::shared_ptr<const Table> table, std::optional<std::string> writer_id)
      : table_(std::move(table)), writer_id_(std::move(writer_id)) {}
  Status Refresh(const OperationContext& context);
  Status Append(const OperationContext& context, const std::vector<RowsToCommit>& rows);
  /// OK where nobody but this run has moved the writer's position.
  Status CheckOwn(const WriterPosition& found);
  /// Takes over what the table has of this run.
  Status CatchUp();

  std::shared_ptr<const Table> table_;
  std::optional<std::string> writer_id_;
  /// What the table has of the writer.
  WriterPosition committed_;
  std::string log_id_;
  bool is_replaced_ = false;
  int64_t epoch_ = 0;
  std::shared_ptr<const RowForm> form_;
};

}  // namespace iceframe
