// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include "iceframe/execution/aggregate_state_internal.h"
#include "iceframe/execution/file_bounds_internal.h"
#include "iceframe/execution/grouped_aggregates_internal.h"
#include "iceframe/execution/table_source_internal.h"
#include "iceframe/expression/aggregate_catalogue.h"
#include "iceframe/runtime/batch_bytes.h"
#include "iceframe/types/arrow_form.h"
#include "iceframe/types/arrow_schema.h"

namespace iceframe {

namespace {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

// A min or max on its way.
struct Extreme {
  // The column under the table's own id.
  Expression column;
  bool is_max = false;
  std::unique_ptr<AggregateState> state;
  // Null: nothing seen yet.
  Value best;

  bool IsBeatenBy(const Value& bound) const {
    if (bound.is_null()) return false;
    if (best.is_null()) return true;
    const int order = CompareValues(column.type(), bound, best);
    return is_max ? order > 0 : order < 0;
  }

  Status Consume(const ArrayPtr& values) {
    const std::vector<uint32_t> groups(static_cast<size_t>(values->length()), 0);
    ICEFRAME_RETURN_NOT_OK(state->Resize(1));
    ICEFRAME_RETURN_NOT_OK(state->Consume(groups, StorageForm(values)));
    ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr array, state->Finish());
    ICEFRAME_ASSIGN_OR_RETURN(auto type, ToArrowType(column.type()));
    ICEFRAME_ASSIGN_OR_RETURN(best, ValueFromArrow(column.type(), *WithType(array, type), 0));
    return Status::OK();
  }
};

// A file whose rows are counted; of each extreme the value that it can't beat, null for none.
struct Candidate {
  ScanTask task;
  std::vector<Value> limits;
  bool is_read = false;
};

class TableAggregates {
 public:
  TableAggregates(const OperationContext& context, const TableSide& side, int64_t batch_bytes,
                  const WantedAnswers& answers)
      : context_(context), side_(side), batch_bytes_(batch_bytes), answers_(answers) {}

  Result<arrow::ArrayVector> Compute(const RelationRead& read,
                                     const std::vector<Expression>& calls) {
    ICEFRAME_RETURN_NOT_OK(Start(read, calls));
    if (!read.rows.filter.is_false()) {
      ICEFRAME_RETURN_NOT_OK(ReadWhatIsOpen());
      ICEFRAME_RETURN_NOT_OK(ReadCandidates());
    }
    arrow::ArrayVector columns;
    auto extreme = extremes_.begin();
    for (const Expression& call : calls) {
      if (call.operands().empty()) {
        columns.push_back(std::make_shared<arrow::Int64Array>(
            1, arrow::Buffer::FromVector(std::vector<int64_t>{num_rows_})));
        continue;
      }
      ICEFRAME_RETURN_NOT_OK(extreme->state->Resize(1));
      ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr values, extreme->state->Finish());
      columns.push_back(std::move(values));
      ++extreme;
    }
    return columns;
  }

 private:
  Status Start(const RelationRead& read, const std::vector<Expression>& calls) {
    for (const Expression& call : calls) {
      of_files_.calls.push_back({NestedField{}, call});
      if (call.operands().empty()) continue;
      Extreme extreme;
      extreme.column = call.operands()[0];
      extreme.is_max = AsAggregate(call)->id == AggregateId::kMax;
      ICEFRAME_ASSIGN_OR_RETURN(extreme.state,
                                MakeAggregateState(call, context_.memory, batch_bytes_));
      extremes_.push_back(std::move(extreme));
    }
    scan_.read = read;
    if (extremes_.empty()) scan_.read.columns = read.columns->Select({});
    scan_.with_field_ids = true;
    scan_.with_statistics = !extremes_.empty();
    return Status::OK();
  }

  // Plans; keeps the files that metadata says enough of and reads the others.
  Status ReadWhatIsOpen() {
    ICEFRAME_ASSIGN_OR_RETURN(TaskSource tasks, PlanTableScan(context_, side_.state, scan_));
    return Read(
        [this, tasks = std::move(tasks)](
            const OperationContext& context) -> Result<std::optional<ScanTask>> {
          while (true) {
            ICEFRAME_ASSIGN_OR_RETURN(std::optional<ScanTask> task, tasks(context));
            if (!task) return task;
            ICEFRAME_ASSIGN_OR_RETURN(const bool is_kept, Keep(&*task));
            if (!is_kept) return task;
          }
        },
        &num_rows_);
  }

  // Whether metadata says enough of the file.
  Result<bool> Keep(ScanTask* task) {
    if (!task->residual.is_true() || !task->delete_files.empty()) return false;
    std::vector<FileBound> bounds;
    for (const Extreme& extreme : extremes_) {
      const FieldId id = extreme.column.as<ColumnNode>()->field_id;
      bounds.push_back(BoundOf(task->data_file, id, extreme.column.type(), extreme.is_max));
      if (!bounds.back().is_known) return false;
    }
    num_rows_ += task->data_file.record_count;
    Candidate candidate;
    for (size_t i = 0; i < extremes_.size(); ++i) {
      candidate.limits.push_back(bounds[i].is_value ? Value() : bounds[i].value);
      if (bounds[i].is_value) ICEFRAME_RETURN_NOT_OK(Offer(&extremes_[i], bounds[i].value));
    }
    DropStatistics(&task->data_file);
    candidate.task = std::move(*task);
    if (!extremes_.empty()) candidates_.push_back(std::move(candidate));
    return true;
  }

