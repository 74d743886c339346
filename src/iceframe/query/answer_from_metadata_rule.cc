// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "iceframe/expression/aggregate_catalogue.h"
#include "iceframe/query/optimizer.h"

namespace iceframe {

namespace {

bool IsInMetadata(const AggregateCall& call) {
  const AggregateSignature* signature = AsAggregate(call.call);
  if (signature == nullptr) return false;
  const auto operands = call.call.operands();
  if (signature->id == AggregateId::kCount) return operands.empty();
  const bool is_extreme = signature->id == AggregateId::kMin || signature->id == AggregateId::kMax;
  return is_extreme && operands.size() == 1 && operands[0].as<ColumnNode>() != nullptr;
}

bool CanAnswer(const PlanNode& plan) {
  const auto* aggregate = plan.as<AggregateNode>();
  if (aggregate == nullptr || !aggregate->keys.empty() || aggregate->calls.empty()) return false;
  const auto* scan = plan.inputs[0]->as<ScanNode>();
  return scan != nullptr && scan->relation->has_statistics && !scan->limit &&
         std::ranges::all_of(aggregate->calls, IsInMetadata);
}

}  // namespace

Result<PlanPtr> AnswerFromMetadata(const PlanPtr& plan) {
  return internal::RewriteBottomUp(plan, [](const PlanPtr& node) -> Result<PlanPtr> {
    if (!CanAnswer(*node)) return node;
    AggregateNode aggregate = *node->as<AggregateNode>();
    aggregate.from_metadata = true;
    return MakePlan(std::move(aggregate), node->inputs);
  });
}

}  // namespace iceframe
