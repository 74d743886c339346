// SPDX-License-Identifier: Apache-2.0
// The query builder: what is wanted, step by step. Nothing is read before it is executed.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "iceframe/base/result.h"
#include "iceframe/expression/expression.h"
#include "iceframe/expression/sort_key.h"
#include "iceframe/query/logical_plan.h"
#include "iceframe/query/relation.h"

namespace iceframe {

class Query;

/// Which rows of two sides meet: those equal in `left[i]` = `right[i]` for every i.
struct JoinOn {
  std::vector<std::string> left;
  std::vector<std::string> right;
  /// One column per pair comes out (the side's that has a row); false: both.
  bool merge_keys = true;
};

struct SelectStep {
  std::vector<Expression> items;
};
struct FilterStep {
  Expression predicate;
};
struct JoinStep {
  std::shared_ptr<const Query> other;
  JoinKind kind = JoinKind::kInner;
  JoinOn on;
};
/// How the columns of two sides become those of their union.
struct UnionOptions {
  /// Columns, and fields within them, meet by name; false: by position, under the left side's
  /// names.
  bool by_name = false;
  /// With `by_name`: a column that one side lacks is null in its rows; false: it is an error.
  bool allow_missing_columns = false;
  /// With `by_name`: columns of tables, and fields within them, meet by their field ids instead,
  /// under the left side's names; what has none, being computed, by name.
  bool by_field_id = false;
  /// With `by_name`: columns that come after all others.
  std::vector<std::string> last_columns = {};
};

struct UnionStep {
  std::shared_ptr<const Query> other;
  UnionOptions options;
};
struct GroupByStep {
  std::vector<Expression> keys;
};
struct OrderByStep {
  std::vector<SortKey> keys;
};
struct LimitStep {
  std::optional<int64_t> limit;
  int64_t offset = 0;
};
struct DistinctStep {};
struct WithColumnStep {
  std::string name;
  Expression value;
};
using QueryStep = std::variant<SelectStep, FilterStep, JoinStep, UnionStep, GroupByStep,
                               OrderByStep, LimitStep, DistinctStep, WithColumnStep>;

/// What a query starts from: the name of a table, or a relation that is at hand.
using QuerySource = std::variant<RelationName, std::shared_ptr<const Relation>>;

/// An immutable list of steps over a table or other rows; every method gives a new query.
///
/// Each step works on the rows of the one before: `Limit(10).Filter(…)` filters ten rows. Two
/// things are taken more kindly than that: Filter and OrderBy may name columns which a Select
/// before them left out, and GroupBy belongs to the Select next to it, whichever comes first.
/// A string among columns is a column's name; what is no name there is taken as SQL
/// ("sum(price) AS total", "price DESC"; docs/expressions.md). A filter's text is SQL. What can't
/// be parsed is told when the query is executed. (The overloads for braced lists of texts are there
/// since `{"a", "b"}` could otherwise be a vector made of two pointers.)
class Query {
 public:
  /// Over a table: "ns.table", or a bare name in the namespace `default`.
  explicit Query(std::string table, TableVersion version = {});
  /// Over any relation, such as rows in memory (execution/rows_relation.h).
  explicit Query(std::shared_ptr<const Relation> relation);

  /// Columns and expressions; "*" stands for all columns. With aggregates (sum, count, …) one row
  /// per group, or one row in all. Window calls see the rows of this step.
  Query Select(std::vector<Expression> items) const;
  Query Select(const std::vector<std::string>& items) const;
  Query Select(std::initializer_list<std::string> items) const {
    return Select(std::vector<std::string>(items));
  }
  /// Keeps the rows for which it is true. After a grouping: HAVING.
  Query Filter(Expression predicate) const;
  Query Filter(std::string_view sql) const;
  /// The other side's columns come last; a name taken already gets "_right" at its end.
  Query Join(const Query& other, JoinOn on, JoinKind kind = JoinKind::kInner) const;
  Query CrossJoin(const Query& other) const;
  /// The rows of both, these first, equal ones too (SQL's UNION ALL). Types are promoted where no
  /// value can be lost by it: int to long, float to double, decimals to more digits, timestamps to
  /// nanoseconds, unknown to any type.
  Query Union(const Query& other, UnionOptions options = {}) const;
  Query GroupBy(std::vector<Expression> keys) const;
  Query GroupBy(const std::vector<std::string>& keys) const;
  Query GroupBy(std::initializer_list<std::string> keys) const {
    return GroupBy(std::vector<std::string>(keys));
  }
  /// Nulls come last unless a key says otherwise; NaN is greater than every number.
  Query OrderBy(std::vector<SortKey> keys) const;
  Query OrderBy(const std::vector<std::string>& keys) const;
  Query OrderBy(std::initializer_list<std::string> keys) const {
    return OrderBy(std::vector<std::string>(keys));
  }
  Query Limit(int64_t num_rows) const;
  Query Offset(int64_t num_rows) const;
  Query Distinct() const;
  /// Adds a column, or puts a new one in the place of its namesake.
  Query WithColumn(std::string name, Expression value) const;

  const QuerySource& source() const { return source_; }
  /// As the user named what it starts from.
  const std::string& source_name() const;
  const std::vector<QueryStep>& steps() const { return steps_; }
  /// What was wrong with a text that was handed in, if anything.
  const Status& status() const { return status_; }

 private:
  Query With(QueryStep step) const;
  Query Failed(const Status& status) const;

  QuerySource source_;
  std::vector<QueryStep> steps_;
  Status status_;
};

/// What a query means on the tables as `resolver` gives them.
/// Errors: InvalidArgument naming the column, with the nearest name, or the step; those of Resolve.
Result<PlanPtr> BindQuery(const Query& query, RelationResolver* resolver);

}  // namespace iceframe
