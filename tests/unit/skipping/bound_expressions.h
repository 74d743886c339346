// SPDX-License-Identifier: Apache-2.0
// Bound trees written by hand: tests of skipping need no binder.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "iceframe/expression/expression.h"
#include "iceframe/types/type.h"
#include "iceframe/types/value.h"

namespace iceframe::bound {

inline Expression Leaf(ExpressionNode node) {
  return Expression(std::move(node), Type::Boolean(), true);
}
inline Expression Column(FieldId id, const Type& type) {
  return Expression(ColumnNode{"c" + std::to_string(id), id}, type, true);
}
inline Expression Literal(const Type& type, Value value) {
  return Expression(LiteralNode{std::move(value)}, type, true);
}
inline Expression Constant(bool value) { return Literal(Type::Boolean(), Value(value)); }
inline Expression Compare(ComparisonOp op, const Expression& column, Value value) {
  return Leaf(ComparisonNode{op, {column, Literal(column.type(), std::move(value))}});
}
inline Expression Eq(const Expression& column, Value value) {
  return Compare(ComparisonOp::kEqual, column, std::move(value));
}
inline Expression Ne(const Expression& column, Value value) {
  return Compare(ComparisonOp::kNotEqual, column, std::move(value));
}
inline Expression Lt(const Expression& column, Value value) {
  return Compare(ComparisonOp::kLess, column, std::move(value));
}
inline Expression Le(const Expression& column, Value value) {
  return Compare(ComparisonOp::kLessEqual, column, std::move(value));
}
inline Expression Gt(const Expression& column, Value value) {
  return Compare(ComparisonOp::kGreater, column, std::move(value));
}
inline Expression Ge(const Expression& column, Value value) {
  return Compare(ComparisonOp::kGreaterEqual, column, std::move(value));
}
inline Expression In(const Expression& column, std::vector<Value> values, bool negated = false) {
  return Leaf(InNode{{column}, std::move(values), column.type(), negated});
}
inline Expression IsNull(const Expression& column, bool negated = false) {
  return Leaf(IsNullNode{{column}, negated});
}
inline Expression IsNaN(const Expression& column, bool negated = false) {
  return Leaf(IsNaNNode{{column}, negated});
}
inline Expression StartsWith(const Expression& column, std::string prefix, bool negated = false) {
  return Leaf(StartsWithNode{{column}, std::move(prefix), negated});
}
inline Expression Like(const Expression& column, std::string pattern, bool negated = false) {
  return Leaf(LikeNode{{column}, std::move(pattern), negated, false});
}
inline Expression And(std::vector<Expression> operands) {
  return Leaf(AndNode{std::move(operands)});
}
inline Expression Or(std::vector<Expression> operands) { return Leaf(OrNode{std::move(operands)}); }
inline Expression Not(Expression operand) { return Leaf(NotNode{{std::move(operand)}}); }

}  // namespace iceframe::bound
