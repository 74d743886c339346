// SPDX-License-Identifier: Apache-2.0
#include "iceframe/expression/binder.h"
#include "iceframe/query/optimizer.h"

namespace iceframe {

Result<PlanPtr> MergeFilters(const PlanPtr& plan) {
  return internal::RewriteBottomUp(plan, [](const PlanPtr& node) -> Result<PlanPtr> {
    const auto* outer = node->as<FilterNode>();
    const auto* inner = outer == nullptr ? nullptr : node->inputs[0]->as<FilterNode>();
    if (inner == nullptr) return node;
    // The inner one first: the outer one sees only rows that it keeps.
    return internal::FilterOver(
        node->inputs[0]->inputs[0],
        {SimplifyFilter(
            Expression(AndNode{{inner->predicate, outer->predicate}}, Type::Boolean(), true))});
  });
}

}  // namespace iceframe
