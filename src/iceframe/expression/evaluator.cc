// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <arrow/extension_type.h>

#include "iceframe/base/utf8.h"
#include "iceframe/expression/evaluator_internal.h"
#include "iceframe/types/arrow_schema.h"

namespace iceframe {

namespace {
using ArrayPtr = std::shared_ptr<arrow::Array>;

/// Names the expression whose evaluation failed, and so its columns.
Result<EvaluatedColumn> Named(Result<EvaluatedColumn> result, const Expression& e) {
  constexpr int64_t kMaxCharacters = 200;
  if (result.ok()) return result;
  std::string text = e.ToString();
  const size_t length = CodePointPrefix(text, kMaxCharacters);
  if (length < text.size()) text = text.substr(0, length) + "…";
  const Status& status = result.status();
  return status.WithMessage(status.message(), ", in ", text);
}
}  // namespace

ArrayPtr WithoutExtension(ArrayPtr array) {
  while (array->type_id() == arrow::Type::EXTENSION) {
    array = static_cast<const arrow::ExtensionArray&>(*array).storage();
  }
  return array;
}

bool CanFail(const Expression& e) {
  if (e.as<CastNode>() != nullptr || e.as<ArithmeticNode>() != nullptr) return true;
  if (const auto* call = e.as<FunctionNode>()) {
    const FunctionEntry* entry = FindFunction(call->name);
    if (entry == nullptr) return true;
    switch (entry->id) {
      case FunctionId::kAbs:
      case FunctionId::kNegate:
      case FunctionId::kRound:
      case FunctionId::kCeil:
      case FunctionId::kFloor:
      case FunctionId::kDateTrunc:
        return true;
      default:
        break;
    }
  }
  return std::any_of(e.operands().begin(), e.operands().end(), CanFail);
}

Evaluator::Evaluator(const EvaluatorColumns& columns, int64_t num_rows, arrow::MemoryPool* pool)
    : columns_(columns), context_(num_rows, pool) {
  for (const auto& [id, array] : columns_) {
    has_dictionaries_ = has_dictionaries_ || array->type_id() == arrow::Type::DICTIONARY;
  }
}

Result<EvaluatedColumn> Evaluator::Evaluate(const Expression& e) {
  if (has_dictionaries_ && e.as<ColumnNode>() == nullptr && e.as<LiteralNode>() == nullptr) {
    ICEFRAME_ASSIGN_OR_RETURN(std::optional<EvaluatedColumn> once, EvaluateOnDictionary(e));
    if (once) return *std::move(once);
  }
  return std::visit([&](const auto& node) { return EvaluateNode(node, e); }, e.node());
}

Result<std::vector<EvaluatedColumn>> Evaluator::EvaluateAll(
    const std::vector<Expression>& operands) {
  std::vector<EvaluatedColumn> evaluated;
  evaluated.reserve(operands.size());
  for (const Expression& operand : operands) {
    ICEFRAME_ASSIGN_OR_RETURN(EvaluatedColumn next, Evaluate(operand));
    evaluated.push_back(std::move(next));
  }
  return evaluated;
}

/// The tree over the values of its only column's dictionary, spread to the rows.
Result<std::optional<EvaluatedColumn>> Evaluator::EvaluateOnDictionary(const Expression& e) {
  const std::set<FieldId> ids = ReferencedFieldIds(e);
  if (ids.size() != 1) return std::nullopt;
  const auto found = columns_.find(*ids.begin());
  if (found == columns_.end() || found->second->type_id() != arrow::Type::DICTIONARY) {
    return std::nullopt;
  }
  const auto& column = static_cast<const arrow::DictionaryArray&>(*found->second);
  // Values that no row has must not make it fail, nor more values than rows make it slower.
  if (column.dictionary()->length() > column.length() || CanFail(e)) return std::nullopt;
  EvaluatorColumns values = {{found->first, column.dictionary()}};
  Evaluator over_values(values, column.dictionary()->length(), context_.pool());
  ICEFRAME_ASSIGN_OR_RETURN(EvaluatedColumn result, over_values.Evaluate(e));
  if (result.is_scalar) return std::optional(result);
  const EvaluatedColumn indices{column.indices(), false};
  const arrow::compute::TakeOptions no_check = arrow::compute::TakeOptions::NoBoundsCheck();
  ICEFRAME_ASSIGN_OR_RETURN(EvaluatedColumn taken,
                            context_.Call("take", {result, indices}, &no_check));
  if (column.indices()->null_count() == 0) return std::optional(taken);
  // IS NULL and COALESCE give a value where there is none.
  ICEFRAME_ASSIGN_OR_RETURN(
      ArrayPtr null, arrow::MakeArrayOfNull(column.dictionary()->type(), 1, context_.pool()));
  EvaluatorColumns of_null = {{found->first, std::move(null)}};
  Evaluator over_null(of_null, 1, context_.pool());
  ICEFRAME_ASSIGN_OR_RETURN(EvaluatedColumn for_null, over_null.Evaluate(e));
  if (for_null.values->IsNull(0)) return std::optional(taken);
  for_null.is_scalar = true;
  ICEFRAME_ASSIGN_OR_RETURN(EvaluatedColumn valid, context_.Call("is_valid", {indices}));
  ICEFRAME_ASSIGN_OR_RETURN(taken, context_.Call("if_else", {valid, taken, for_null}));
  return std::optional(taken);
}

Result<EvaluatedColumn> Evaluator::EvaluateNode(const ColumnNode& node, const Expression& e) {
  const auto found = columns_.find(node.field_id);
  if (found == columns_.end()) {
    return Error(ErrorKind::kInvalidArgument, "batch lacks a column: ", node.name, " (field id ",
                 node.field_id, ")");
  }
  EvaluatedColumn column{WithoutExtension(found->second), false};
  if (e.type().is_nested()) return column;
  ICEFRAME_ASSIGN_OR_RETURN(auto expected, StorageType(e.type()));
  if (column.values->type_id() == arrow::Type::DICTIONARY) {
    const auto& encoded = static_cast<const arrow::DictionaryArray&>(*column.values);
    ICEFRAME_ASSIGN_OR_RETURN(
        column, context_.Call("take", {{WithoutExtension(encoded.dictionary()), false},
                                       {encoded.indices(), false}}));
    column.is_scalar = false;
  }
  if (column.values->type()->Equals(*expected)) return column;
  if (column.values->type_id() == arrow::Type::NA) {
    ICEFRAME_ASSIGN_OR_RETURN(
        column.values, arrow::MakeArrayOfNull(expected, context_.num_rows(), context_.pool()));
    return column;
  }
  const arrow::compute::CastOptions options = arrow::compute::CastOptions::Safe(expected);
  return context_.Call("cast", {column}, &options);
}

Result<EvaluatedColumn> Evaluator::EvaluateNode(const LiteralNode& node, const Expression& e) {
  EvaluatedColumn literal;
  literal.is_scalar = true;
  ICEFRAME_ASSIGN_OR_RETURN(literal.values,
                            ArrayFromValue(e.type(), node.value, 1, context_.pool()));
  literal.values = WithoutExtension(literal.values);
  return literal;
}

Result<EvaluatedColumn> Evaluator::EvaluateNode(const ComparisonNode& node, const Expression&) {
  ICEFRAME_ASSIGN_OR_RETURN(std::vector<EvaluatedColumn> sides, EvaluateAll(node.operands));
  return EvaluateComparison(&context_, node.op, sides[0], sides[1]);
}

Result<EvaluatedColumn> Evaluator::EvaluateNode(const InNode& node, const Expression&) {
  ICEFRAME_ASSIGN_OR_RETURN(EvaluatedColumn operand, Evaluate(node.operands[0]));
  return EvaluateIn(&context_, node, operand);
}

Result<EvaluatedColumn> Evaluator::EvaluateNode(const IsNullNode& node, const Expression&) {
  ICEFRAME_ASSIGN_OR_RETURN(EvaluatedColumn operand, Evaluate(node.operands[0]));
  return context_.Call(node.negated ? "is_valid" : "is_null", {operand});
}

Result<EvaluatedColumn> Evaluator::EvaluateNode(const IsNaNNode& node, const Expression&) {
  ICEFRAME_ASSIGN_OR_RETURN(EvaluatedColumn operand, Evaluate(node.operands[0]));
  ICEFRAME_ASSIGN_OR_RETURN(EvaluatedColumn result, context_.Call("is_nan", {operand}));
  return node.negated ? context_.Call("invert", {result}) : result;
}

Result<EvaluatedColumn> Evaluator::EvaluateNode(const StartsWithNode& node, const Expression&) {
  ICEFRAME_ASSIGN_OR_RETURN(EvaluatedColumn operand, Evaluate(node.operands[0]));
  return EvaluateStartsWith(&context_, node, operand);
}

Result<EvaluatedColumn> Evaluator::EvaluateNode(const LikeNode& node, const Expression&) {
  ICEFRAME_ASSIGN_OR_RETURN(EvaluatedColumn operand, Evaluate(node.operands[0]));
  return EvaluateLike(&context_, node, operand);
}

Result<EvaluatedColumn> Evaluator::EvaluateNode(const AndNode& node, const Expression&) {
  return EvaluateJunction(node.operands, true);
}

Result<EvaluatedColumn> Evaluator::EvaluateNode(const OrNode& node, const Expression&) {
  return EvaluateJunction(node.operands, false);
}

Result<EvaluatedColumn> Evaluator::EvaluateNode(const NotNode& node, const Expression&) {
  ICEFRAME_ASSIGN_OR_RETURN(EvaluatedColumn operand, Evaluate(node.operands[0]));
  return context_.Call("invert", {operand});
}

Result<EvaluatedColumn> Evaluator::EvaluateNode(const ArithmeticNode& node, const Expression& e) {
  ICEFRAME_ASSIGN_OR_RETURN(std::vector<EvaluatedColumn> sides, EvaluateAll(node.operands));
  return Named(EvaluateArithmetic(&context_, e, sides[0], sides[1]), e);
}

Result<EvaluatedColumn> Evaluator::EvaluateNode(const CastNode& node, const Expression& e) {
  ICEFRAME_ASSIGN_OR_RETURN(EvaluatedColumn operand, Evaluate(node.operands[0]));
  return Named(EvaluateCast(&context_, node.operands[0].type(), node.target, operand), e);
}

Result<EvaluatedColumn> Evaluator::EvaluateNode(const FunctionNode& node, const Expression& e) {
  const FunctionEntry* entry = FindFunction(node.name);
  if (entry == nullptr) {
    return Error(ErrorKind::kInvalidArgument, "function does not exist: ", node.name);
  }
  ICEFRAME_ASSIGN_OR_RETURN(std::vector<EvaluatedColumn> arguments, EvaluateAll(node.operands));
  return Named(EvaluateFunction(&context_, entry->id, e, arguments), e);
}

Result<EvaluatedColumn> Evaluator::EvaluateNode(const AliasNode& node, const Expression&) {
  return Evaluate(node.operands[0]);
}

Result<EvaluatedColumn> Evaluator::EvaluateNode(const WindowNode&, const Expression& e) {
  return Error(ErrorKind::kInvalidArgument,
               "a window function has no value of one row alone: ", e.ToString());
}

}  // namespace iceframe
