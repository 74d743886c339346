// SPDX-License-Identifier: Apache-2.0
#include "iceframe/streaming/writer_commits.h"

#include <algorithm>
#include <utility>

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "iceframe/execution/append.h"
#include "iceframe/table/commit_options.h"

namespace iceframe {

namespace {

/// Rows that come in few at a time are written in pieces of this size.
constexpr int64_t kPieceRows = 64 * 1024;

/// The rows in the form's columns; small batches are joined as they are asked for.
class JoinedRows final : public arrow::RecordBatchReader {
 public:
  JoinedRows(const RowForm& form, const std::vector<RowsToCommit>& rows, arrow::MemoryPool* pool)
      : form_(form), rows_(rows), pool_(pool) {}

  std::shared_ptr<arrow::Schema> schema() const override { return form_.arrow_schema(); }

  Status ReadNext(std::shared_ptr<arrow::RecordBatch>* out) override {
    arrow::RecordBatchVector few;
    int64_t num_rows = 0;
    while (next_ < rows_.size()) {
      const int64_t more = rows_[next_].record.rows->num_rows();
      if (!few.empty() && num_rows + more > kPieceRows) break;
      ICEFRAME_ASSIGN_OR_RETURN(auto batch, Take(rows_[next_++]));
      num_rows += more;
      few.push_back(std::move(batch));
    }
    out->reset();
    if (few.size() <= 1) {
      if (!few.empty()) *out = std::move(few[0]);
      return Status::OK();
    }
    return arrow::ConcatenateRecordBatches(few, pool_).Value(out);
  }

 private:
  Result<std::shared_ptr<arrow::RecordBatch>> Take(const RowsToCommit& part) const {
    const arrow::RecordBatch& rows = *part.record.rows;
    if (!part.kept_with->Equals(*form_.schema_to_keep(), true)) {
      return form_.Adopt(rows, *part.kept_with);
    }
    return arrow::RecordBatch::Make(form_.arrow_schema(), rows.num_rows(), rows.column_data());
  }

  const RowForm& form_;
  const std::vector<RowsToCommit>& rows_;
  arrow::MemoryPool* const pool_;
  size_t next_ = 0;
};

}  // namespace

Result<WriterCommits> WriterCommits::Make(std::shared_ptr<const Table> table,
                                          std::optional<std::string> writer_id, std::string log_id,
                                          int64_t epoch) {
  WriterCommits commits(std::move(table), std::move(writer_id));
  if (commits.writer_id_) {
    ICEFRAME_ASSIGN_OR_RETURN(commits.committed_,
                              FindWriterPosition(*commits.table_->metadata(), *commits.writer_id_));
  }
  commits.log_id_ = std::move(log_id);
  commits.epoch_ = epoch;
  return commits;
}

Status WriterCommits::Refresh(const OperationContext& context) {
  ICEFRAME_ASSIGN_OR_RETURN(auto table, table_->Refresh(context));
  if (table->metadata()->table_uuid != table_->metadata()->table_uuid) {
    is_replaced_ = true;
    return Error(ErrorKind::kCommitRejected,
                 "table was replaced by another of its name: ", table->identifier().ToString());
  }
  table_ = std::move(table);
  const auto& schema = table_->metadata()->current_schema();
  if (form_ == nullptr || form_->schema()->schema_id() != schema->schema_id()) {
    ICEFRAME_ASSIGN_OR_RETURN(form_, RowForm::Make(schema, context.pool()));
  }
  return CatchUp();
}

Status WriterCommits::CheckOwn(const WriterPosition& found) {
  if (found == committed_ || found.log_id == log_id_) return Status::OK();
  is_replaced_ = true;
  return Error(ErrorKind::kCommitRejected,
               "another writer has taken this one's place: ", writer_id_.value_or(""),
               " is at write ", found.sequence, " of run ", found.epoch, ", this is run ", epoch_,
               "; open it anew where it should go on, and give each process an id of its own");
}

Status WriterCommits::CatchUp() {
  if (!writer_id_) return Status::OK();
  ICEFRAME_ASSIGN_OR_RETURN(WriterPosition found,
                            FindWriterPosition(*table_->metadata(), *writer_id_));
  ICEFRAME_RETURN_NOT_OK(CheckOwn(found));
  // Less than this run has committed is a rollback's doing: its rows are to stay away.
  if (found.sequence > committed_.sequence) committed_ = std::move(found);
  return Status::OK();
}

Status WriterCommits::Append(const OperationContext& context,
                             const std::vector<RowsToCommit>& rows) {
  WriterPosition target{committed_.sequence, epoch_, log_id_, committed_.token};
  for (const RowsToCommit& part : rows) {
    target.sequence = std::max(target.sequence, part.record.last_sequence);
    if (part.record.token) target.token = part.record.token;
  }
  CommitOptions options;
  if (writer_id_) {
    ICEFRAME_ASSIGN_OR_RETURN(auto update, UpdateOfWriter(*writer_id_, target));
    options.positions.push_back(std::move(update));
    options.validator = [this](const TableMetadata& base) -> Status {
      ICEFRAME_ASSIGN_OR_RETURN(const auto found, FindWriterPosition(base, *writer_id_));
      ICEFRAME_RETURN_NOT_OK(CheckOwn(found));
      if (found.sequence <= committed_.sequence) return Status::OK();
      return Error(ErrorKind::kCommitRejected, "these rows are in the table already");
    };
  }
  JoinedRows reader(*form_, rows, context.pool());
  ICEFRAME_ASSIGN_OR_RETURN(const WriteReport report, AppendRows(context, table_, reader, options));
  table_ = report.table;
  committed_ = std::move(target);
  return Status::OK();
}

Status WriterCommits::Commit(const OperationContext& context,
                             const std::vector<RowsToCommit>& rows) {
  while (true) {
    const int64_t before = committed_.sequence;
    ICEFRAME_RETURN_NOT_OK(Refresh(context));
    // Commits whose answers were lost may have landed meanwhile.
    std::vector<RowsToCommit> missing = rows;
    if (writer_id_) {
      std::erase_if(missing, [&](const RowsToCommit& part) {
        return part.record.last_sequence <= committed_.sequence;
      });
    }
    if (missing.empty()) return Status::OK();
    const Status appended = Append(context, missing);
    if (appended.ok() || KindOf(appended) != ErrorKind::kCommitRejected) return appended;
    ICEFRAME_RETURN_NOT_OK(Refresh(context));
    if (committed_.sequence == before) return appended;
  }
}

}  // namespace iceframe
