// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "iceframe/execution/grouped_aggregates_internal.h"
#include "iceframe/expression/aggregate_catalogue.h"
#include "iceframe/types/offset_reach.h"
#include "iceframe/types/wide_array.h"

namespace iceframe {

namespace {

std::shared_ptr<arrow::RecordBatch> BatchOfColumns(int64_t num_rows, arrow::ArrayVector columns) {
  // Wide columns have other types than the schema's.
  arrow::FieldVector fields;
  for (const ArrayPtr& column : columns) fields.push_back(arrow::field("", column->type()));
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), num_rows, std::move(columns));
}

std::shared_ptr<arrow::DataType> NarrowType(const std::shared_ptr<arrow::DataType>& type) {
  if (type->id() == arrow::Type::LARGE_STRING) return arrow::utf8();
  return type->id() == arrow::Type::LARGE_BINARY ? arrow::binary() : type;
}

}  // namespace

GroupedAggregates::GroupedAggregates(const AggregateNode& node,
                                     std::shared_ptr<MemoryBudget> memory, int64_t batch_bytes)
    : node_(node),
      memory_(std::move(memory)),
      batch_bytes_(batch_bytes),
      groups_(memory_->pool()),
      nested_keys_(batch_bytes, memory_->pool()) {}

Result<std::unique_ptr<GroupedAggregates>> GroupedAggregates::Make(
    const AggregateNode& node, std::shared_ptr<MemoryBudget> memory, int64_t batch_bytes) {
  std::unique_ptr<GroupedAggregates> made(new GroupedAggregates(node, memory, batch_bytes));
  for (const AggregateCall& call : node.calls) {
    ICEFRAME_ASSIGN_OR_RETURN(auto state, MakeAggregateState(call.call, memory, batch_bytes));
    made->states_.push_back(std::move(state));
  }
  return made;
}

bool GroupedAggregates::CanExport(const AggregateNode& node) {
  const bool is_nested = std::ranges::any_of(
      node.keys, [](const NamedExpression& key) { return !key.expression.type().is_primitive(); });
  return !is_nested && std::ranges::none_of(node.calls, [](const AggregateCall& call) {
    return AsAggregate(call.call)->id == AggregateId::kCountDistinct;
  });
}

std::vector<Expression> GroupedAggregates::Operands(const AggregateNode& node) {
  std::vector<Expression> expressions;
  for (const NamedExpression& key : node.keys) expressions.push_back(key.expression);
  for (const AggregateCall& call : node.calls) {
    if (!call.call.operands().empty()) expressions.push_back(call.call.operands()[0]);
  }
  return expressions;
}

int64_t GroupedAggregates::num_groups() const {
  return node_.keys.empty() ? 1 : groups_.num_groups();
}

Status GroupedAggregates::FindGroups(const arrow::ArrayVector& keys, int64_t num_rows) {
  const auto size = static_cast<size_t>(num_rows);
  if (keys.empty()) {
    zeros_.resize(std::max(zeros_.size(), size));
    ids_ = std::span<const uint32_t>(zeros_).first(size);
  } else {
    const int64_t num_known = groups_.num_groups();
    ICEFRAME_ASSIGN_OR_RETURN(held_ids_, groups_.Consume(keys, num_rows));
    ICEFRAME_RETURN_NOT_OK(nested_keys_.Add(keys, *held_ids_, num_known, groups_.num_groups()));
    ids_ = {held_ids_->raw_values(), size};
  }
  for (const auto& state : states_) ICEFRAME_RETURN_NOT_OK(state->Resize(num_groups()));
  return Status::OK();
}

Status GroupedAggregates::Consume(const EvaluatedPart& part) {
  const size_t num_keys = node_.keys.size();
  const arrow::ArrayVector keys(part.values.begin(),
                                part.values.begin() + static_cast<int64_t>(num_keys));
  ICEFRAME_RETURN_NOT_OK(FindGroups(keys, part.rows->num_rows()));
  size_t next_operand = num_keys;
  for (size_t i = 0; i < states_.size(); ++i) {
    ArrayPtr values;
    if (!node_.calls[i].call.operands().empty()) values = StorageForm(part.values[next_operand++]);
    ICEFRAME_RETURN_NOT_OK(states_[i]->Consume(ids_, values));
  }
  return Status::OK();
}

void GroupedAggregates::StartFile() {
  for (const auto& state : states_) state->StartFile();
}

Result<arrow::RecordBatchVector> GroupedAggregates::Export(const OperationContext& context) {
  arrow::RecordBatchVector batches;
  const int64_t num_groups = this->num_groups();
  if (num_groups == 0) return batches;
  arrow::ArrayVector columns;
  if (!node_.keys.empty()) {
    ICEFRAME_ASSIGN_OR_RETURN(columns, groups_.Keys(context, batch_bytes_));
  }
  for (const auto& state : states_) {
    ICEFRAME_RETURN_NOT_OK(state->Resize(num_groups));
    ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr exported, state->Export());
    columns.push_back(std::move(exported));
  }
  const auto all = BatchOfColumns(num_groups, std::move(columns));
  for (int64_t begin = 0; begin < num_groups;) {
    const int64_t num_rows = NumRowsWithin(*all, begin, kOutputRows, batch_bytes_);
    arrow::ArrayVector part = all->Slice(begin, num_rows)->columns();
    for (ArrayPtr& column : part) {
      ICEFRAME_ASSIGN_OR_RETURN(column,
                                Narrow(column, NarrowType(column->type()), memory_->pool()));
    }
    batches.push_back(BatchOfColumns(num_rows, std::move(part)));
    begin += num_rows;
  }
  return batches;
}

Status GroupedAggregates::Merge(const arrow::RecordBatch& exported) {
  const arrow::ArrayVector& columns = exported.columns();
  const auto num_keys = static_cast<int64_t>(node_.keys.size());
  ICEFRAME_RETURN_NOT_OK(
      FindGroups({columns.begin(), columns.begin() + num_keys}, exported.num_rows()));
  for (size_t i = 0; i < states_.size(); ++i) {
    ICEFRAME_RETURN_NOT_OK(
        states_[i]->MergeExported(ids_, columns[static_cast<size_t>(num_keys) + i]));
  }
  return Status::OK();
}

Result<std::shared_ptr<arrow::RecordBatch>> GroupedAggregates::Finish(
    const OperationContext& context) {
  arrow::ArrayVector columns;
  if (!node_.keys.empty()) {
    ICEFRAME_ASSIGN_OR_RETURN(columns, groups_.Keys(context, batch_bytes_));
    if (columns.empty()) return nullptr;
    ICEFRAME_RETURN_NOT_OK(nested_keys_.PutBack(&columns));
  }
  for (const auto& state : states_) {
    ICEFRAME_RETURN_NOT_OK(context.Check());
    ICEFRAME_RETURN_NOT_OK(state->Resize(num_groups()));
    ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr values, state->Finish());
    columns.push_back(std::move(values));
  }
  states_.clear();
  return BatchOfColumns(num_groups(), std::move(columns));
}

}  // namespace iceframe