  Status Offer(Extreme* extreme, const Value& value) {
    if (!extreme->IsBeatenBy(value)) return Status::OK();
    ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr array,
                              ArrayFromValue(extreme->column.type(), value, 1, context_.pool()));
    return extreme->Consume(array);
  }

  // The most promising files first, twice as many each time, until none can change an extreme.
  Status ReadCandidates() {
    for (size_t num_files = 1;; num_files *= 2) {
      std::vector<size_t> chosen;
      for (size_t i = 0; i < extremes_.size(); ++i) Choose(i, num_files, &chosen);
      if (chosen.empty()) return Status::OK();
      int64_t counted_already = 0;
      size_t next = 0;
      ICEFRAME_RETURN_NOT_OK(Read(
          [&](const OperationContext&) -> Result<std::optional<ScanTask>> {
            if (next == chosen.size()) return std::nullopt;
            return std::move(candidates_[chosen[next++]].task);
          },
          &counted_already));
    }
  }

  // Adds the files whose bounds beat extreme `i` by most, at most `num_files`.
  void Choose(size_t i, size_t num_files, std::vector<size_t>* chosen) {
    std::vector<size_t> beating;
    for (size_t c = 0; c < candidates_.size(); ++c) {
      const bool beats = extremes_[i].IsBeatenBy(candidates_[c].limits[i]);
      if (beats && !candidates_[c].is_read) beating.push_back(c);
    }
    const auto count = static_cast<ptrdiff_t>(std::min(num_files, beating.size()));
    std::ranges::partial_sort(beating, beating.begin() + count, [&](size_t left, size_t right) {
      const int order = CompareValues(extremes_[i].column.type(), candidates_[left].limits[i],
                                      candidates_[right].limits[i]);
      return extremes_[i].is_max ? order > 0 : order < 0;
    });
    beating.resize(static_cast<size_t>(count));
    for (const size_t c : beating) {
      candidates_[c].is_read = true;
      chosen->push_back(c);
    }
  }

  Status Read(TaskSource tasks, int64_t* num_rows) {
    TableScanOptions scan = scan_;
    scan.tasks = std::move(tasks);
    ICEFRAME_ASSIGN_OR_RETURN(auto stream,
                              OpenTableFiles(context_, side_.state, std::move(scan), answers_));
    std::unique_ptr<GroupedAggregates> of_file;
    while (true) {
      ICEFRAME_ASSIGN_OR_RETURN(std::optional<FilePiece> piece, stream->Next());
      if (!piece) return Status::OK();
      if (const auto* rows = std::get_if<BatchPtr>(&*piece)) {
        ICEFRAME_RETURN_NOT_OK(Consume(*rows, num_rows, &of_file));
      } else if (const auto* end = std::get_if<FileEnd>(&*piece)) {
        ICEFRAME_RETURN_NOT_OK(KeepAnswer(*end, std::move(of_file)));
      } else {
        ICEFRAME_RETURN_NOT_OK(Take(*std::get<KeptAnswer>(*piece), num_rows));
      }
    }
  }

  Status Consume(const BatchPtr& rows, int64_t* num_rows,
                 std::unique_ptr<GroupedAggregates>* of_file) {
    EvaluatedPart part{rows, {}};
    *num_rows += rows->num_rows();
    for (Extreme& extreme : extremes_) {
      ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr values,
                                EvaluateColumn(extreme.column, *rows, context_.pool()));
      ICEFRAME_RETURN_NOT_OK(extreme.Consume(values));
      part.values.push_back(std::move(values));
    }
    if (answers_.store == nullptr) return Status::OK();
    if (*of_file == nullptr) ICEFRAME_RETURN_NOT_OK(NewFile().Value(of_file));
    return (*of_file)->Consume(part);
  }

  Result<std::unique_ptr<GroupedAggregates>> NewFile() const {
    return GroupedAggregates::Make(of_files_, context_.memory, batch_bytes_);
  }

  Status KeepAnswer(const FileEnd& end, std::unique_ptr<GroupedAggregates> of_file) {
    if (answers_.store == nullptr || end.key.empty()) return Status::OK();
    if (of_file == nullptr) ICEFRAME_RETURN_NOT_OK(NewFile().Value(&of_file));
    ICEFRAME_ASSIGN_OR_RETURN(const arrow::RecordBatchVector answer, of_file->Export(context_));
    answers_.store->Put(end.key, answer);
    return Status::OK();
  }

  Status Take(const FileAnswer& answer, int64_t* num_rows) {
    bool is_counted = false;
    auto extreme = extremes_.begin();
    for (size_t i = 0; i < of_files_.calls.size(); ++i) {
      const ArrayPtr value = answer.batches[0]->column(static_cast<int>(i));
      if (!of_files_.calls[i].call.operands().empty()) {
        ICEFRAME_RETURN_NOT_OK((extreme++)->Consume(value));
      } else if (!std::exchange(is_counted, true)) {
        *num_rows += static_cast<const arrow::Int64Array&>(*value).Value(0);
      }
    }
    return Status::OK();
  }

  const OperationContext& context_;
  const TableSide& side_;
  int64_t batch_bytes_;
  const WantedAnswers& answers_;
  /// The calls, as an aggregate of one file's rows.
  AggregateNode of_files_;
  TableScanOptions scan_;
  std::vector<Extreme> extremes_;
  std::vector<Candidate> candidates_;
  int64_t num_rows_ = 0;
};

}  // namespace

Result<arrow::ArrayVector> AggregateTable(const OperationContext& context, const TableSide& side,
                                          const RelationRead& read,
                                          const std::vector<Expression>& calls,
                                          const WantedAnswers& answers) {
  ICEFRAME_ASSIGN_OR_RETURN(const int64_t batch_bytes, BatchBytes(context));
  return TableAggregates(context, side, batch_bytes, answers).Compute(read, calls);
}

}  // namespace iceframe
