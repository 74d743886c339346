// SPDX-License-Identifier: Apache-2.0
#include "iceframe/expression/check_types.h"

#include <algorithm>

#include "iceframe/expression/function_catalogue.h"
#include "iceframe/expression/literal_conversion.h"
#include "iceframe/expression/nested_type.h"
#include "iceframe/expression/window.h"

namespace iceframe {

namespace {

bool IsBoolean(const Expression& e) { return e.type().id() == TypeId::kBoolean; }
bool IsString(const Expression& e) { return e.type().id() == TypeId::kString; }

bool HasOperands(const Expression& e, size_t count) { return e.operands().size() == count; }

bool IsComparable(const Type& type) {
  return type.is_primitive() && (type.id() < TypeId::kUnknown || type.id() == TypeId::kString);
}

/// One answer per kind of node.
struct TypeCheck {
  const Expression& e;

  bool operator()(const ColumnNode&) const { return true; }
  bool operator()(const LiteralNode& node) const {
    return (e.type().is_primitive() || node.value.is_null()) && Fits(e.type(), node.value);
  }
  bool operator()(const ComparisonNode& node) const {
    return IsBoolean(e) && HasOperands(e, 2) && IsComparable(node.operands[0].type()) &&
           node.operands[0].type() == node.operands[1].type();
  }
  bool operator()(const InNode& node) const {
    return IsBoolean(e) && HasOperands(e, 1) && IsComparable(node.value_type) &&
           node.operands[0].type() == node.value_type &&
           std::all_of(node.values.begin(), node.values.end(), [&node](const Value& value) {
             return !value.is_null() && Fits(node.value_type, value);
           });
  }
  bool operator()(const IsNullNode&) const { return IsBoolean(e) && HasOperands(e, 1); }
  bool operator()(const IsNaNNode& node) const {
    if (!IsBoolean(e) || !HasOperands(e, 1)) return false;
    const TypeId id = node.operands[0].type().id();
    return id == TypeId::kFloat || id == TypeId::kDouble;
  }
  bool operator()(const StartsWithNode& node) const {
    return IsBoolean(e) && HasOperands(e, 1) && IsString(node.operands[0]);
  }
  bool operator()(const LikeNode& node) const {
    return IsBoolean(e) && HasOperands(e, 1) && IsString(node.operands[0]);
  }
  bool operator()(const AndNode&) const { return AllBoolean(); }
  bool operator()(const OrNode&) const { return AllBoolean(); }
  bool operator()(const NotNode&) const { return HasOperands(e, 1) && AllBoolean(); }
  bool operator()(const ArithmeticNode& node) const {
    if (!HasOperands(e, 2) || !IsNumeric(e.type())) return false;
    const Type& left = node.operands[0].type();
    const Type& right = node.operands[1].type();
    if (e.type().id() != TypeId::kDecimal) return left == e.type() && right == e.type();
    const bool scales = node.op == ArithmeticOp::kMultiply
                            ? e.type().scale() == left.scale() + right.scale()
                            : e.type().scale() == std::max(left.scale(), right.scale());
    return left.id() == TypeId::kDecimal && right.id() == TypeId::kDecimal && scales &&
           node.op != ArithmeticOp::kDivide;
  }
  bool operator()(const CastNode& node) const {
    return HasOperands(e, 1) && e.type() == node.target &&
           IsCastAllowed(node.operands[0].type(), node.target);
  }
  bool operator()(const FunctionNode& node) const {
    const FunctionEntry* function = FindFunction(node.name);
    if (function == nullptr) return false;
    // Binding what is bound changes nothing.
    const auto again = BindFunction(*function, node.operands);
    return again.ok() && again->type() == e.type() && again->operands() == node.operands;
  }
  bool operator()(const AliasNode& node) const {
    return HasOperands(e, 1) && e.type() == node.operands[0].type();
  }
  bool operator()(const CaseNode& node) const {
    const size_t count = node.operands.size();
    if (count < 3 || count % 2 == 0) return false;
    for (size_t i = 0; i < count; ++i) {
      const bool is_condition = i % 2 == 0 && i + 1 < count;
      if (is_condition ? !IsBoolean(node.operands[i])
                       : !HasSameForm(node.operands[i].type(), e.type())) {
        return false;
      }
    }
    return e.type().id() != TypeId::kUnknown;
  }
  bool operator()(const WindowNode&) const { return false; }

 private:
  bool AllBoolean() const {
    return IsBoolean(e) && std::all_of(e.operands().begin(), e.operands().end(), IsBoolean);
  }
};

}  // namespace

Status CheckTypes(const Expression& bound) {
  if (bound.depth() > kMaxExpressionDepth) {
    return Error(ErrorKind::kInvalidArgument, "expression is nested too deeply: ", bound.depth(),
                 " levels");
  }
  std::vector<const Expression*> pending = {&bound};
  while (!pending.empty()) {
    const Expression& e = *pending.back();
    pending.pop_back();
    if (!e.is_bound()) {
      return Error(ErrorKind::kInvalidArgument,
                   "expression must be bound before it is evaluated: ", bound.ToString());
    }
    if (!std::visit(TypeCheck{e}, e.node())) {
      ICEFRAME_RETURN_NOT_OK(CheckRowWise(e));
      return Error(ErrorKind::kInvalidArgument,
                   "bound expression has a type that does not follow from its operands: ",
                   e.type().ToString());
    }
    for (const Expression& operand : e.operands()) pending.push_back(&operand);
  }
  return Status::OK();
}

}  // namespace iceframe
