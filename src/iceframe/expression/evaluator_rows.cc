// SPDX-License-Identifier: Apache-2.0
// What is evaluated on a part of the rows only: AND and OR leave out rows that are decided, CASE
// those that another branch takes, so that they can't fail there.
#include "iceframe/expression/evaluator_internal.h"
#include "iceframe/types/arrow_form.h"

namespace iceframe {

namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

/// Whether no further operand can change the result: false for AND, true for OR.
bool IsDecided(const EvaluatedColumn& joined, bool is_and) {
  const auto& values = static_cast<const arrow::BooleanArray&>(*joined.values);
  if (!joined.is_scalar && values.length() > 0 && values.null_count() == 0) {
    return is_and ? values.true_count() == 0 : values.true_count() == values.length();
  }
  return joined.is_scalar && !values.IsNull(0) && values.Value(0) != is_and;
}

/// A value per row, where there may be one for all.
Result<ArrayPtr> Spread(const EvaluatedColumn& column, int64_t length, arrow::MemoryPool* pool) {
  if (!column.is_scalar) return column.values;
  if (column.values->null_count() > 0) {
    return arrow::MakeArrayOfNull(column.values->type(), length, pool);
  }
  ICEFRAME_ASSIGN_OR_RETURN(auto scalar, column.values->GetScalar(0));
  return arrow::MakeArrayFromScalar(*scalar, length, pool);
}

bool IsTrueAt(const EvaluatedColumn& condition, int64_t i) {
  const auto& values = static_cast<const arrow::BooleanArray&>(*condition.values);
  const int64_t at = condition.is_scalar ? 0 : i;
  return values.IsValid(at) && values.Value(at);
}

}  // namespace

/// Joins with three-valued logic. What can fail comes last and sees only rows that the others
/// leave open.
Result<EvaluatedColumn> Evaluator::EvaluateJunction(const std::vector<Expression>& operands,
                                                    bool is_and) {
  std::optional<EvaluatedColumn> joined;
  for (const bool failing : {false, true}) {
    for (const Expression& operand : operands) {
      if (CanFail(operand) != failing) continue;
      EvaluatedColumn next;
      if (failing && joined && !joined->is_scalar) {
        ICEFRAME_ASSIGN_OR_RETURN(next, EvaluateWhereOpen(operand, *joined, is_and));
      } else {
        ICEFRAME_ASSIGN_OR_RETURN(next, Evaluate(operand));
      }
      if (joined) {
        ICEFRAME_ASSIGN_OR_RETURN(
            joined, context_.Call(is_and ? "and_kleene" : "or_kleene", {*joined, next}));
      } else {
        joined = std::move(next);
      }
      if (IsDecided(*joined, is_and)) return *std::move(joined);
    }
  }
  if (!joined) return Error(ErrorKind::kInvalidArgument, "AND or OR without operands");
  return *std::move(joined);
}

Result<EvaluatedColumn> Evaluator::EvaluateWhereOpen(const Expression& e,
                                                     const EvaluatedColumn& joined, bool is_and) {
  const auto& so_far = static_cast<const arrow::BooleanArray&>(*joined.values);
  arrow::Int64Builder open_rows(context_.pool());
  for (int64_t i = 0; i < so_far.length(); ++i) {
    if (so_far.IsNull(i) || so_far.Value(i) == is_and) {
      ICEFRAME_RETURN_NOT_OK(open_rows.Append(i));
    }
  }
  if (open_rows.length() == so_far.length()) return Evaluate(e);
  ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr rows, open_rows.Finish());
  ICEFRAME_ASSIGN_OR_RETURN(EvaluatedColumn result, EvaluateOnRows(e, rows));
  if (result.is_scalar) return result;
  return Scatter(static_cast<const arrow::BooleanArray&>(*result.values),
                 static_cast<const arrow::Int64Array&>(*rows), is_and);
}

/// Puts results back to their rows; the others get what does not change the junction.
Result<EvaluatedColumn> Evaluator::Scatter(const arrow::BooleanArray& values,
                                           const arrow::Int64Array& rows, bool neutral) {
  arrow::BooleanBuilder builder(context_.pool());
  ICEFRAME_RETURN_NOT_OK(builder.Reserve(context_.num_rows()));
  int64_t next = 0;
  for (int64_t i = 0; i < context_.num_rows(); ++i) {
    if (next == rows.length() || rows.Value(next) != i) {
      builder.UnsafeAppend(neutral);
    } else if (values.IsNull(next++)) {
      builder.UnsafeAppendNull();
    } else {
      builder.UnsafeAppend(values.Value(next - 1));
    }
  }
  EvaluatedColumn scattered;
  ICEFRAME_ASSIGN_OR_RETURN(scattered.values, builder.Finish());
  return scattered;
}

