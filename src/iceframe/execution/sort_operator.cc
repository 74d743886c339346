// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/sort_operator.h"

#include <algorithm>
#include <utility>

#include <arrow/array.h>
#include <arrow/compute/api.h>
#include <arrow/record_batch.h>

#include "iceframe/execution/held_rows_internal.h"
#include "iceframe/execution/sort_rows_internal.h"
#include "iceframe/types/offset_reach.h"
#include "iceframe/types/row_order.h"

namespace iceframe {

namespace {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

class SortOperator final : public Operator {
 public:
  SortOperator(const PlanNode& plan, OperatorPtr input)
      : Operator(DescribeOperation(plan), plan.schema, Inputs(std::move(input))),
        node_(*plan.as<SortNode>()) {}

  void OfferFilter(const Expression& predicate) override {
    // The first rows would be others.
    if (!node_.fetch) input().OfferFilter(predicate);
  }

 protected:
  Status DoOpen() override {
    const SortKey& key = node_.keys[0];
    if (node_.fetch && key.expression.as<ColumnNode>() != nullptr) {
      input().OfferFirstRows({key.expression, key.descending, key.nulls_last, *node_.fetch});
    }
    return OpenInputs();
  }

  Result<BatchPtr> DoNext() override {
    if (order_ == nullptr) {
      ICEFRAME_ASSIGN_OR_RETURN(rows_, node_.fetch ? FirstRows(*node_.fetch) : AllRows());
      ICEFRAME_ASSIGN_OR_RETURN(order_, OrderOf(rows_, node_.fetch));
      rows_.values.clear();
      limit_ = GatherLimit(rows_.columns, batch_bytes());
    }
    if (order_->length() == 0) return nullptr;
    const ArrayPtr next = order_->Slice(0, limit_.NumFitting(*order_, kOutputRows));
    ICEFRAME_ASSIGN_OR_RETURN(auto columns, TakeColumns(rows_.columns, *next, pool()));
    order_ = order_->Slice(next->length());
    return MakeBatch(next->length(), std::move(columns));
  }

 private:
  std::vector<Expression> Keys() const {
    std::vector<Expression> keys;
    for (const SortKey& key : node_.keys) keys.push_back(key.expression);
    return keys;
  }

  Result<HeldRows> AllRows() {
    return RowHolder(*schema(), Keys(), context(), batch_bytes()).ReadAll(&input());
  }

  // Keeps the best so far, and sorts again whenever as much again has come that may be better.
  Result<HeldRows> FirstRows(int64_t fetch) {
    const RowHolder holder(*schema(), Keys(), context(), batch_bytes());
    ICEFRAME_ASSIGN_OR_RETURN(HeldRows best, holder.Join({}, {}));
    std::vector<EvaluatedPart> waiting;
    int64_t num_waiting = 0;
    const auto take = [&](EvaluatedPart part) -> Status {
      if (best.num_rows == fetch) {
        ICEFRAME_ASSIGN_OR_RETURN(part, NotBehind(best, std::move(part)));
        if (part.rows->num_rows() == 0) return Status::OK();
      }
      num_waiting += part.rows->num_rows();
      waiting.push_back(std::move(part));
      if (num_waiting < std::max(fetch, kOutputRows)) return Status::OK();
      num_waiting = 0;
      ICEFRAME_ASSIGN_OR_RETURN(HeldRows rows,
                                holder.Join(std::move(best), std::exchange(waiting, {})));
      return Best(std::move(rows), fetch).Value(&best);
    };
    if (fetch > 0) {
      ICEFRAME_RETURN_NOT_OK(
          ForEachPart(&input(), holder.expressions(), batch_bytes(), pool(), take));
    }
    return holder.Join(std::move(best), std::move(waiting));
  }

