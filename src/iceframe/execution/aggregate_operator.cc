// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/aggregate_operator.h"

#include <algorithm>
#include <utility>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "iceframe/execution/aggregate_state_internal.h"
#include "iceframe/execution/evaluated_parts_internal.h"
#include "iceframe/execution/group_ids_internal.h"
#include "iceframe/execution/nested_key_internal.h"
#include "iceframe/types/offset_reach.h"

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
      ICEFRAME_ASSIGN_OR_RETURN(auto state,
                                MakeAggregateState(call.call, context().memory, batch_bytes()));
      states_.push_back(std::move(state));
    }
    return OpenInputs();
  }

  Result<BatchPtr> DoNext() override {
    if (result_ == nullptr) ICEFRAME_RETURN_NOT_OK(Compute());
    const int64_t num_rows = NumRowsWithin(*result_, next_row_, kOutputRows, batch_bytes());
    if (num_rows == 0) return nullptr;
    const BatchPtr slice = result_->Slice(next_row_, num_rows);
    next_row_ += num_rows;
    return MakeBatch(num_rows, slice->columns());
  }

 private:
  Status Compute() {
    GroupIds groups(pool(), batch_bytes(), KeysUse::kGivenBack);
    NestedKeyValues nested_keys(batch_bytes(), pool());
    // The keys, then the operands of the calls that have one.
    std::vector<Expression> expressions;
    for (const NamedExpression& key : node_.keys) expressions.push_back(key.expression);
    for (const AggregateCall& call : node_.calls) {
      if (!call.call.operands().empty()) expressions.push_back(call.call.operands()[0]);
    }
    ICEFRAME_RETURN_NOT_OK(ForEachPart(
        &input(), std::move(expressions), batch_bytes(), pool(),
        [&](const EvaluatedPart& part) { return Consume(part, &groups, &nested_keys); }));
    arrow::ArrayVector columns;
    if (!node_.keys.empty()) {
      ICEFRAME_ASSIGN_OR_RETURN(columns, groups.TakeKeys());
      // Nothing came: no groups, of the right types.
      if (columns.empty()) return EmptyBatch(*schema(), pool()).Value(&result_);
      ICEFRAME_RETURN_NOT_OK(nested_keys.PutBack(&columns));
    }
    const int64_t num_groups = node_.keys.empty() ? 1 : groups.num_groups();
    for (const auto& state : states_) {
      ICEFRAME_RETURN_NOT_OK(context().Check());
      ICEFRAME_RETURN_NOT_OK(state->Resize(num_groups));
      ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr values, state->Finish());
      columns.push_back(std::move(values));
    }
    states_.clear();
    // Wide columns have other types than the result's.
    arrow::FieldVector fields;
    for (const ArrayPtr& column : columns) fields.push_back(arrow::field("", column->type()));
    result_ =
        arrow::RecordBatch::Make(arrow::schema(std::move(fields)), num_groups, std::move(columns));
    return Status::OK();
  }

  Status Consume(const EvaluatedPart& part, GroupIds* groups, NestedKeyValues* nested_keys) {
    const auto num_rows = static_cast<size_t>(part.rows->num_rows());
    const size_t num_keys = node_.keys.size();
    int64_t num_groups = 1;
    std::span<const uint32_t> ids;
    std::shared_ptr<arrow::Array> held;
    if (node_.keys.empty()) {
      zeros_.resize(std::max(zeros_.size(), num_rows));
      ids = std::span<const uint32_t>(zeros_).first(num_rows);
    } else {
      const arrow::ArrayVector keys(part.values.begin(),
                                    part.values.begin() + static_cast<int64_t>(num_keys));
      const int64_t num_known = groups->num_groups();
      ICEFRAME_ASSIGN_OR_RETURN(auto found, groups->Consume(keys, part.rows->num_rows()));
      ICEFRAME_RETURN_NOT_OK(nested_keys->Add(keys, *found, num_known, groups->num_groups()));
      ids = {found->raw_values(), num_rows};
      held = std::move(found);
      num_groups = groups->num_groups();
    }
    size_t next_operand = num_keys;
    for (size_t i = 0; i < states_.size(); ++i) {
      ICEFRAME_RETURN_NOT_OK(states_[i]->Resize(num_groups));
      ArrayPtr values;
      if (!node_.calls[i].call.operands().empty()) {
        values = StorageForm(part.values[next_operand++]);
      }
      ICEFRAME_RETURN_NOT_OK(states_[i]->Consume(ids, values));
    }
    return Status::OK();
  }

  AggregateNode node_;
  std::vector<std::unique_ptr<AggregateState>> states_;
  std::vector<uint32_t> zeros_;
  // A row per group, perhaps in wide columns.
  BatchPtr result_;
  int64_t next_row_ = 0;
};

}  // namespace

OperatorPtr MakeAggregateOperator(const PlanNode& plan, OperatorPtr input) {
  return std::make_unique<AggregateOperator>(plan, Inputs(std::move(input)));
}

}  // namespace iceframe
