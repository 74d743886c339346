// SPDX-License-Identifier: Apache-2.0
#include "iceframe/expression/window.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "iceframe/expression/aggregate_catalogue.h"
#include "iceframe/expression/binder.h"
#include "iceframe/expression/function_catalogue.h"
#include "iceframe/expression/literal_conversion.h"
#include "iceframe/expression/rewrite.h"

namespace iceframe {

namespace {

void CollectWindowCalls(const Expression& e, std::vector<Expression>* found) {
  if (e.as<WindowNode>() != nullptr) {
    if (std::find(found->begin(), found->end(), e) == found->end()) found->push_back(e);
    return;
  }
  for (const Expression& operand : e.operands()) CollectWindowCalls(operand, found);
}

Status WrongOperands(const Expression& call) {
  return Error(ErrorKind::kInvalidArgument,
               "window function has a wrong number of operands: ", call.ToString());
}

/// The distance of lead and lag.
Result<Expression> BindOffset(const Expression& call) {
  if (call.operands().size() < 2) return Lit(int64_t{1});
  const auto* literal = call.operands()[1].as<LiteralNode>();
  int64_t offset = -1;
  if (literal != nullptr && literal->value.holds<int32_t>()) offset = literal->value.get<int32_t>();
  if (literal != nullptr && literal->value.holds<int64_t>() &&
      call.operands()[1].type().id() == TypeId::kLong) {
    offset = literal->value.get<int64_t>();
  }
  if (offset < 0) {
    return Error(ErrorKind::kInvalidArgument,
                 "the offset must be a whole number, 0 or more: ", call.ToString());
  }
  return Lit(offset);
}

/// The value of lead and lag where there is no such row.
Result<Expression> BindDefault(const Expression& call, const Type& type) {
  if (call.operands().size() < 3) return Lit(type, Value::Null());
  const Expression& given = call.operands()[2];
  const auto* literal = given.as<LiteralNode>();
  if (literal == nullptr) {
    return Error(ErrorKind::kInvalidArgument, "the default must be a literal: ", call.ToString());
  }
  if (literal->value.is_null()) return Lit(type, Value::Null());
  ICEFRAME_ASSIGN_OR_RETURN(PlacedLiteral placed,
                            PlaceLiteral(type, {given.type(), literal->value}));
  if (placed.place != LiteralPlace::kExact) {
    return Error(ErrorKind::kInvalidArgument,
                 "the default is no value of this type: ", type.ToString(), " in ",
                 call.ToString());
  }
  return Lit(type, std::move(placed.value));
}

class WindowBinder {
 public:
  WindowBinder(const Schema& schema, bool case_sensitive)
      : schema_(schema), case_sensitive_(case_sensitive) {}

  Result<Expression> BindCall(const Expression& call, WindowFunctionId id) {
    switch (id) {
      case WindowFunctionId::kAggregate:
        return BindAggregate(call, schema_, case_sensitive_);
      case WindowFunctionId::kRowNumber:
      case WindowFunctionId::kRank:
      case WindowFunctionId::kDenseRank:
        if (!call.operands().empty()) return WrongOperands(call);
        return Expression(call.node(), Type::Long(), true);
      case WindowFunctionId::kLead:
      case WindowFunctionId::kLag:
        return BindShift(call);
    }
    return WrongOperands(call);
  }

  Result<Expression> BindKey(const Expression& key, bool is_order) {
    ICEFRAME_ASSIGN_OR_RETURN(Expression bound, Bind(WithoutAlias(key), schema_, case_sensitive_));
    if (is_order && bound.type().is_nested()) {
      return Error(ErrorKind::kInvalidArgument,
                   "rows can't be sorted by this type: ", bound.type().ToString());
    }
    return bound;
  }

 private:
  Result<Expression> BindShift(const Expression& call) {
    if (call.operands().empty() || call.operands().size() > 3) return WrongOperands(call);
    ICEFRAME_ASSIGN_OR_RETURN(Expression value,
                              Bind(WithoutAlias(call.operands()[0]), schema_, case_sensitive_));
    const Type type = value.type();
    ICEFRAME_ASSIGN_OR_RETURN(Expression offset, BindOffset(call));
    ICEFRAME_ASSIGN_OR_RETURN(Expression otherwise, type.is_nested() ? Result<Expression>(NullLit())
                                                                     : BindDefault(call, type));
    return Expression(FunctionNode{call.as<FunctionNode>()->name,
                                   {std::move(value), std::move(offset), std::move(otherwise)}},
                      type, true);
  }

