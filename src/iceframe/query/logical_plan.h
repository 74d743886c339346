// SPDX-License-Identifier: Apache-2.0
// What a query means: an immutable tree of a closed set of nodes, columns bound by id.
//
// Every column of a plan has an id that no other column of it has. A scan's are the table's field
// ids plus the scan's `id_offset` (0 for the first), so that a table may stand in a plan twice.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "iceframe/base/read_delivery.h"
#include "iceframe/base/result.h"
#include "iceframe/expression/expression.h"
#include "iceframe/expression/sort_key.h"
#include "iceframe/query/relation.h"
#include "iceframe/types/schema.h"

namespace iceframe {

struct PlanNode;
using PlanPtr = std::shared_ptr<const PlanNode>;

/// An output column and the bound expression that gives it.
struct NamedExpression {
  NestedField field;
  Expression expression;

  /// Whether it hands an input column on under its own id.
  bool is_pass_through() const;
};

/// Reads a relation: the node's columns, for the rows that match the filter.
struct ScanNode {
  std::shared_ptr<const Relation> relation;
  /// All of the relation's columns under their ids in the plan, and the metadata columns that the
  /// plan names; the filter may name any of them.
  std::shared_ptr<const Schema> columns;
  FieldId id_offset = 0;
  /// The relation's ids of the metadata columns, and of their fields, whose ids are others here.
  std::map<FieldId, FieldId> metadata_ids;
  Expression filter;
  std::optional<int64_t> limit;
  ReadDelivery delivery;

  /// The relation's own id of a column, or of a field inside of one.
  FieldId RelationId(FieldId id) const;
};
struct FilterNode {
  Expression predicate;
};
struct ProjectNode {
  std::vector<NamedExpression> columns;
};
enum class JoinKind : uint8_t { kInner, kLeft, kRight, kFull, kSemi, kAnti, kCross };
/// Keys are pairs of one type; a null key matches nothing. Semi and anti keep left columns only.
struct JoinNode {
  JoinKind kind = JoinKind::kInner;
  std::vector<Expression> left_keys;
  std::vector<Expression> right_keys;
};
/// One aggregate of a group: a call of the catalogue of aggregates, operands bound to the input.
struct AggregateCall {
  NestedField field;
  Expression call;
};
/// One row per distinct combination of keys, in order of first appearance; without keys one row.
struct AggregateNode {
  std::vector<NamedExpression> keys;
  std::vector<AggregateCall> calls;
  /// Counts and extremes of a scan's whole files come from metadata as far as it is exact.
  bool from_metadata = false;
};
/// All rows of its inputs, those of the first input first; its columns have ids of their own.
struct UnionNode {
  std::vector<NestedField> columns;
  /// By input: the input's field for each field of `columns`, at any depth. What an input lacks is
  /// null in its rows; types differ by promotions alone.
  std::vector<std::map<FieldId, FieldId>> sources;
};
/// The input with one more column per window call; rows stay in order.
struct WindowPlanNode {
  std::vector<NamedExpression> windows;
};
/// Stable. `fetch`: the first so many rows only.
struct SortNode {
  std::vector<SortKey> keys;
  std::optional<int64_t> fetch;
};
struct LimitNode {
  std::optional<int64_t> limit;
  int64_t offset = 0;
};

using PlanOperation = std::variant<ScanNode, FilterNode, ProjectNode, JoinNode, UnionNode,
                                   AggregateNode, WindowPlanNode, SortNode, LimitNode>;

struct PlanNode {
  PlanOperation operation;
  std::vector<PlanPtr> inputs;
  /// The output's columns.
  std::shared_ptr<const Schema> schema;

  template <typename Operation>
  const Operation* as() const {
    return std::get_if<Operation>(&operation);
  }
};

/// Returns the node of that operation over those inputs, with its schema.
/// Errors: InvalidArgument if two columns would have one name.
Result<PlanPtr> MakePlan(PlanOperation operation, std::vector<PlanPtr> inputs);
/// A scan whose output is cut to `schema`, some of `scan.columns`.
PlanPtr MakeScan(ScanNode scan, std::shared_ptr<const Schema> schema);
/// The same operation over other inputs.
Result<PlanPtr> WithInputs(const PlanNode& node, std::vector<PlanPtr> inputs);

/// All columns of a schema, handed on.
std::vector<NamedExpression> PassThrough(const Schema& schema);
/// A bound reference to a top-level column.
Expression ColumnOf(const NestedField& field);
/// Calls `visit` for each expression that the operation holds, a scan's filter among them.
void VisitExpressions(const PlanOperation& operation,
                      const std::function<void(const Expression&)>& visit);
/// The field ids of all columns that the operation's own expressions name.
std::set<FieldId> ReferencedFieldIds(const PlanOperation& operation);

/// An expression over the columns of a union as one over its input `i`, with casts where the union
/// promotes and nulls where the input lacks a column; nullopt if it needs a whole nested column.
std::optional<Expression> OverUnionInput(const PlanNode& plan, size_t i, const Expression& bound);

std::string_view ToString(JoinKind kind);
/// The operation in one line: "Filter: price > 10".
std::string DescribeOperation(const PlanNode& node);
/// The tree, one operation per line, inputs indented below.
std::string ToString(const PlanPtr& plan);
/// Equal text for plans of one meaning written alike: the key under which a result may be kept.
std::string CanonicalForm(const PlanPtr& plan);
/// The same, relations under the names that `name_of` gives them in place of their canonical ones.
std::string CanonicalForm(const PlanPtr& plan,
                          const std::function<std::string(const Relation&)>& name_of);

}  // namespace iceframe
