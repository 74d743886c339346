// SPDX-License-Identifier: Apache-2.0
#include "iceframe/query/query.h"

#include <utility>

#include "iceframe/expression/parse_expression.h"

namespace iceframe {

namespace {

std::vector<Expression> Columns(const std::vector<std::string>& texts) {
  std::vector<Expression> columns;
  for (const std::string& text : texts) columns.push_back(Col(text));
  return columns;
}

}  // namespace

Query::Query(std::string table, TableVersion version)
    : source_(RelationName{std::move(table), std::move(version)}) {}

Query::Query(std::shared_ptr<const Relation> relation) : source_(std::move(relation)) {}

const std::string& Query::source_name() const {
  if (const auto* table = std::get_if<RelationName>(&source_)) return table->name;
  return std::get<std::shared_ptr<const Relation>>(source_)->name;
}

Query Query::With(QueryStep step) const {
  Query next = *this;
  next.steps_.push_back(std::move(step));
  return next;
}

Query Query::Failed(const Status& status) const {
  Query next = *this;
  if (next.status_.ok()) next.status_ = status;
  return next;
}

Query Query::Select(std::vector<Expression> items) const {
  return With(SelectStep{std::move(items)});
}

Query Query::Select(const std::vector<std::string>& items) const { return Select(Columns(items)); }

Query Query::Filter(Expression predicate) const { return With(FilterStep{std::move(predicate)}); }

Query Query::Filter(std::string_view sql) const {
  auto parsed = ParseExpression(sql);
  return parsed.ok() ? Filter(*std::move(parsed)) : Failed(parsed.status());
}

Query Query::Join(const Query& other, JoinOn on, JoinKind kind) const {
  return With(JoinStep{std::make_shared<const Query>(other), kind, std::move(on)});
}

Query Query::CrossJoin(const Query& other) const { return Join(other, {}, JoinKind::kCross); }

Query Query::Union(const Query& other, UnionOptions options) const {
  return With(UnionStep{std::make_shared<const Query>(other), options});
}

Query Query::GroupBy(std::vector<Expression> keys) const {
  return With(GroupByStep{std::move(keys)});
}

Query Query::GroupBy(const std::vector<std::string>& keys) const { return GroupBy(Columns(keys)); }

Query Query::OrderBy(std::vector<SortKey> keys) const { return With(OrderByStep{std::move(keys)}); }

Query Query::OrderBy(const std::vector<std::string>& keys) const {
  std::vector<SortKey> columns;
  for (const std::string& key : keys) columns.push_back(Asc(Col(key)));
  return OrderBy(std::move(columns));
}

Query Query::Limit(int64_t num_rows) const { return With(LimitStep{num_rows, 0}); }

Query Query::Offset(int64_t num_rows) const { return With(LimitStep{std::nullopt, num_rows}); }

Query Query::Distinct() const { return With(DistinctStep{}); }

Query Query::WithColumn(std::string name, Expression value) const {
  return With(WithColumnStep{std::move(name), std::move(value)});
}

}  // namespace iceframe
