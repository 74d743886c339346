// SPDX-License-Identifier: Apache-2.0
// The state of binding one query: the plan so far, and the ids that are given out.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "iceframe/query/query.h"

namespace iceframe {

/// Gives out column ids; one for a whole plan, joined queries included.
class ColumnIds {
 public:
  /// Errors: InvalidArgument when a plan has no more of them.
  Result<FieldId> Next();
  /// Takes the ids 1 … `highest` above all others; returns what is to be added to them.
  Result<FieldId> Reserve(FieldId highest);

 private:
  FieldId last_ = 0;
};

/// Names and numbers the output columns of one node.
class OutputColumns {
 public:
  OutputColumns(const Schema& input, ColumnIds* ids) : input_(input), ids_(ids) {}
  /// The column `name` with the value of a bound expression. A plain column keeps its id if it is
  /// the first here to have it.
  Result<NamedExpression> Make(std::string name, const Expression& bound);
  /// Takes the ids of a column that is there already.
  void Reserve(const NestedField& field);

 private:
  const Schema& input_;
  ColumnIds* ids_;
  std::set<FieldId> used_;
};

/// The name that an item of a select has of its own: its alias, its column's last part, its text.
std::string ItemName(const Expression& item);

/// Puts every GroupBy directly before the Select it belongs to (filters, joins and new columns
/// between them come before it; ordering, limits and conditions on aggregates after the Select),
/// and an offset that follows a limit before it, as in SQL.
/// Errors: InvalidArgument for a GroupBy without a Select.
Result<std::vector<QueryStep>> ArrangeSteps(std::vector<QueryStep> steps);

/// The plan with one more column at its end, which `name` is below its last projections, or in a
/// relation that has such a metadata column; nullopt if there is none.
/// Errors: those of finding metadata columns.
Result<std::optional<PlanPtr>> ExposeColumn(const PlanPtr& plan, const std::string& name,
                                            ColumnIds* ids);
/// As ExposeColumn, for metadata columns of a relation alone.
Result<std::optional<PlanPtr>> ExposeMetadataColumn(const PlanPtr& plan, const std::string& name,
                                                    ColumnIds* ids);
/// As ExposeColumn, for an aggregate of the groups below; the new column has the call's text as its
/// name.
Result<std::optional<PlanPtr>> ExposeAggregate(const PlanPtr& plan, const Expression& call,
                                               ColumnIds* ids);

/// All rows of both plans. Into a union that has no node above it the right plan goes as one more
/// input. Errors: InvalidArgument naming the column and both types.
Result<PlanPtr> BindUnion(const PlanPtr& left, const PlanPtr& right, const UnionOptions& options,
                          ColumnIds* ids);

/// The plan of a select with its items (no "*" left) over `input`; `keys` when it is grouped.
Result<PlanPtr> BindSelect(PlanPtr input, const std::optional<std::vector<Expression>>& keys,
                           const std::vector<Expression>& items, ColumnIds* ids);
/// Replaces the window calls in `expressions` by columns; returns the plan that has them.
Result<PlanPtr> LiftWindows(PlanPtr input, std::vector<Expression>* expressions, ColumnIds* ids);
/// One aggregate bound to its input. Errors: InvalidArgument (operand's type, nesting).
Result<AggregateCall> MakeAggregateCall(const Expression& call, const Schema& input,
                                        ColumnIds* ids);

}  // namespace iceframe