Result<EvaluatedColumn> Evaluator::EvaluateOnRows(const Expression& e, const ArrayPtr& rows) {
  EvaluatorColumns selected;
  for (const FieldId id : ReferencedFieldIds(e)) {
    const auto found = columns_.find(id);
    if (found == columns_.end()) continue;
    ICEFRAME_ASSIGN_OR_RETURN(
        EvaluatedColumn taken,
        context_.Call("take", {{WithoutExtension(found->second), false}, {rows, false}}));
    selected.emplace(id, std::move(taken.values));
  }
  Evaluator inner(selected, rows->length(), context_.pool());
  return inner.Evaluate(e);
}

Result<EvaluatedColumn> Evaluator::EvaluateNode(const CaseNode& node, const Expression& e) {
  const bool can_fail = std::any_of(node.operands.begin(), node.operands.end(), CanFail);
  // Nested values have no if_else that knows extension types.
  return can_fail || e.type().is_nested() ? EvaluateCaseByRows(node, e.type())
                                          : EvaluateCaseOnAll(node);
}

/// Every branch on every row, the last first: nothing can fail.
Result<EvaluatedColumn> Evaluator::EvaluateCaseOnAll(const CaseNode& node) {
  ICEFRAME_ASSIGN_OR_RETURN(EvaluatedColumn result, Evaluate(node.operands.back()));
  EvaluatedColumn is_false;
  is_false.is_scalar = true;
  ICEFRAME_ASSIGN_OR_RETURN(
      is_false.values, arrow::MakeArrayFromScalar(arrow::BooleanScalar(false), 1, context_.pool()));
  for (size_t i = node.operands.size() - 1; i >= 2; i -= 2) {
    ICEFRAME_ASSIGN_OR_RETURN(EvaluatedColumn condition, Evaluate(node.operands[i - 2]));
    ICEFRAME_ASSIGN_OR_RETURN(EvaluatedColumn value, Evaluate(node.operands[i - 1]));
    ICEFRAME_ASSIGN_OR_RETURN(condition, context_.Call("coalesce", {condition, is_false}));
    ICEFRAME_ASSIGN_OR_RETURN(result, context_.Call("if_else", {condition, value, result}));
  }
  return result;
}

/// Each condition on the rows that are open, each value on the rows that take it.
Result<EvaluatedColumn> Evaluator::EvaluateCaseByRows(const CaseNode& node, const Type& type) {
  const int64_t num_rows = context_.num_rows();
  ICEFRAME_ASSIGN_OR_RETURN(const auto arrow_type, StorageType(type));
  std::vector<int64_t> open(static_cast<size_t>(num_rows));
  for (size_t i = 0; i < open.size(); ++i) open[i] = static_cast<int64_t>(i);
  // Where each row's value stands among the pieces laid end to end.
  std::vector<int64_t> place(open.size());
  arrow::ArrayVector pieces;
  int64_t num_placed = 0;
  const auto rows_of = [this](const std::vector<int64_t>& rows) -> Result<ArrayPtr> {
    arrow::Int64Builder builder(context_.pool());
    ICEFRAME_RETURN_NOT_OK(builder.AppendValues(rows));
    return builder.Finish();
  };
  const auto add_piece = [&](const Expression& value, const std::vector<int64_t>& rows) -> Status {
    if (rows.empty() && num_rows > 0) return Status::OK();
    ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr selection, rows_of(rows));
    ICEFRAME_ASSIGN_OR_RETURN(EvaluatedColumn piece, EvaluateOnRows(value, selection));
    ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr spread, Spread(piece, selection->length(), context_.pool()));
    pieces.push_back(WithType(spread, arrow_type));
    for (const int64_t row : rows) place[static_cast<size_t>(row)] = num_placed++;
    return Status::OK();
  };
  for (size_t branch = 0; branch + 1 < node.operands.size() && !open.empty(); branch += 2) {
    ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr selection, rows_of(open));
    ICEFRAME_ASSIGN_OR_RETURN(EvaluatedColumn condition,
                              EvaluateOnRows(node.operands[branch], selection));
    std::vector<int64_t> taken;
    std::vector<int64_t> left;
    for (size_t i = 0; i < open.size(); ++i) {
      (IsTrueAt(condition, static_cast<int64_t>(i)) ? taken : left).push_back(open[i]);
    }
    ICEFRAME_RETURN_NOT_OK(add_piece(node.operands[branch + 1], taken));
    open = std::move(left);
  }
  ICEFRAME_RETURN_NOT_OK(add_piece(node.operands.back(), open));
  ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr laid, arrow::Concatenate(pieces, context_.pool()));
  ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr places, rows_of(place));
  return context_.Call("take", {{std::move(laid), false}, {std::move(places), false}});
}

}  // namespace iceframe
