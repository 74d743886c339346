// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/metadata_aggregate_operator.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include "iceframe/execution/aggregate_state_internal.h"
#include "iceframe/execution/counted_scan_internal.h"
#include "iceframe/execution/file_bounds_internal.h"
#include "iceframe/expression/aggregate_catalogue.h"
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

class MetadataAggregateOperator final : public Operator {
 public:
  explicit MetadataAggregateOperator(const PlanNode& plan)
      : Operator(DescribeOperation(plan), plan.schema, {}),
        node_(*plan.as<AggregateNode>()),
        scan_(*plan.inputs[0]->as<ScanNode>()),
        read_(ToTableRead(scan_, *plan.inputs[0]->schema)) {}

  const OperationCounters* counters() const override { return stream_.counters().get(); }

 protected:
  Status DoOpen() override {
    for (const AggregateCall& call : node_.calls) {
      if (call.call.operands().empty()) continue;
      const auto& column = *call.call.operands()[0].as<ColumnNode>();
      Extreme extreme;
      extreme.column = Expression(ColumnNode{column.name, column.field_id - scan_.id_offset},
                                  call.call.operands()[0].type(), /*is_bound=*/true);
      extreme.is_max = AsAggregate(call.call)->id == AggregateId::kMax;
      ICEFRAME_ASSIGN_OR_RETURN(extreme.state,
                                MakeAggregateState(call.call, context().memory, batch_bytes()));
      extremes_.push_back(std::move(extreme));
    }
    if (extremes_.empty()) read_.options.projection = scan_.columns->Select({});
    read_.options.with_field_ids = true;
    read_.options.with_statistics = !extremes_.empty();
    return Status::OK();
  }

  Result<BatchPtr> DoNext() override {
    if (std::exchange(is_done_, true)) return nullptr;
    if (!scan_.filter.is_false()) {
      ICEFRAME_RETURN_NOT_OK(ReadWhatIsOpen());
      ICEFRAME_RETURN_NOT_OK(ReadCandidates());
    }
    arrow::ArrayVector columns;
    auto extreme = extremes_.begin();
    for (const AggregateCall& call : node_.calls) {
      if (call.call.operands().empty()) {
        columns.push_back(std::make_shared<arrow::Int64Array>(
            1, arrow::Buffer::FromVector(std::vector<int64_t>{num_rows_})));
        continue;
      }
      ICEFRAME_RETURN_NOT_OK(extreme->state->Resize(1));
      ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr values, extreme->state->Finish());
      columns.push_back(std::move(values));
      ++extreme;
    }
    return MakeBatch(1, std::move(columns));
  }

 private:
  // Plans; keeps the files that metadata says enough of and reads the others.
  Status ReadWhatIsOpen() {
    ICEFRAME_ASSIGN_OR_RETURN(
        TaskSource tasks, PlanTableScan(stream_.Counting(context()), *read_.table, read_.options));
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
                              ArrayFromValue(extreme->column.type(), value, 1, pool()));
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
    TableRead read = read_;
    read.options.tasks = std::move(tasks);
    ICEFRAME_RETURN_NOT_OK(stream_.Open(context(), read));
    while (true) {
      ICEFRAME_ASSIGN_OR_RETURN(BatchPtr batch, stream_.Next());
      if (batch == nullptr) return Status::OK();
      *num_rows += batch->num_rows();
      for (Extreme& extreme : extremes_) {
        ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr values, EvaluateColumn(extreme.column, *batch, pool()));
        ICEFRAME_RETURN_NOT_OK(extreme.Consume(values));
      }
    }
  }

  AggregateNode node_;
  ScanNode scan_;
  TableRead read_;
  std::vector<Extreme> extremes_;
  std::vector<Candidate> candidates_;
  int64_t num_rows_ = 0;
  CountedScan stream_;
  bool is_done_ = false;
};

}  // namespace

OperatorPtr MakeMetadataAggregateOperator(const PlanNode& plan) {
  return std::make_unique<MetadataAggregateOperator>(plan);
}

}  // namespace iceframe