  Result<HeldRows> Best(HeldRows rows, int64_t fetch) {
    ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr order, OrderOf(rows, fetch));
    HeldRows best;
    best.num_rows = order->length();
    // Each row is taken once, so that what holds all of them can hold these.
    ICEFRAME_ASSIGN_OR_RETURN(best.columns, TakeColumns(rows.columns, *order, pool()));
    ICEFRAME_ASSIGN_OR_RETURN(best.values, TakeColumns(rows.values, *order, pool()));
    return best;
  }

  // The rows that the first key alone does not put behind the last of the best.
  Result<EvaluatedPart> NotBehind(const HeldRows& best, EvaluatedPart part) {
    const SortKey& key = node_.keys[0];
    ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr held,
                              SortableForm(best.values[0]->Slice(best.num_rows - 1), pool()));
    ICEFRAME_ASSIGN_OR_RETURN(auto last, held->GetScalar(0));
    if (!last->is_valid) return part;
    ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr values, SortableForm(part.values[0], pool()));
    arrow::compute::ExecContext exec(pool());
    const char* not_behind = key.descending ? "greater_equal" : "less_equal";
    ICEFRAME_ASSIGN_OR_RETURN(arrow::Datum mask,
                              arrow::compute::CallFunction(not_behind, {values, last}, &exec));
    if (!key.nulls_last && values->null_count() > 0) {
      ICEFRAME_ASSIGN_OR_RETURN(arrow::Datum null,
                                arrow::compute::CallFunction("is_null", {values}, &exec));
      ICEFRAME_ASSIGN_OR_RETURN(mask,
                                arrow::compute::CallFunction("or_kleene", {mask, null}, &exec));
    }
    return FilterRows(part, mask, &exec);
  }

  Result<EvaluatedPart> FilterRows(const EvaluatedPart& part, const arrow::Datum& mask,
                                   arrow::compute::ExecContext* exec) {
    const auto filter = [&](const arrow::ArrayVector& columns) -> Result<arrow::ArrayVector> {
      const auto options = arrow::compute::FilterOptions::Defaults();
      arrow::ArrayVector kept;
      for (const ArrayPtr& column : columns) {
        ICEFRAME_ASSIGN_OR_RETURN(arrow::Datum rows,
                                  arrow::compute::Filter(StorageForm(column), mask, options, exec));
        kept.push_back(rows.make_array());
      }
      return kept;
    };
    EvaluatedPart filtered;
    ICEFRAME_ASSIGN_OR_RETURN(filtered.values, filter(part.values));
    ICEFRAME_ASSIGN_OR_RETURN(auto columns, filter(part.rows->columns()));
    const int64_t num_rows = filtered.values[0]->length();
    ICEFRAME_ASSIGN_OR_RETURN(filtered.rows, MakeBatch(num_rows, std::move(columns)));
    return filtered;
  }

  Result<ArrayPtr> OrderOf(const HeldRows& rows, std::optional<int64_t> fetch) {
    std::vector<KeyDirection> directions;
    for (const SortKey& key : node_.keys) directions.push_back({key.descending, key.nulls_last});
    ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr order, SortedRows(rows.values, directions, context()));
    return fetch && *fetch < order->length() ? order->Slice(0, *fetch) : order;
  }

  SortNode node_;
  HeldRows rows_;
  // The rows that are left to hand out.
  ArrayPtr order_;
  GatherLimit limit_;
};

}  // namespace

Result<ArrayPtr> SortedRows(const arrow::ArrayVector& keys,
                            const std::vector<KeyDirection>& directions,
                            const OperationContext& context) {
  std::vector<OrderKey> order;
  for (size_t i = 0; i < keys.size(); ++i) {
    ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr values, SortableForm(keys[i], context.pool()));
    order.push_back({std::move(values), directions[i].descending, directions[i].nulls_last});
  }
  return OrderRows(order, context.pool(), [&] { return context.Check(); });
}

OperatorPtr MakeSortOperator(const PlanNode& plan, OperatorPtr input) {
  return std::make_unique<SortOperator>(plan, std::move(input));
}

}  // namespace iceframe
