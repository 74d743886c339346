// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <utility>

#include <arrow/array.h>
#include <arrow/type_traits.h>

#include "iceframe/execution/join_filter_internal.h"
#include "iceframe/expression/binder.h"
#include "iceframe/types/arrow_schema.h"

namespace iceframe {

namespace {

// More would cost more to compare with than they save.
constexpr int64_t kMaxListed = 256;

Expression Bound(ExpressionNode node) {
  return Expression(std::move(node), Type::Boolean(), /*is_bound=*/true);
}

Expression BoundLiteral(const Type& type, Value value) {
  return Expression(LiteralNode{std::move(value)}, type, /*is_bound=*/true);
}

Result<Expression> FilterOfKey(const Expression& column, const arrow::Array& keys,
                               const OperationContext& context) {
  const Type& type = column.type();
  std::vector<Value> values;
  std::optional<Value> least;
  std::optional<Value> greatest;
  const bool listed = keys.length() <= kMaxListed;
  for (int64_t i = 0; i < keys.length(); ++i) {
    if (i % kRowsPerCheck == 0) ICEFRAME_RETURN_NOT_OK(context.Check());
    if (keys.IsNull(i)) continue;
    ICEFRAME_ASSIGN_OR_RETURN(Value value, ValueFromArrow(type, keys, i));
    if (!least || CompareValues(type, value, *least) < 0) least = value;
    if (!greatest || CompareValues(type, value, *greatest) > 0) greatest = value;
    if (listed) values.push_back(std::move(value));
  }
  if (!least || !greatest) return False();
  if (!listed) {
    return And(Bound(ComparisonNode{ComparisonOp::kGreaterEqual,
                                    {column, BoundLiteral(type, *std::move(least))}}),
               Bound(ComparisonNode{ComparisonOp::kLessEqual,
                                    {column, BoundLiteral(type, *std::move(greatest))}}));
  }
  std::ranges::sort(values, [&](const Value& left, const Value& right) {
    return CompareValues(type, left, right) < 0;
  });
  const auto same = std::ranges::unique(values, [&](const Value& left, const Value& right) {
    return CompareValues(type, left, right) == 0;
  });
  values.erase(same.begin(), same.end());
  return Bound(InNode{{column}, std::move(values), type, false});
}

// Whether it is a column, widened or not: simplifying takes the cast away.
bool IsColumn(const Expression& key) {
  const auto* cast = key.as<CastNode>();
  return (cast == nullptr ? key : cast->operands[0]).as<ColumnNode>() != nullptr;
}

bool HasCast(const Expression& e) {
  return e.as<CastNode>() != nullptr || std::ranges::any_of(e.operands(), HasCast);
}

}  // namespace

Result<Expression> FilterOfKeys(const std::vector<Expression>& left_keys,
                                const std::vector<Expression>& right_keys,
                                const arrow::ArrayVector& keys, const OperationContext& context) {
  std::vector<Expression> filters;
  for (size_t i = 0; i < std::min(left_keys.size(), keys.size()); ++i) {
    if (!IsColumn(left_keys[i])) continue;
    if (left_keys[i].type() != right_keys[i].type()) continue;
    // So much text is no filter.
    if (arrow::is_large_binary_like(keys[i]->type_id())) continue;
    ICEFRAME_ASSIGN_OR_RETURN(Expression filter, FilterOfKey(left_keys[i], *keys[i], context));
    filter = SimplifyFilter(filter);
    if (HasCast(filter)) continue;
    filters.push_back(std::move(filter));
  }
  if (filters.empty()) return True();
  return SimplifyFilter(Expression(AndNode{std::move(filters)}, Type::Boolean(), true));
}

}  // namespace iceframe
