// SPDX-License-Identifier: Apache-2.0
// Walks a bound tree over the columns of one batch.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "iceframe/expression/evaluate_internal.h"

namespace iceframe {

/// Columns by field id; they may be dictionary-encoded or of an extension type.
using EvaluatorColumns = std::map<FieldId, std::shared_ptr<arrow::Array>>;

/// The values below any extension type.
std::shared_ptr<arrow::Array> WithoutExtension(std::shared_ptr<arrow::Array> array);
/// Whether evaluating can fail for some value, so that rows which do not count must be left out.
bool CanFail(const Expression& expression);

/// One evaluation; `columns` must outlive it. A subtree over one dictionary-encoded column is
/// evaluated once per dictionary value.
class Evaluator {
 public:
  Evaluator(const EvaluatorColumns& columns, int64_t num_rows, arrow::MemoryPool* pool);

  Result<EvaluatedColumn> Evaluate(const Expression& e);

 private:
  Result<std::vector<EvaluatedColumn>> EvaluateAll(const std::vector<Expression>& operands);
  Result<std::optional<EvaluatedColumn>> EvaluateOnDictionary(const Expression& e);

  Result<EvaluatedColumn> EvaluateNode(const ColumnNode& node, const Expression& e);
  Result<EvaluatedColumn> EvaluateNode(const LiteralNode& node, const Expression& e);
  Result<EvaluatedColumn> EvaluateNode(const ComparisonNode& node, const Expression& e);
  Result<EvaluatedColumn> EvaluateNode(const InNode& node, const Expression& e);
  Result<EvaluatedColumn> EvaluateNode(const IsNullNode& node, const Expression& e);
  Result<EvaluatedColumn> EvaluateNode(const IsNaNNode& node, const Expression& e);
  Result<EvaluatedColumn> EvaluateNode(const StartsWithNode& node, const Expression& e);
  Result<EvaluatedColumn> EvaluateNode(const LikeNode& node, const Expression& e);
  Result<EvaluatedColumn> EvaluateNode(const AndNode& node, const Expression& e);
  Result<EvaluatedColumn> EvaluateNode(const OrNode& node, const Expression& e);
  Result<EvaluatedColumn> EvaluateNode(const NotNode& node, const Expression& e);
  Result<EvaluatedColumn> EvaluateNode(const ArithmeticNode& node, const Expression& e);
  Result<EvaluatedColumn> EvaluateNode(const CastNode& node, const Expression& e);
  Result<EvaluatedColumn> EvaluateNode(const FunctionNode& node, const Expression& e);
  Result<EvaluatedColumn> EvaluateNode(const AliasNode& node, const Expression& e);
  Result<EvaluatedColumn> EvaluateNode(const CaseNode& node, const Expression& e);
  Result<EvaluatedColumn> EvaluateNode(const WindowNode& node, const Expression& e);

  // Parts of the rows only (evaluator_rows.cc).
  Result<EvaluatedColumn> EvaluateJunction(const std::vector<Expression>& operands, bool is_and);
  Result<EvaluatedColumn> EvaluateWhereOpen(const Expression& e, const EvaluatedColumn& joined,
                                            bool is_and);
  Result<EvaluatedColumn> Scatter(const arrow::BooleanArray& values, const arrow::Int64Array& rows,
                                  bool neutral);
  Result<EvaluatedColumn> EvaluateOnRows(const Expression& e,
                                         const std::shared_ptr<arrow::Array>& rows);
  Result<EvaluatedColumn> EvaluateCaseOnAll(const CaseNode& node);
  Result<EvaluatedColumn> EvaluateCaseByRows(const CaseNode& node, const Type& type);

  const EvaluatorColumns& columns_;
  EvaluationContext context_;
  bool has_dictionaries_ = false;
};

}  // namespace iceframe
