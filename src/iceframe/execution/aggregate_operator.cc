// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/aggregate_operator.h"

#include <algorithm>
#include <utility>

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include "iceframe/execution/aggregate_state_internal.h"
#include "iceframe/execution/group_ids_internal.h"

namespace iceframe {

namespace {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

class AggregateOperator final : public Operator {
 public:
  AggregateOperator(const PlanNode& plan, std::vector<OperatorPtr> inputs)
      : Operator(DescribeOperation(plan), plan.schema, std::move(inputs)),
        node_(*plan.as<AggregateNode>()) {}

 protected:
  Status DoOpen() override {
    for (const AggregateCall& call : node_.calls) {
      ICEFRAME_ASSIGN_OR_RETURN(auto state, MakeAggregateState(call.call, context().memory));
      states_.push_back(std::move(state));
    }
    return OpenInputs();
  }

  Result<BatchPtr> DoNext() override {
    if (result_ == nullptr) ICEFRAME_RETURN_NOT_OK(Compute());
    if (next_row_ >= result_->num_rows()) return nullptr;
    const BatchPtr slice = result_->Slice(next_row_, kOutputRows);
    next_row_ += slice->num_rows();
    return slice;
  }

 private:
  Status Compute() {
    GroupIds groups(pool());
    while (true) {
      ICEFRAME_ASSIGN_OR_RETURN(BatchPtr batch, input().Next());
      if (batch == nullptr) break;
      ICEFRAME_RETURN_NOT_OK(Consume(*batch, &groups));
    }
    arrow::ArrayVector columns;
    if (!node_.keys.empty()) {
      ICEFRAME_ASSIGN_OR_RETURN(columns, groups.Keys());
      // Nothing came: no groups, of the right types.
      if (columns.empty()) return MakeEmpty();
    }
    const int64_t num_groups = node_.keys.empty() ? 1 : groups.num_groups();
    for (const auto& state : states_) {
      ICEFRAME_RETURN_NOT_OK(state->Resize(num_groups));
      ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr values, state->Finish());
      columns.push_back(std::move(values));
    }
    states_.clear();
    ICEFRAME_ASSIGN_OR_RETURN(result_, MakeBatch(num_groups, std::move(columns)));
    return Status::OK();
  }

  Status Consume(const arrow::RecordBatch& batch, GroupIds* groups) {
    const auto num_rows = static_cast<size_t>(batch.num_rows());
    int64_t num_groups = 1;
    std::span<const uint32_t> ids;
    std::shared_ptr<arrow::Array> held;
    if (node_.keys.empty()) {
      zeros_.resize(std::max(zeros_.size(), num_rows));
      ids = std::span<const uint32_t>(zeros_).first(num_rows);
    } else {
      arrow::ArrayVector keys;
      for (const NamedExpression& key : node_.keys) {
        ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr values, EvaluateColumn(key.expression, batch, pool()));
        keys.push_back(std::move(values));
      }
      ICEFRAME_ASSIGN_OR_RETURN(auto found, groups->Consume(keys, batch.num_rows()));
      ids = {found->raw_values(), num_rows};
      held = std::move(found);
      num_groups = groups->num_groups();
    }
    for (size_t i = 0; i < states_.size(); ++i) {
      ICEFRAME_RETURN_NOT_OK(states_[i]->Resize(num_groups));
      ArrayPtr values;
      if (!node_.calls[i].call.operands().empty()) {
        ICEFRAME_ASSIGN_OR_RETURN(values,
                                  EvaluateColumn(node_.calls[i].call.operands()[0], batch, pool()));
        values = StorageForm(values);
      }
      ICEFRAME_RETURN_NOT_OK(states_[i]->Consume(ids, values));
    }
    return Status::OK();
  }

  Status MakeEmpty() {
    ICEFRAME_ASSIGN_OR_RETURN(result_, EmptyBatch(*schema(), pool()));
    return Status::OK();
  }

  AggregateNode node_;
  std::vector<std::unique_ptr<AggregateState>> states_;
  std::vector<uint32_t> zeros_;
  BatchPtr result_;
  int64_t next_row_ = 0;
};

}  // namespace

OperatorPtr MakeAggregateOperator(const PlanNode& plan, OperatorPtr input) {
  return std::make_unique<AggregateOperator>(plan, Inputs(std::move(input)));
}

}  // namespace iceframe
