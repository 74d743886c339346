// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/sort_operator.h"

#include <algorithm>
#include <utility>

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/compute/api.h>
#include <arrow/record_batch.h>

#include "iceframe/execution/columns_internal.h"
#include "iceframe/execution/sort_rows_internal.h"

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
  Status DoOpen() override { return OpenInputs(); }

  Result<BatchPtr> DoNext() override {
    if (sorted_ == nullptr) {
      ICEFRAME_ASSIGN_OR_RETURN(sorted_, node_.fetch ? FirstRows(*node_.fetch) : AllRows());
    }
    if (next_row_ >= sorted_->num_rows()) return nullptr;
    const BatchPtr slice = sorted_->Slice(next_row_, kOutputRows);
    next_row_ += slice->num_rows();
    return slice;
  }

 private:
  Result<BatchPtr> AllRows() {
    ICEFRAME_ASSIGN_OR_RETURN(BatchPtr rows, ReadAll(&input(), pool()));
    return Sorted(rows, std::nullopt);
  }

  // Keeps the best so far, and sorts again whenever as much again has come that may be better.
  Result<BatchPtr> FirstRows(int64_t fetch) {
    ICEFRAME_ASSIGN_OR_RETURN(BatchPtr best, EmptyBatch(*schema(), pool()));
    arrow::RecordBatchVector waiting;
    int64_t num_waiting = 0;
    while (fetch > 0) {
      ICEFRAME_ASSIGN_OR_RETURN(BatchPtr batch, input().Next());
      if (batch == nullptr) break;
      if (best->num_rows() == fetch) {
        ICEFRAME_ASSIGN_OR_RETURN(batch, NotBehind(*best, batch));
        if (batch->num_rows() == 0) continue;
      }
      num_waiting += batch->num_rows();
      waiting.push_back(std::move(batch));
      if (num_waiting < std::max(fetch, kOutputRows)) continue;
      ICEFRAME_ASSIGN_OR_RETURN(best, Best(best, std::exchange(waiting, {}), fetch));
      num_waiting = 0;
    }
    return Best(best, std::move(waiting), fetch);
  }

  Result<BatchPtr> Best(const BatchPtr& best, arrow::RecordBatchVector more, int64_t fetch) {
    more.insert(more.begin(), best);
    ICEFRAME_ASSIGN_OR_RETURN(BatchPtr rows, arrow::ConcatenateRecordBatches(more, pool()));
    return Sorted(rows, fetch);
  }

  // The rows of a batch that the first key alone does not put behind the last of the best.
  Result<BatchPtr> NotBehind(const arrow::RecordBatch& best, const BatchPtr& batch) {
    const SortKey& key = node_.keys[0];
    ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr held, SortableKey(key, *best.Slice(best.num_rows() - 1)));
    ICEFRAME_ASSIGN_OR_RETURN(auto last, held->GetScalar(0));
    if (!last->is_valid) return batch;
    ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr values, SortableKey(key, *batch));
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
    return FilterRows(*batch, mask, &exec);
  }

  Result<BatchPtr> FilterRows(const arrow::RecordBatch& rows, const arrow::Datum& mask,
                              arrow::compute::ExecContext* exec) {
    const auto options = arrow::compute::FilterOptions::Defaults();
    arrow::ArrayVector columns;
    for (const ArrayPtr& column : rows.columns()) {
      ICEFRAME_ASSIGN_OR_RETURN(arrow::Datum kept,
                                arrow::compute::Filter(StorageForm(column), mask, options, exec));
      columns.push_back(kept.make_array());
    }
    const int64_t num_rows = columns[0]->length();
    return MakeBatch(num_rows, std::move(columns));
  }

  Result<ArrayPtr> SortableKey(const SortKey& key, const arrow::RecordBatch& rows) {
    ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr values, EvaluateColumn(key.expression, rows, pool()));
    return SortableForm(values, pool());
  }

  Result<BatchPtr> Sorted(const BatchPtr& rows, std::optional<int64_t> fetch) {
    if (rows->num_rows() == 0) return rows;
    arrow::ArrayVector keys;
    std::vector<KeyDirection> directions;
    for (const SortKey& key : node_.keys) {
      ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr values, EvaluateColumn(key.expression, *rows, pool()));
      keys.push_back(std::move(values));
      directions.push_back({key.descending, key.nulls_last});
    }
    ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr order, SortedRows(keys, directions, pool()));
    if (fetch && *fetch < order->length()) order = order->Slice(0, *fetch);
    ICEFRAME_ASSIGN_OR_RETURN(auto columns, TakeColumns(rows->columns(), *order, pool()));
    return MakeBatch(order->length(), std::move(columns));
  }

  SortNode node_;
  BatchPtr sorted_;
  int64_t next_row_ = 0;
};

}  // namespace

Result<ArrayPtr> SortedRows(const arrow::ArrayVector& keys,
                            const std::vector<KeyDirection>& directions, arrow::MemoryPool* pool) {
  arrow::FieldVector fields;
  arrow::ArrayVector columns;
  std::vector<arrow::compute::SortKey> sort_keys;
  for (size_t i = 0; i < keys.size(); ++i) {
    ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr column, SortableForm(keys[i], pool));
    fields.push_back(arrow::field(std::to_string(i), column->type()));
    columns.push_back(std::move(column));
    sort_keys.emplace_back(arrow::FieldRef(static_cast<int>(i)),
                           directions[i].descending ? arrow::compute::SortOrder::Descending
                                                    : arrow::compute::SortOrder::Ascending,
                           directions[i].nulls_last ? arrow::compute::NullPlacement::AtEnd
                                                    : arrow::compute::NullPlacement::AtStart);
  }
  const int64_t num_rows = keys[0]->length();
  const auto rows =
      arrow::RecordBatch::Make(arrow::schema(std::move(fields)), num_rows, std::move(columns));
  arrow::compute::ExecContext exec(pool);
  return arrow::compute::SortIndices(rows, arrow::compute::SortOptions(std::move(sort_keys)),
                                     &exec);
}

OperatorPtr MakeSortOperator(const PlanNode& plan, OperatorPtr input) {
  return std::make_unique<SortOperator>(plan, std::move(input));
}

}  // namespace iceframe
