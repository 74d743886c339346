// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "iceframe/query/optimizer.h"

namespace iceframe {

namespace {

// How many rows to expect; a guess that only orders the sides of a join.
std::optional<int64_t> EstimateRows(const PlanPtr& plan) {
  // A filter is taken to keep a fifth.
  constexpr int64_t kFilterFactor = 5;
  if (const auto* scan = plan->as<ScanNode>()) {
    std::optional<int64_t> rows = scan->relation->estimated_rows();
    if (rows && !scan->filter.is_true()) rows = *rows / kFilterFactor;
    if (scan->limit) rows = std::min(rows.value_or(*scan->limit), *scan->limit);
    return rows;
  }
  std::optional<int64_t> rows = EstimateRows(plan->inputs[0]);
  if (plan->inputs.size() > 1) {
    const std::optional<int64_t> other = EstimateRows(plan->inputs[1]);
    if (!rows || !other) return std::nullopt;
    return std::max(*rows, *other);
  }
  if (rows && plan->as<FilterNode>() != nullptr) rows = *rows / kFilterFactor;
  if (const auto* limit = plan->as<LimitNode>(); limit != nullptr && limit->limit) {
    rows = std::min(rows.value_or(*limit->limit), *limit->limit);
  }
  if (const auto* sort = plan->as<SortNode>(); sort != nullptr && sort->fetch) {
    rows = std::min(rows.value_or(*sort->fetch), *sort->fetch);
  }
  return rows;
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
