// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/query_execution.h"

#include <utility>

#include <arrow/record_batch.h>

#include "iceframe/execution/aggregate_operator.h"
#include "iceframe/execution/columns_internal.h"
#include "iceframe/execution/join_operator.h"
#include "iceframe/execution/metadata_aggregate_operator.h"
#include "iceframe/execution/row_operators.h"
#include "iceframe/execution/scan_operator.h"
#include "iceframe/execution/sort_operator.h"
#include "iceframe/execution/window_operator.h"
#include "iceframe/types/arrow_form.h"
#include "iceframe/types/arrow_schema.h"

namespace iceframe {

namespace {

class QueryReader final : public arrow::RecordBatchReader {
 public:
  QueryReader(OperationContext context, OperatorPtr root, std::shared_ptr<arrow::Schema> schema)
      : context_(std::move(context)), root_(std::move(root)), schema_(std::move(schema)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    batch->reset();
    if (root_ == nullptr) return failure_;
    const Status status = Read(batch);
    // An error comes again, so that missing rows never look like the end.
    if (!status.ok()) failure_ = status;
    if (!status.ok() || *batch == nullptr) root_.reset();
    return status;
  }

  Status Close() override {
    root_.reset();
    return Status::OK();
  }

 private:
  Status Read(std::shared_ptr<arrow::RecordBatch>* batch) {
    if (!std::exchange(is_open_, true)) ICEFRAME_RETURN_NOT_OK(root_->Open(context_));
    ICEFRAME_ASSIGN_OR_RETURN(*batch, root_->Next());
    if (*batch == nullptr) return Status::OK();
    arrow::ArrayVector columns = (*batch)->columns();
    for (size_t i = 0; i < columns.size(); ++i) {
      columns[i] = WithType(columns[i], schema_->field(static_cast<int>(i))->type());
    }
    *batch = arrow::RecordBatch::Make(schema_, (*batch)->num_rows(), std::move(columns));
    return Status::OK();
  }

  OperationContext context_;
  OperatorPtr root_;
  std::shared_ptr<arrow::Schema> schema_;
  bool is_open_ = false;
  Status failure_;
};

}  // namespace

OperatorPtr MakeOperators(const PlanPtr& plan) {
  if (plan->as<ScanNode>() != nullptr) return MakeScanOperator(*plan);
  if (const auto* aggregate = plan->as<AggregateNode>(); aggregate && aggregate->from_metadata) {
    return MakeMetadataAggregateOperator(*plan);
  }
  OperatorPtr input = MakeOperators(plan->inputs[0]);
  if (plan->as<FilterNode>() != nullptr) return MakeFilterOperator(*plan, std::move(input));
  if (plan->as<ProjectNode>() != nullptr) return MakeProjectOperator(*plan, std::move(input));
  if (plan->as<AggregateNode>() != nullptr) return MakeAggregateOperator(*plan, std::move(input));
  if (plan->as<WindowPlanNode>() != nullptr) return MakeWindowOperator(*plan, std::move(input));
  if (plan->as<SortNode>() != nullptr) return MakeSortOperator(*plan, std::move(input));
  if (plan->as<LimitNode>() != nullptr) return MakeLimitOperator(*plan, std::move(input));
  return MakeJoinOperator(*plan, std::move(input), MakeOperators(plan->inputs[1]));
}

Result<std::shared_ptr<arrow::RecordBatchReader>> ExecutePlan(const OperationContext& context,
                                                              const PlanPtr& plan) {
  ICEFRAME_ASSIGN_OR_RETURN(auto schema, ToArrowSchema(*plan->schema));
  return std::make_shared<QueryReader>(context, MakeOperators(plan), std::move(schema));
}

}  // namespace iceframe
