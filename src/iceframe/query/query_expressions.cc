// SPDX-License-Identifier: Apache-2.0
#include "iceframe/query/query_expressions.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "iceframe/expression/aggregate_catalogue.h"
#include "iceframe/expression/parse_expression.h"

namespace iceframe {

namespace {

bool IsStar(const Expression& item) {
  const auto* column = item.as<ColumnNode>();
  return column != nullptr && column->name == "*";
}

Result<std::vector<Expression>> Parsed(const std::vector<Expression>& items) {
  std::vector<Expression> parsed;
  for (const Expression& item : items) {
    const auto* column = item.as<ColumnNode>();
    if (column == nullptr || column->name == "*" || IsPlainName(column->name)) {
      parsed.push_back(item);
      continue;
    }
    ICEFRAME_ASSIGN_OR_RETURN(Expression expression, ParseSelectItem(column->name));
    parsed.push_back(std::move(expression));
  }
  return parsed;
}

// Appends the names of columns from left to right.
void AppendColumns(const Expression& expression, std::vector<std::string>* names) {
  if (expression.depth() > kMaxExpressionDepth) return;
  if (const auto* column = expression.as<ColumnNode>()) {
    if (std::ranges::find(*names, column->name) == names->end()) names->push_back(column->name);
  }
  for (const Expression& operand : expression.operands()) AppendColumns(operand, names);
}

bool IsAliasOf(const Expression& key, const std::vector<Expression>& select) {
  const auto* column = key.as<ColumnNode>();
  return column != nullptr && std::ranges::any_of(select, [&](const Expression& item) {
           const auto* alias = item.as<AliasNode>();
           return alias != nullptr && alias->name == column->name;
         });
}

}  // namespace

bool IsPlainName(std::string_view name) {
  return std::ranges::all_of(name, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '.' || c >= 0x80;
  });
}

Result<QueryExpressions> ParseTexts(const QueryExpressions& given) {
  QueryExpressions parsed;
  ICEFRAME_ASSIGN_OR_RETURN(parsed.select, Parsed(given.select));
  ICEFRAME_ASSIGN_OR_RETURN(parsed.group_by, Parsed(given.group_by));
  parsed.filters = given.filters;
  return parsed;
}

bool SelectsAll(const QueryExpressions& query) {
  if (query.select.empty()) return query.group_by.empty();
  return std::ranges::any_of(query.select, IsStar);
}

bool HasAggregations(const QueryExpressions& query) {
  return !query.group_by.empty() || std::ranges::any_of(query.select, ContainsAggregate);
}

std::optional<std::vector<std::string>> NeededColumns(const QueryExpressions& query) {
  if (SelectsAll(query)) return std::nullopt;
  std::vector<std::string> names;
  for (const Expression& item : query.select) AppendColumns(item, &names);
  for (const Expression& key : query.group_by) {
    if (!IsAliasOf(key, query.select)) AppendColumns(key, &names);
  }
  for (const Expression& filter : query.filters) AppendColumns(filter, &names);
  return names;
}

}  // namespace iceframe
