// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <utility>

#include "iceframe/base/overloaded.h"
#include "iceframe/query/optimizer.h"

namespace iceframe {

namespace {

using Estimate = std::optional<int64_t>;

// A filter is taken to keep a fifth.
Estimate Filtered(Estimate rows) {
  constexpr int64_t kFilterFactor = 5;
  return rows ? Estimate(*rows / kFilterFactor) : rows;
}

Estimate Limited(Estimate rows, Estimate limit) {
  if (!limit) return rows;
  return std::min(rows.value_or(*limit), *limit);
}

// How many rows to expect; a guess that only orders the sides of a join.
Estimate EstimateRows(const PlanPtr& plan) {
  const auto of_input = [&plan](size_t i = 0) { return EstimateRows(plan->inputs[i]); };
  return std::visit(Overloaded{
                        [](const ScanNode& scan) {
                          const Estimate rows = scan.relation->estimated_rows;
                          return Limited(scan.filter.is_true() ? rows : Filtered(rows), scan.limit);
                        },
                        [&](const FilterNode&) { return Filtered(of_input()); },
                        [&](const ProjectNode&) { return of_input(); },
                        [&](const JoinNode&) -> Estimate {
                          const Estimate left = of_input(0);
                          const Estimate right = of_input(1);
                          return left && right ? Estimate(std::max(*left, *right)) : std::nullopt;
                        },
                        [&](const UnionNode&) -> Estimate {
                          int64_t sum = 0;
                          for (size_t i = 0; i < plan->inputs.size(); ++i) {
                            const Estimate rows = of_input(i);
                            if (!rows) return std::nullopt;
                            sum = internal::SaturatedSum(sum, *rows);
                          }
                          return sum;
                        },
                        [&](const AggregateNode&) { return of_input(); },
                        [&](const WindowPlanNode&) { return of_input(); },
                        [&](const SortNode& sort) { return Limited(of_input(), sort.fetch); },
                        [&](const LimitNode& limit) { return Limited(of_input(), limit.limit); },
                    },
                    plan->operation);
}

}  // namespace

// Joins build of their right side. Outer joins keep their sides, and with them their rows' order.
Result<PlanPtr> ChooseBuildSide(const PlanPtr& plan) {
  return internal::RewriteBottomUp(plan, [](const PlanPtr& node) -> Result<PlanPtr> {
    const auto* join = node->as<JoinNode>();
    if (join == nullptr || join->kind != JoinKind::kInner) return node;
    const auto left = EstimateRows(node->inputs[0]);
    const auto right = EstimateRows(node->inputs[1]);
    if (!left || !right || *left >= *right) return node;
    JoinNode swapped{join->kind, join->right_keys, join->left_keys};
    ICEFRAME_ASSIGN_OR_RETURN(PlanPtr joined,
                              MakePlan(std::move(swapped), {node->inputs[1], node->inputs[0]}));
    // The columns as they were, in order and name.
    return MakePlan(ProjectNode{PassThrough(*node->schema)}, {std::move(joined)});
  });
}

}  // namespace iceframe
