// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/window_operator.h"

#include <utility>

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include "iceframe/execution/window_functions_internal.h"
#include "iceframe/expression/binder.h"

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
    if (result_ == nullptr) ICEFRAME_RETURN_NOT_OK(Compute());
    if (next_row_ >= result_->num_rows()) return nullptr;
    const BatchPtr slice = result_->Slice(next_row_, kOutputRows);
    next_row_ += slice->num_rows();
    return slice;
  }

 private:
  Status Compute() {
    ICEFRAME_ASSIGN_OR_RETURN(BatchPtr rows, ReadAll(&input(), pool()));
    arrow::ArrayVector columns = rows->columns();
    std::unique_ptr<const WindowFrame> frame;
    const WindowNode* framed = nullptr;
    for (const NamedExpression& window : windows_) {
      ICEFRAME_RETURN_NOT_OK(context().Check());
      const auto* node = window.expression.as<WindowNode>();
      if (framed == nullptr || !HasSameFrame(*framed, *node)) {
        ICEFRAME_ASSIGN_OR_RETURN(WindowFrame made,
                                  WindowFrame::Make(*node, *rows, context().memory));
        frame = std::make_unique<const WindowFrame>(std::move(made));
        framed = node;
      }
      ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr values,
                                ComputeWindow(window.expression, *frame, *rows, context().memory));
      columns.push_back(std::move(values));
    }
    ICEFRAME_ASSIGN_OR_RETURN(result_, MakeBatch(rows->num_rows(), std::move(columns)));
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
  BatchPtr result_;
  int64_t next_row_ = 0;
};

}  // namespace

OperatorPtr MakeWindowOperator(const PlanNode& plan, OperatorPtr input) {
  return std::make_unique<WindowOperator>(plan, std::move(input));
}

}  // namespace iceframe
