// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "iceframe/query/optimizer.h"
#include "iceframe/query/row_estimate_internal.h"

namespace iceframe {

namespace {

// "about 10 rows (orders: 10 rows in the files that its filter leaves)".
std::string DescribeSide(const internal::RowEstimator& estimator, const PlanPtr& side,
                         int64_t rows) {
  std::string text = "about " + std::to_string(rows) + " rows";
  std::string separator = " (";
  for (const std::string& evidence : estimator.EvidenceFor(side)) {
    text += separator + evidence;
    separator = "; ";
  }
  return separator == " (" ? text : text + ")";
}

}  // namespace

Result<PlanPtr> ChooseBuildSide(const PlanPtr& plan) { return ChooseBuildSide(plan, {}); }

// Joins build of their right side. Outer joins keep their sides, and with them their rows' order.
Result<PlanPtr> ChooseBuildSide(const PlanPtr& plan, const RuleInput& input) {
  internal::RowEstimator estimator(input.statistics);
  return internal::RewriteBottomUp(plan, [&](const PlanPtr& node) -> Result<PlanPtr> {
    const auto* join = node->as<JoinNode>();
    if (join == nullptr || join->kind != JoinKind::kInner) return node;
    const auto left = estimator.Estimate(node->inputs[0]);
    const auto right = estimator.Estimate(node->inputs[1]);
    if (!left || !right || *left >= *right) return node;
    if (input.reasons != nullptr) {
      input.reasons->push_back(DescribeOperation(*node) +
                               ": the left side is built of, and its keys filter the right one: " +
                               DescribeSide(estimator, node->inputs[0], *left) + " against " +
                               DescribeSide(estimator, node->inputs[1], *right));
    }
    JoinNode swapped{join->kind, join->right_keys, join->left_keys};
    ICEFRAME_ASSIGN_OR_RETURN(PlanPtr joined,
                              MakePlan(std::move(swapped), {node->inputs[1], node->inputs[0]}));
    // The columns as they were, in order and name.
    return MakePlan(ProjectNode{PassThrough(*node->schema)}, {std::move(joined)});
  });
}

}  // namespace iceframe
