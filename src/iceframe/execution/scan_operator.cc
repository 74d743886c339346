// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/scan_operator.h"

#include <algorithm>
#include <utility>

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include "iceframe/execution/columns_internal.h"
#include "iceframe/execution/table_read_internal.h"
#include "iceframe/expression/aggregate_catalogue.h"
#include "iceframe/expression/binder.h"
#include "iceframe/expression/rewrite.h"

namespace iceframe {

namespace {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

// Counts for itself, and adds to the operation's counters at the end.
class CountedScan {
 public:
  ~CountedScan() { Close(); }

  Status Open(const OperationContext& context, const TableRead& read) {
    total_ = context.counters;
    OperationContext own = context;
    own.counters = counters_;
    ICEFRAME_ASSIGN_OR_RETURN(stream_, OpenTableScan(own, *read.table, read.options));
    return Status::OK();
  }
  Result<BatchPtr> Next() {
    if (stream_ == nullptr) return nullptr;
    ICEFRAME_ASSIGN_OR_RETURN(BatchPtr batch, stream_->Next());
    if (batch == nullptr) Close();
    return batch;
  }
  void Close() {
    if (stream_ == nullptr) return;
    stream_.reset();
    for (size_t i = 0; i < static_cast<size_t>(OperationCount::kNumCounts); ++i) {
      const auto count = static_cast<OperationCount>(i);
      total_->Add(count, counters_->Get(count));
    }
  }
  const std::shared_ptr<OperationCounters>& counters() const { return counters_; }

 private:
  std::shared_ptr<OperationCounters> counters_ = std::make_shared<OperationCounters>();
  std::shared_ptr<OperationCounters> total_;
  std::unique_ptr<ScanStream> stream_;
};

class ScanOperator final : public Operator {
 public:
  explicit ScanOperator(const PlanNode& plan)
      : Operator(DescribeOperation(plan), plan.schema, {}), scan_(*plan.as<ScanNode>()) {}

  void OfferFilter(const Expression& predicate) override {
    // The first rows would be others.
    if (scan_.limit) return;
    scan_.filter = SimplifyFilter(
        Expression(AndNode{{scan_.filter, predicate}}, Type::Boolean(), /*is_bound=*/true));
  }
  const OperationCounters* counters() const override { return stream_.counters().get(); }

 protected:
  Status DoOpen() override {
    if (scan_.filter.is_false() || scan_.limit == 0) return Status::OK();
    return stream_.Open(context(), ToTableRead(scan_, *schema()));
  }
  Result<BatchPtr> DoNext() override {
    ICEFRAME_ASSIGN_OR_RETURN(BatchPtr batch, stream_.Next());
    if (batch == nullptr) return batch;
    return MakeBatch(batch->num_rows(), batch->columns());
  }

 private:
  ScanNode scan_;
  CountedScan stream_;
};

class CountOperator final : public Operator {
 public:
  explicit CountOperator(const PlanNode& plan)
      : Operator(DescribeOperation(plan) + " (from metadata where exact)", plan.schema, {}),
        scan_(*plan.inputs[0]->as<ScanNode>()),
        num_calls_(plan.as<AggregateNode>()->calls.size()) {}

  const OperationCounters* counters() const override { return stream_.counters().get(); }

 protected:
  Status DoOpen() override { return Status::OK(); }

  Result<BatchPtr> DoNext() override {
    if (is_done_) return nullptr;
    is_done_ = true;
    int64_t num_rows = 0;
    if (!scan_.filter.is_false()) {
      ICEFRAME_ASSIGN_OR_RETURN(num_rows, Count());
    }
    const arrow::ArrayVector columns(
        num_calls_, std::make_shared<arrow::Int64Array>(
                        1, arrow::Buffer::FromVector(std::vector<int64_t>{num_rows})));
    return MakeBatch(1, columns);
  }

 private:
  Result<int64_t> Count() {
    TableRead read = ToTableRead(scan_, *scan_.columns->Select({}));
    OperationContext planning = context();
    planning.counters = stream_.counters();
    ICEFRAME_ASSIGN_OR_RETURN(TaskSource tasks, PlanTableScan(planning, *read.table, read.options));
    int64_t num_counted = 0;
    // Files that are counted are not handed on.
    read.options.tasks = [tasks = std::move(tasks), &num_counted](
                             const OperationContext& context) -> Result<std::optional<ScanTask>> {
      while (true) {
        ICEFRAME_ASSIGN_OR_RETURN(std::optional<ScanTask> task, tasks(context));
        if (!task || !task->residual.is_true() || !task->delete_files.empty()) return task;
        num_counted += task->data_file.record_count;
      }
    };
    ICEFRAME_RETURN_NOT_OK(stream_.Open(context(), read));
    int64_t num_read = 0;
    while (true) {
      ICEFRAME_ASSIGN_OR_RETURN(BatchPtr batch, stream_.Next());
      if (batch == nullptr) break;
      num_read += batch->num_rows();
    }
    return num_counted + num_read;
  }

  ScanNode scan_;
  size_t num_calls_;
  CountedScan stream_;
  bool is_done_ = false;
};

}  // namespace

TableRead ToTableRead(const ScanNode& scan, const Schema& schema) {
  const auto& relation = static_cast<const TableRelation&>(*scan.relation);
  TableRead read;
  read.table = relation.table();
  read.options.version = relation.version();
  read.options.limit = scan.limit;
  // The same columns under the table's own ids.
  std::set<FieldId> ids;
  const auto collect = [&](const auto& self, const std::vector<NestedField>& fields) -> void {
    for (const NestedField& field : fields) {
      if (field.type.fields().empty()) ids.insert(field.id - scan.id_offset);
      self(self, field.type.fields());
    }
  };
  collect(collect, schema.fields());
  read.options.projection = relation.schema()->Select(ids);
  read.options.filter =
      RewriteExpression(scan.filter, [&](const Expression& e) -> std::optional<Expression> {
        const auto* column = e.as<ColumnNode>();
        if (column == nullptr) return std::nullopt;
        return Expression(ColumnNode{column->name, column->field_id - scan.id_offset}, e.type(),
                          /*is_bound=*/true);
      });
  return read;
}

bool IsCountOfScan(const PlanNode& plan) {
  const auto* aggregate = plan.as<AggregateNode>();
  if (aggregate == nullptr || !aggregate->keys.empty() || aggregate->calls.empty()) return false;
  const auto* scan = plan.inputs[0]->as<ScanNode>();
  return scan != nullptr && !scan->limit &&
         std::ranges::all_of(aggregate->calls, [](const AggregateCall& call) {
           const AggregateSignature* signature = AsAggregate(call.call);
           return signature->id == AggregateId::kCount && call.call.operands().empty();
         });
}

OperatorPtr MakeScanOperator(const PlanNode& plan) { return std::make_unique<ScanOperator>(plan); }

OperatorPtr MakeCountOperator(const PlanNode& plan) {
  return std::make_unique<CountOperator>(plan);
}

}  // namespace iceframe
