// SPDX-License-Identifier: Apache-2.0
#include "iceframe/expression/binder.h"
#include "iceframe/query/optimizer.h"

namespace iceframe {

Result<PlanPtr> SimplifyPredicates(const PlanPtr& plan) {
  return internal::RewriteBottomUp(plan, [](const PlanPtr& node) -> Result<PlanPtr> {
    const auto* filter = node->as<FilterNode>();
    if (filter == nullptr) return node;
    return internal::FilterOver(node->inputs[0], {SimplifyFilter(filter->predicate)});
  });
}

}  // namespace iceframe
