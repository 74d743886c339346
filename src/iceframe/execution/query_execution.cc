// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/query_execution.h"

#include <utility>

#include <arrow/record_batch.h>

#include "iceframe/base/overloaded.h"
#include "iceframe/execution/aggregate_operator.h"
#include "iceframe/execution/columns_internal.h"
#include "iceframe/execution/join_operator.h"
#include "iceframe/execution/metadata_aggregate_operator.h"
#include "iceframe/execution/row_operators.h"
#include "iceframe/execution/scan_operator.h"
#include "iceframe/execution/sort_operator.h"
#include "iceframe/execution/union_operator.h"
#include "iceframe/execution/window_operator.h"
#include "iceframe/query/redacted_plan.h"
#include "iceframe/runtime/running_operation.h"
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

OperatorPtr MakeOperators(const PlanPtr& plan, const PlanResources& resources) {
  const auto input = [&](size_t i = 0) { return MakeOperators(plan->inputs[i], resources); };
  return std::visit(Overloaded{
                        [&](const ScanNode&) { return MakeScanOperator(*plan, resources); },
                        [&](const FilterNode&) { return MakeFilterOperator(*plan, input()); },
                        [&](const ProjectNode&) { return MakeProjectOperator(*plan, input()); },
                        [&](const JoinNode&) { return MakeJoinOperator(*plan, input(), input(1)); },
                        [&](const UnionNode&) {
                          std::vector<OperatorPtr> inputs;
                          for (const PlanPtr& below : plan->inputs)
                            inputs.push_back(MakeOperators(below, resources));
                          return MakeUnionOperator(plan, std::move(inputs));
                        },
                        [&](const AggregateNode& aggregate) {
                          return aggregate.from_metadata
                                     ? MakeMetadataAggregateOperator(*plan, resources)
                                     : MakeAggregateOperator(*plan, input(), resources);
                        },
                        [&](const WindowPlanNode&) { return MakeWindowOperator(*plan, input()); },
                        [&](const SortNode&) { return MakeSortOperator(*plan, input()); },
                        [&](const LimitNode&) { return MakeLimitOperator(*plan, input()); },
                    },
                    plan->operation);
}

Result<std::shared_ptr<arrow::RecordBatchReader>> ExecutePlan(const OperationContext& context,
                                                              const PlanPtr& plan,
                                                              const PlanResources& resources) {
  ICEFRAME_ASSIGN_OR_RETURN(auto schema, ToArrowSchema(*plan->schema));
  context.NotePlan([plan] { return ToString(plan); });
  NoteRedactedPlan(context, [plan] { return RedactedText(plan); });
  return std::make_shared<QueryReader>(context, MakeOperators(plan, resources), std::move(schema));
}

}  // namespace iceframe
