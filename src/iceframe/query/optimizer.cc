// SPDX-License-Identifier: Apache-2.0
#include "iceframe/query/optimizer.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "iceframe/expression/binder.h"

namespace iceframe {

namespace {

// A rule that needs the plan alone.
template <Result<PlanPtr> (*apply)(const PlanPtr& plan)>
Result<PlanPtr> ByPlan(const PlanPtr& plan, const RuleInput& /*input*/) {
  return apply(plan);
}

// Simplified first, so that constant predicates are seen as such. Filters stand next to their
// joins when those are tightened, and go on from there. Columns late, when all expressions stand
// where they stay; metadata last, when each scan has its filter.
constexpr std::array kRules = {
    Rule{"simplify_predicates", ByPlan<SimplifyPredicates>},
    Rule{"merge_filters", ByPlan<MergeFilters>},
    Rule{"push_filters", ByPlan<PushFilters>},
    Rule{"tighten_joins", ByPlan<TightenJoins>},
    Rule{"push_filters", ByPlan<PushFilters>},
    Rule{"push_limits", ByPlan<PushLimits>},
    Rule{"choose_build_side", ChooseBuildSide},
    Rule{"split_aggregates", ByPlan<SplitAggregates>},
    Rule{"prune_columns", ByPlan<PruneColumns>},
    Rule{"answer_from_metadata", ByPlan<AnswerFromMetadata>},
};

void AppendOperations(const PlanNode& plan, std::vector<std::string>* operations) {
  operations->push_back(DescribeOperation(plan));
  for (const PlanPtr& input : plan.inputs) AppendOperations(*input, operations);
}

std::vector<std::string> OperationsOf(const PlanPtr& plan) {
  std::vector<std::string> operations;
  AppendOperations(*plan, &operations);
  return operations;
}

// Those of the first that are not among the others, as often as they are.
std::vector<std::string> Without(std::vector<std::string> operations,
                                 const std::vector<std::string>& others) {
  for (const std::string& other : others) {
    const auto found = std::ranges::find(operations, other);
    if (found != operations.end()) operations.erase(found);
  }
  return operations;
}

void NoteEffect(const Rule& rule, const PlanPtr& before, const PlanPtr& after,
                std::vector<std::string> reasons, std::vector<RuleEffect>* effects) {
  if (before == after) return;
  const std::vector<std::string> old_operations = OperationsOf(before);
  const std::vector<std::string> new_operations = OperationsOf(after);
  // Operations may only have changed places.
  if (old_operations == new_operations) return;
  effects->push_back({rule.name, Without(old_operations, new_operations),
                      Without(new_operations, old_operations), std::move(reasons)});
}

}  // namespace

std::span<const Rule> AllRules() { return kRules; }

Result<PlanPtr> Optimize(PlanPtr plan, const std::set<std::string>& disabled_rules,
                         std::vector<RuleEffect>* effects, const ScanStatistics* statistics) {
  for (const std::string& name : disabled_rules) {
    if (std::ranges::none_of(kRules, [&](const Rule& rule) { return rule.name == name; })) {
      return Error(ErrorKind::kInvalidArgument, "there is no such rule: ", name);
    }
  }
  for (const Rule& rule : kRules) {
    if (disabled_rules.contains(std::string(rule.name))) continue;
    std::vector<std::string> reasons;
    const RuleInput input{statistics, effects != nullptr ? &reasons : nullptr};
    ICEFRAME_ASSIGN_OR_RETURN(PlanPtr applied, rule.apply(plan, input));
    if (effects != nullptr) NoteEffect(rule, plan, applied, std::move(reasons), effects);
    plan = std::move(applied);
  }
  return plan;
}

namespace internal {

Result<PlanPtr> FilterOver(PlanPtr input, std::vector<Expression> predicates) {
  std::erase_if(predicates, [](const Expression& predicate) { return predicate.is_true(); });
  if (predicates.empty()) return input;
  Expression both(AndNode{std::move(predicates)}, Type::Boolean(), true);
  return MakePlan(FilterNode{std::move(both)}, {std::move(input)});
}

bool CanRaise(const Expression& expression) {
  const bool is_plain = expression.as<CastNode>() == nullptr &&
                        expression.as<ArithmeticNode>() == nullptr &&
                        expression.as<FunctionNode>() == nullptr;
  return !is_plain || std::ranges::any_of(expression.operands(), CanRaise);
}

int64_t SaturatedSum(int64_t left, int64_t right) {
  const int64_t most = std::numeric_limits<int64_t>::max();
  return left > most - right ? most : left + right;
}

bool IsOver(const Expression& expression, const Schema& schema) {
  return std::ranges::all_of(ReferencedFieldIds(expression),
                             [&](FieldId id) { return schema.FindField(id) != nullptr; });
}

}  // namespace internal

}  // namespace iceframe
