// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>

#include "iceframe/query/optimizer.h"

namespace iceframe {

namespace {

int64_t SaturatedSum(int64_t left, int64_t right) {
  const int64_t most = std::numeric_limits<int64_t>::max();
  return left > most - right ? most : left + right;
}

// The plan, free to give no more than its first `num_rows` rows; below a node that must see all
// rows nothing changes.
Result<PlanPtr> KeepFirst(const PlanPtr& plan, int64_t num_rows) {
  if (const auto* scan = plan->as<ScanNode>()) {
    ScanNode limited = *scan;
    limited.limit = std::min(num_rows, scan->limit.value_or(num_rows));
    return MakeScan(std::move(limited), plan->schema);
  }
  if (const auto* sort = plan->as<SortNode>()) {
    SortNode limited = *sort;
    limited.fetch = std::min(num_rows, sort->fetch.value_or(num_rows));
    return MakePlan(std::move(limited), plan->inputs);
  }
  if (plan->as<ProjectNode>() != nullptr) {
    ICEFRAME_ASSIGN_OR_RETURN(PlanPtr input, KeepFirst(plan->inputs[0], num_rows));
    return WithInputs(*plan, {std::move(input)});
  }
  if (const auto* limit = plan->as<LimitNode>()) {
    LimitNode limited = *limit;
    limited.limit = std::min(num_rows, limit->limit.value_or(num_rows));
    return MakePlan(limited, plan->inputs);
  }
  return plan;
}

}  // namespace

Result<PlanPtr> PushLimits(const PlanPtr& plan) {
  // Top down, so that an inner limit knows the outer one before it goes on.
  PlanPtr pushed = plan;
  if (const auto* limit = plan->as<LimitNode>(); limit != nullptr && limit->limit) {
    ICEFRAME_ASSIGN_OR_RETURN(
        PlanPtr input, KeepFirst(plan->inputs[0], SaturatedSum(*limit->limit, limit->offset)));
    ICEFRAME_ASSIGN_OR_RETURN(pushed, WithInputs(*plan, {std::move(input)}));
  }
  std::vector<PlanPtr> inputs;
  for (const PlanPtr& input : pushed->inputs) {
    ICEFRAME_ASSIGN_OR_RETURN(PlanPtr rewritten, PushLimits(input));
    inputs.push_back(std::move(rewritten));
  }
  return inputs == pushed->inputs ? pushed : WithInputs(*pushed, std::move(inputs));
}

}  // namespace iceframe
