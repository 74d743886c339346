// SPDX-License-Identifier: Apache-2.0
#include "iceframe/expression/aggregate_catalogue.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "iceframe/expression/binder.h"
#include "iceframe/expression/literal_conversion.h"
#include "iceframe/expression/rewrite.h"
#include "iceframe/types/decimal_limits.h"

namespace iceframe {

namespace {

/// Sorted by name; aliases share an id.
constexpr AggregateSignature kAggregates[] = {
    {"avg", AggregateId::kAvg, 1, 1},
    {"count", AggregateId::kCount, 0, 1},
    {"count_distinct", AggregateId::kCountDistinct, 1, 1},
    {"max", AggregateId::kMax, 1, 1},
    {"mean", AggregateId::kAvg, 1, 1, true},
    {"min", AggregateId::kMin, 1, 1},
    {"sum", AggregateId::kSum, 1, 1},
};

/// Whether values of the type can be told apart and put in order.
/// Equality, which nested values have too.
bool HasEquality(const Type& type) { return type.is_nested() || type.id() <= TypeId::kUnknown; }
bool HasOrder(const Type& type) { return type.is_primitive() && type.id() < TypeId::kUnknown; }

Result<Type> SumType(const Type& operand) {
  switch (operand.id()) {
    case TypeId::kInt:
    case TypeId::kLong:
      return Type::Long();
    case TypeId::kDecimal:
      return Type::Decimal(kMaxPrecision, operand.scale());
    default:
      return Type::Double();
  }
}

void CollectAggregateCalls(const Expression& e, std::vector<Expression>* found) {
  if (AsAggregate(e) != nullptr) {
    if (std::find(found->begin(), found->end(), e) == found->end()) found->push_back(e);
    return;
  }
  const std::vector<Expression>* operands = &e.operands();
  if (e.as<WindowNode>() != nullptr && !operands->empty()) {
    // The call itself is the window's; what it is of may be an aggregate of the query.
    for (const Expression& operand : operands->front().operands())
      CollectAggregateCalls(operand, found);
    for (size_t i = 1; i < operands->size(); ++i) CollectAggregateCalls((*operands)[i], found);
    return;
  }
  for (const Expression& operand : *operands) CollectAggregateCalls(operand, found);
}

}  // namespace

const AggregateSignature* FindAggregate(std::string_view name) {
  const auto* found =
      std::find_if(std::begin(kAggregates), std::end(kAggregates),
                   [name](const AggregateSignature& entry) { return entry.name == name; });
  return found != std::end(kAggregates) ? found : nullptr;
}

bool IsAggregateName(std::string_view name) { return FindAggregate(name) != nullptr; }

std::vector<std::string_view> AggregateNames() {
  std::vector<std::string_view> names;
  for (const AggregateSignature& entry : kAggregates) names.push_back(entry.name);
  return names;
}

Result<Type> AggregateResultType(std::string_view name, const std::vector<Type>& operands) {
  const AggregateSignature* entry = FindAggregate(name);
  if (entry == nullptr) {
    return Error(ErrorKind::kInvalidArgument, "aggregate does not exist: ", name);
  }
  if (operands.size() < entry->min_arguments || operands.size() > entry->max_arguments) {
    return Error(ErrorKind::kInvalidArgument,
                 "aggregate has a wrong number of operands: ", entry->name, " with ",
                 operands.size());
  }
  if (entry->id == AggregateId::kCount) return Type::Long();
  const Type& operand = operands[0];
  if (entry->id == AggregateId::kCountDistinct && HasEquality(operand)) return Type::Long();
  const bool needs_number = entry->id == AggregateId::kSum || entry->id == AggregateId::kAvg;
  if (needs_number ? !IsNumeric(operand) : !HasOrder(operand)) {
    return Error(ErrorKind::kInvalidArgument, "aggregate does not take this type: ", entry->name,
                 "(", operand.ToString(), ")");
  }
  switch (entry->id) {
    case AggregateId::kCount:
    case AggregateId::kCountDistinct:
      return Type::Long();
    case AggregateId::kSum:
      return SumType(operand);
    case AggregateId::kAvg:
      return Type::Double();
    case AggregateId::kMin:
    case AggregateId::kMax:
      return operand;
  }
  return Error(ErrorKind::kInvalidArgument, "aggregate does not exist: ", name);
}

const AggregateSignature* AsAggregate(const Expression& expression) {
  const auto* call = expression.as<FunctionNode>();
  return call != nullptr ? FindAggregate(call->name) : nullptr;
}

std::vector<Expression> CollectAggregates(const Expression& expression) {
  std::vector<Expression> found;
  if (expression.depth() <= kMaxExpressionDepth) CollectAggregateCalls(expression, &found);
  return found;
}

bool ContainsAggregate(const Expression& expression) {
  return !CollectAggregates(expression).empty();
}

Result<Expression> BindAggregate(const Expression& call, const Schema& schema,
                                 bool case_sensitive) {
  const AggregateSignature* entry = AsAggregate(call);
  if (entry == nullptr) {
    return Error(ErrorKind::kInvalidArgument, "this is no aggregate: ", call.ToString());
  }
  std::vector<Expression> operands;
  std::vector<Type> types;
  if (call.depth() > kMaxExpressionDepth) return Bind(call, schema, case_sensitive);
  for (const Expression& operand : call.operands()) {
    if (ContainsAggregate(operand)) {
      return Error(ErrorKind::kInvalidArgument,
                   "an aggregate can't be taken of an aggregate: ", call.ToString());
    }
    ICEFRAME_ASSIGN_OR_RETURN(Expression bound,
                              Bind(WithoutAlias(operand), schema, case_sensitive));
    if (bound.is_null_literal() && bound.type().id() == TypeId::kUnknown) {
      ICEFRAME_ASSIGN_OR_RETURN(bound, Lit(Type::Int(), Value::Null()));
    }
    types.push_back(bound.type());
    operands.push_back(std::move(bound));
  }
  ICEFRAME_ASSIGN_OR_RETURN(Type type, AggregateResultType(entry->name, types));
  // An alias stands beside the name it means.
  std::string_view name = entry->name;
  for (const AggregateSignature& other : kAggregates) {
    if (other.id == entry->id && !other.is_alias) name = other.name;
  }
  return Expression(FunctionNode{std::string(name), std::move(operands)}, std::move(type), true);
}

}  // namespace iceframe
