// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/row_operators.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include <arrow/array.h>
#include <arrow/compute/api.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>

#include "iceframe/execution/evaluated_parts_internal.h"
#include "iceframe/expression/evaluate.h"

namespace iceframe {

namespace {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

class FilterOperator final : public Operator {
 public:
  FilterOperator(const PlanNode& plan, OperatorPtr input)
      : Operator(DescribeOperation(plan), plan.schema, Inputs(std::move(input))),
        predicate_(plan.as<FilterNode>()->predicate) {}

  void OfferFilter(const Expression& predicate) override { input().OfferFilter(predicate); }
  bool ListenToFiles(FileListener* listener, const WantedAnswers& answers) override {
    return input().ListenToFiles(listener, answers);
  }

 protected:
  Status DoOpen() override { return OpenInputs(); }
  Result<BatchPtr> DoNext() override {
    ICEFRAME_ASSIGN_OR_RETURN(BatchPtr batch, input().Next());
    if (batch == nullptr) return batch;
    ICEFRAME_ASSIGN_OR_RETURN(auto keep, EvaluateFilter(predicate_, *batch, pool()));
    if (keep->true_count() == batch->num_rows()) return batch;
    arrow::compute::ExecContext exec(pool());
    ICEFRAME_ASSIGN_OR_RETURN(
        arrow::Datum kept,
        arrow::compute::Filter(batch, keep, arrow::compute::FilterOptions::Defaults(), &exec));
    return kept.record_batch();
  }

 private:
  Expression predicate_;
};

class ProjectOperator final : public Operator {
 public:
  ProjectOperator(const PlanNode& plan, OperatorPtr input)
      : Operator(DescribeOperation(plan), plan.schema, Inputs(std::move(input))),
        columns_(plan.as<ProjectNode>()->columns) {}

  void OfferFilter(const Expression& predicate) override {
    if (IsOverInput(predicate)) input().OfferFilter(predicate);
  }
  void OfferFirstRows(const FirstRows& first) override {
    if (IsOverInput(first.key)) input().OfferFirstRows(first);
  }
  bool ListenToFiles(FileListener* listener, const WantedAnswers& answers) override {
    return input().ListenToFiles(listener, answers);
  }

 protected:
  Status DoOpen() override {
    std::vector<Expression> expressions;
    for (const NamedExpression& column : columns_) expressions.push_back(column.expression);
    parts_ = std::make_unique<EvaluatedParts>(std::move(expressions), batch_bytes(), pool());
    return OpenInputs();
  }
  Result<BatchPtr> DoNext() override {
    if (parts_->is_at_end()) {
      ICEFRAME_ASSIGN_OR_RETURN(BatchPtr batch, input().Next());
      if (batch == nullptr) return batch;
      parts_->Start(std::move(batch));
    }
    ICEFRAME_ASSIGN_OR_RETURN(EvaluatedPart part, parts_->Next());
    return MakeBatch(part.rows->num_rows(), std::move(part.values));
  }

 private:
  bool IsOverInput(const Expression& expression) const {
    return std::ranges::all_of(ReferencedFieldIds(expression), [this](FieldId id) {
      return std::ranges::any_of(columns_, [id](const NamedExpression& column) {
        return column.field.id == id && column.is_pass_through();
      });
    });
  }

  std::vector<NamedExpression> columns_;
  std::unique_ptr<EvaluatedParts> parts_;
};

class LimitOperator final : public Operator {
 public:
  LimitOperator(const PlanNode& plan, OperatorPtr input)
      : Operator(DescribeOperation(plan), plan.schema, Inputs(std::move(input))),
        to_skip_(plan.as<LimitNode>()->offset),
        left_(plan.as<LimitNode>()->limit) {}

 protected:
  Status DoOpen() override { return left_ == 0 ? Status::OK() : OpenInputs(); }
  Result<BatchPtr> DoNext() override {
    if (left_ == 0) return nullptr;
    ICEFRAME_ASSIGN_OR_RETURN(BatchPtr batch, input().Next());
    if (batch == nullptr) return batch;
    const int64_t num_skipped = std::min(to_skip_, batch->num_rows());
    to_skip_ -= num_skipped;
    int64_t num_taken = batch->num_rows() - num_skipped;
    if (left_) {
      num_taken = std::min(num_taken, *left_);
      *left_ -= num_taken;
    }
    return batch->Slice(num_skipped, num_taken);
  }

 private:
  int64_t to_skip_;
  std::optional<int64_t> left_;
};

}  // namespace

OperatorPtr MakeFilterOperator(const PlanNode& plan, OperatorPtr input) {
  return std::make_unique<FilterOperator>(plan, std::move(input));
}

OperatorPtr MakeProjectOperator(const PlanNode& plan, OperatorPtr input) {
  return std::make_unique<ProjectOperator>(plan, std::move(input));
}

OperatorPtr MakeLimitOperator(const PlanNode& plan, OperatorPtr input) {
  return std::make_unique<LimitOperator>(plan, std::move(input));
}

}  // namespace iceframe
