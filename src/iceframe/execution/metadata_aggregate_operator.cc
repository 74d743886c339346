// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/metadata_aggregate_operator.h"

#include <utility>
#include <vector>

#include <arrow/record_batch.h>

#include "iceframe/execution/file_answer_key_internal.h"
#include "iceframe/execution/own_counters_internal.h"
#include "iceframe/execution/scan_operator.h"

namespace iceframe {

namespace {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

class MetadataAggregateOperator final : public Operator {
 public:
  MetadataAggregateOperator(const PlanNode& plan, const PlanResources& resources)
      : Operator(DescribeOperation(plan), plan.schema, {}),
        scan_(plan.inputs[0]),
        answers_(WantAnswers("metadata", plan, resources)) {
    for (const AggregateCall& call : plan.as<AggregateNode>()->calls) {
      calls_.push_back(OverRelation(*scan_->as<ScanNode>(), call.call));
    }
  }

  const OperationCounters* counters() const override { return counters_.counters().get(); }

 protected:
  Status DoOpen() override { return Status::OK(); }

  Result<BatchPtr> DoNext() override {
    if (std::exchange(is_done_, true)) return nullptr;
    const auto& scan = *scan_->as<ScanNode>();
    ICEFRAME_ASSIGN_OR_RETURN(const RelationSource* source, SourceOf(scan));
    ICEFRAME_ASSIGN_OR_RETURN(const RelationRead read, ToRelationRead(scan, scan_->schema));
    ICEFRAME_ASSIGN_OR_RETURN(
        arrow::ArrayVector values,
        source->Aggregate(counters_.Under(context()), read, calls_, answers_));
    counters_.Tell();
    return MakeBatch(1, std::move(values));
  }

 private:
  PlanPtr scan_;
  std::vector<Expression> calls_;
  WantedAnswers answers_;
  OwnCounters counters_;
  bool is_done_ = false;
};

}  // namespace

OperatorPtr MakeMetadataAggregateOperator(const PlanNode& plan, const PlanResources& resources) {
  return std::make_unique<MetadataAggregateOperator>(plan, resources);
}

}  // namespace iceframe
