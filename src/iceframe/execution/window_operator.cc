// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/window_operator.h"

#include <utility>

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include "iceframe/execution/window_functions_internal.h"
#include "iceframe/expression/binder.h"
#include "iceframe/types/offset_reach.h"

namespace iceframe {

namespace {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

class WindowOperator final : public Operator {
 public:
  WindowOperator(const PlanNode& plan, OperatorPtr input)
      : Operator(DescribeOperation(plan), plan.schema, Inputs(std::move(input))),
        windows_(plan.as<WindowPlanNode>()->windows) {}

 protected:
  Status DoOpen() override { return OpenInputs(); }

  Result<BatchPtr> DoNext() override {
    if (rows_ == nullptr) ICEFRAME_RETURN_NOT_OK(Compute());
    if (next_batch_ >= rows_->batches().size()) return nullptr;
    const arrow::RecordBatch& batch = *rows_->batches()[next_batch_];
    int64_t num_rows = NumRowsWithin(batch, row_in_batch_, kOutputRows, batch_bytes());
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (columns_[i].positions == nullptr) continue;
      num_rows = limits_[i].NumFitting(*columns_[i].positions->Slice(next_row_), num_rows);
    }
    arrow::ArrayVector columns = batch.Slice(row_in_batch_, num_rows)->columns();
    for (const WindowColumn& column : columns_) {
      ArrayPtr values;
      if (column.positions == nullptr) {
        values = column.values->Slice(next_row_, num_rows);
      } else {
        ICEFRAME_ASSIGN_OR_RETURN(
            values, TakeRows(column.values, *column.positions->Slice(next_row_, num_rows), pool()));
      }
      columns.push_back(std::move(values));
    }
    next_row_ += num_rows;
    row_in_batch_ += num_rows;
    if (row_in_batch_ == batch.num_rows()) {
      ++next_batch_;
      row_in_batch_ = 0;
    }
    return MakeBatch(num_rows, std::move(columns));
  }

 private:
  Status Compute() {
    rows_ = std::make_unique<WindowRows>(context(), batch_bytes());
    ICEFRAME_RETURN_NOT_OK(rows_->ReadAll(&input()));
    std::unique_ptr<const WindowFrame> frame;
    const WindowNode* framed = nullptr;
    for (const NamedExpression& window : windows_) {
      ICEFRAME_RETURN_NOT_OK(context().Check());
      const auto* node = window.expression.as<WindowNode>();
      if (framed == nullptr || !HasSameFrame(*framed, *node)) {
        ICEFRAME_ASSIGN_OR_RETURN(WindowFrame made, WindowFrame::Make(*node, *rows_));
        frame = std::make_unique<const WindowFrame>(std::move(made));
        framed = node;
      }
      ICEFRAME_ASSIGN_OR_RETURN(WindowColumn column,
                                ComputeWindow(window.expression, *frame, *rows_));
      limits_.emplace_back(arrow::ArrayVector{column.values}, batch_bytes());
      columns_.push_back(std::move(column));
    }
    return Status::OK();
  }

  static bool HasSameFrame(const WindowNode& left, const WindowNode& right) {
    if (left.num_partition_keys != right.num_partition_keys) return false;
    if (left.directions != right.directions) return false;
    if (left.operands.size() != right.operands.size()) return false;
    for (size_t i = 1; i < left.operands.size(); ++i) {
      if (CanonicalForm(left.operands[i]) != CanonicalForm(right.operands[i])) return false;
    }
    return true;
  }

  std::vector<NamedExpression> windows_;
  std::unique_ptr<WindowRows> rows_;
  std::vector<WindowColumn> columns_;
  std::vector<GatherLimit> limits_;
  // The row that comes next, of all and of its batch.
  int64_t next_row_ = 0;
  size_t next_batch_ = 0;
  int64_t row_in_batch_ = 0;
};

}  // namespace

OperatorPtr MakeWindowOperator(const PlanNode& plan, OperatorPtr input) {
  return std::make_unique<WindowOperator>(plan, std::move(input));
}

}  // namespace iceframe
