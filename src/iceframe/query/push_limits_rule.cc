// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <utility>

#include "iceframe/base/overloaded.h"
#include "iceframe/query/optimizer.h"

namespace iceframe {

namespace {

int64_t Smaller(int64_t num_rows, const std::optional<int64_t>& limit) {
  return std::min(num_rows, limit.value_or(num_rows));
}

// The plan, free to give no more than its first `num_rows` rows; below a node that must see all
// rows nothing changes.
Result<PlanPtr> KeepFirst(const PlanPtr& plan, int64_t num_rows) {
  const auto sees_all_rows = [&](const auto&) -> Result<PlanPtr> { return plan; };
  return std::visit(Overloaded{
                        [&](ScanNode scan) -> Result<PlanPtr> {
                          scan.limit = Smaller(num_rows, scan.limit);
                          return MakeScan(std::move(scan), plan->schema);
                        },
                        [&](const FilterNode& filter) { return sees_all_rows(filter); },
                        [&](const ProjectNode&) -> Result<PlanPtr> {
                          ICEFRAME_ASSIGN_OR_RETURN(PlanPtr input,
                                                    KeepFirst(plan->inputs[0], num_rows));
                          return WithInputs(*plan, {std::move(input)});
                        },
                        [&](const JoinNode& join) { return sees_all_rows(join); },
                        [&](const UnionNode&) -> Result<PlanPtr> {
                          std::vector<PlanPtr> inputs;
                          for (const PlanPtr& input : plan->inputs) {
                            ICEFRAME_ASSIGN_OR_RETURN(PlanPtr kept, KeepFirst(input, num_rows));
                            inputs.push_back(std::move(kept));
                          }
                          return WithInputs(*plan, std::move(inputs));
                        },
                        [&](const AggregateNode& aggregate) { return sees_all_rows(aggregate); },
                        [&](const WindowPlanNode& window) { return sees_all_rows(window); },
                        [&](SortNode sort) {
                          sort.fetch = Smaller(num_rows, sort.fetch);
                          return MakePlan(std::move(sort), plan->inputs);
                        },
                        [&](LimitNode limit) {
                          limit.limit = Smaller(num_rows, limit.limit);
                          return MakePlan(limit, plan->inputs);
                        },
                    },
                    plan->operation);
}

}  // namespace

Result<PlanPtr> PushLimits(const PlanPtr& plan) {
  // Top down, so that an inner limit knows the outer one before it goes on.
  PlanPtr pushed = plan;
  if (const auto* limit = plan->as<LimitNode>(); limit != nullptr && limit->limit) {
    ICEFRAME_ASSIGN_OR_RETURN(
        PlanPtr input,
        KeepFirst(plan->inputs[0], internal::SaturatedSum(*limit->limit, limit->offset)));
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
