// SPDX-License-Identifier: Apache-2.0
// Comparisons and membership. Floats are compared by loops of our own: to SQL a NaN equals itself
// and is greater than everything, and there is one zero.
#include <algorithm>
#include <cmath>

#include <arrow/util/bit_util.h>
#include <arrow/util/bitmap_ops.h>

#include "iceframe/expression/evaluate_internal.h"

namespace iceframe {

namespace {

template <typename T>
bool FloatEqual(T a, T b) {
  return a == b || (std::isnan(a) && std::isnan(b));
}
template <typename T>
bool FloatLess(T a, T b) {
  return a < b || (std::isnan(b) && !std::isnan(a));
}

template <typename T>
bool CompareFloats(ComparisonOp op, T a, T b) {
  switch (op) {
    case ComparisonOp::kEqual:
      return FloatEqual(a, b);
    case ComparisonOp::kNotEqual:
      return !FloatEqual(a, b);
    case ComparisonOp::kLess:
      return FloatLess(a, b);
    case ComparisonOp::kLessEqual:
      return !FloatLess(b, a);
    case ComparisonOp::kGreater:
      return FloatLess(b, a);
    case ComparisonOp::kGreaterEqual:
      return !FloatLess(a, b);
  }
  return false;
}

/// A boolean array from a test per row, null where one of the inputs is.
template <typename Test>
Result<EvaluatedColumn> TestRows(EvaluationContext* context,
                                 const std::vector<EvaluatedColumn>& inputs, const Test& test) {
  return MapRows(context, inputs, NewBooleanBuilder(context),
                 [&test](int64_t i, arrow::BooleanBuilder* builder) {
                   builder->UnsafeAppend(test(i));
                   return Status::OK();
                 });
}

template <typename ArrayType>
Result<EvaluatedColumn> CompareFloatColumns(EvaluationContext* context, ComparisonOp op,
                                            const EvaluatedColumn& left,
                                            const EvaluatedColumn& right) {
  const RowReader<ArrayType> a(left);
  const RowReader<ArrayType> b(right);
  return TestRows(context, {left, right}, [&](int64_t i) { return CompareFloats(op, a[i], b[i]); });
}

template <typename ArrayType, typename T>
Result<EvaluatedColumn> FloatIn(EvaluationContext* context, const InNode& node,
                                const EvaluatedColumn& operand) {
  std::vector<T> members;
  for (const Value& value : node.values) members.push_back(value.get<T>());
  std::sort(members.begin(), members.end(), FloatLess<T>);
  const RowReader<ArrayType> values(operand);
  return TestRows(context, {operand}, [&](int64_t i) {
    return std::binary_search(members.begin(), members.end(), values[i], FloatLess<T>) !=
           node.negated;
  });
}

const char* KernelOf(ComparisonOp op) {
  switch (op) {
    case ComparisonOp::kEqual:
      return "equal";
    case ComparisonOp::kNotEqual:
      return "not_equal";
    case ComparisonOp::kLess:
      return "less";
    case ComparisonOp::kLessEqual:
      return "less_equal";
    case ComparisonOp::kGreater:
      return "greater";
    case ComparisonOp::kGreaterEqual:
      return "greater_equal";
  }
  return "equal";
}

}  // namespace

Result<EvaluatedColumn> EvaluateComparison(EvaluationContext* context, ComparisonOp op,
                                           const EvaluatedColumn& left,
                                           const EvaluatedColumn& right) {
  switch (left.values->type_id()) {
    case arrow::Type::FLOAT:
      return CompareFloatColumns<arrow::FloatArray>(context, op, left, right);
    case arrow::Type::DOUBLE:
      return CompareFloatColumns<arrow::DoubleArray>(context, op, left, right);
    default:
      return context->Call(KernelOf(op), {left, right});
  }
}

Result<EvaluatedColumn> EvaluateIn(EvaluationContext* context, const InNode& node,
                                   const EvaluatedColumn& operand) {
  switch (operand.values->type_id()) {
    case arrow::Type::FLOAT:
      return FloatIn<arrow::FloatArray, float>(context, node, operand);
    case arrow::Type::DOUBLE:
      return FloatIn<arrow::DoubleArray, double>(context, node, operand);
    default:
      break;
  }
  ICEFRAME_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Array> members,
                            ArrayOfValues(node.value_type, node.values, context->pool()));
  // Inconclusive: a null operand gives null.
  const arrow::compute::SetLookupOptions options(
      members, arrow::compute::SetLookupOptions::NullMatchingBehavior::INCONCLUSIVE);
  ICEFRAME_ASSIGN_OR_RETURN(EvaluatedColumn result, context->Call("is_in", {operand}, &options));
  return node.negated ? context->Call("invert", {result}) : result;
}

}  // namespace iceframe