  const Schema& schema_;
  bool case_sensitive_;
};

}  // namespace

Expression Over(Expression call, std::vector<Expression> partition_by,
                std::vector<SortKey> order_by) {
  if (const auto* alias = call.as<AliasNode>()) {
    const std::string name = alias->name;
    return As(Over(alias->operands[0], std::move(partition_by), std::move(order_by)), name);
  }
  WindowNode node;
  node.num_partition_keys = partition_by.size();
  node.operands.push_back(std::move(call));
  for (Expression& key : partition_by) node.operands.push_back(std::move(key));
  for (SortKey& key : order_by) {
    node.operands.push_back(std::move(key.expression));
    node.directions.push_back({key.descending, key.nulls_last});
  }
  return Expression(std::move(node));
}

const Expression& WindowCall(const WindowNode& window) { return window.operands.front(); }

std::vector<Expression> PartitionKeys(const WindowNode& window) {
  const auto first = window.operands.begin() + 1;
  return {first, first + static_cast<std::ptrdiff_t>(window.num_partition_keys)};
}

std::vector<SortKey> OrderKeys(const WindowNode& window) {
  std::vector<SortKey> keys;
  for (size_t i = 0; i < window.directions.size(); ++i) {
    keys.push_back({window.operands[1 + window.num_partition_keys + i],
                    window.directions[i].descending, window.directions[i].nulls_last});
  }
  return keys;
}

std::optional<WindowFunctionId> FindWindowFunction(std::string_view name) {
  if (name == "row_number") return WindowFunctionId::kRowNumber;
  if (name == "rank") return WindowFunctionId::kRank;
  if (name == "dense_rank") return WindowFunctionId::kDenseRank;
  if (name == "lead") return WindowFunctionId::kLead;
  if (name == "lag") return WindowFunctionId::kLag;
  if (IsAggregateName(name)) return WindowFunctionId::kAggregate;
  return std::nullopt;
}

std::vector<Expression> CollectWindows(const Expression& expression) {
  std::vector<Expression> found;
  if (expression.depth() <= kMaxExpressionDepth) CollectWindowCalls(expression, &found);
  return found;
}

bool ContainsWindow(const Expression& expression) { return !CollectWindows(expression).empty(); }

Result<Expression> BindWindow(const Expression& window, const Schema& schema, bool case_sensitive) {
  const auto* node = window.as<WindowNode>();
  if (node == nullptr || window.depth() > kMaxExpressionDepth || node->operands.empty() ||
      node->operands.size() != 1 + node->num_partition_keys + node->directions.size()) {
    return Error(ErrorKind::kInvalidArgument, "this is no window: ", window.ToString());
  }
  const Expression& call = node->operands[0];
  const auto* function = call.as<FunctionNode>();
  const auto id = function != nullptr ? FindWindowFunction(function->name) : std::nullopt;
  if (!id) {
    return Error(ErrorKind::kInvalidArgument, "OVER needs a window function: ", call.ToString());
  }
  if (node->directions.empty() &&
      (id == WindowFunctionId::kRank || id == WindowFunctionId::kDenseRank)) {
    return Error(ErrorKind::kInvalidArgument, "a rank needs an order: ", window.ToString(),
                 " (give order_by)");
  }
  WindowBinder binder(schema, case_sensitive);
  WindowNode bound{{}, node->num_partition_keys, node->directions};
  ICEFRAME_ASSIGN_OR_RETURN(Expression bound_call, binder.BindCall(call, *id));
  const Type type = bound_call.type();
  bound.operands.push_back(std::move(bound_call));
  for (size_t i = 1; i < node->operands.size(); ++i) {
    const bool is_order = i > node->num_partition_keys;
    ICEFRAME_ASSIGN_OR_RETURN(Expression key, binder.BindKey(node->operands[i], is_order));
    bound.operands.push_back(std::move(key));
  }
  return Expression(std::move(bound), type, true);
}

Status CheckRowWise(const Expression& expression) {
  if (expression.depth() > kMaxExpressionDepth) return Status::OK();
  const std::vector<Expression> windows = CollectWindows(expression);
  if (!windows.empty()) {
    return Error(ErrorKind::kInvalidArgument,
                 "a window function has no value of one row alone: ", windows[0].ToString(),
                 " (use it in select, and filter what select gives)");
  }
  const std::vector<Expression> aggregates = CollectAggregates(expression);
  if (!aggregates.empty()) {
    return Error(ErrorKind::kInvalidArgument,
                 "an aggregate has no value per row: ", aggregates[0].ToString(),
                 " (use it in select after group_by, or in having)");
  }
  return Status::OK();
}

}  // namespace iceframe
