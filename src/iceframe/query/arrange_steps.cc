// SPDX-License-Identifier: Apache-2.0
// Steps as they were called -> steps in the order in which they work.
#include <algorithm>
#include <utility>

#include "iceframe/expression/aggregate_catalogue.h"
#include "iceframe/query/plan_binder_internal.h"

namespace iceframe {

namespace {

using Steps = std::vector<QueryStep>;
using Position = Steps::iterator;

template <typename Step>
bool Is(const QueryStep& step) {
  return std::holds_alternative<Step>(step);
}

bool SelectsAggregates(const QueryStep& step) {
  const auto* select = std::get_if<SelectStep>(&step);
  return select != nullptr && std::ranges::any_of(select->items, ContainsAggregate);
}

// Whether a step between a GroupBy and its Select works on the groups.
bool WorksOnGroups(const QueryStep& step) {
  if (const auto* filter = std::get_if<FilterStep>(&step)) {
    return ContainsAggregate(filter->predicate);
  }
  return Is<OrderByStep>(step) || Is<LimitStep>(step) || Is<DistinctStep>(step);
}

// The Select that the GroupBy at `group` belongs to; the end if there is none.
Position SelectOf(Steps* steps, Position group) {
  const auto behind = std::find_if(group, steps->end(), Is<SelectStep>);
  const auto reverse = std::find_if(
      std::make_reverse_iterator(group), steps->rend(),
      [](const QueryStep& step) { return Is<SelectStep>(step) || Is<GroupByStep>(step); });
  if (reverse == steps->rend() || !Is<SelectStep>(*reverse)) return behind;
  const auto before = std::prev(reverse.base());
  const bool is_taken = before != steps->begin() && Is<GroupByStep>(*std::prev(before));
  const bool is_wanted = behind == steps->end() || SelectsAggregates(*before);
  return is_wanted && !is_taken ? before : behind;
}

void PlaceGroup(Position group, Position select) {
  if (select < group) {
    std::rotate(select, group, std::next(group));
    return;
  }
  // [group, rows…, groups…, select] -> [rows…, group, select, groups…]
  const auto on_groups = std::stable_partition(
      std::next(group), select, [](const QueryStep& step) { return !WorksOnGroups(step); });
  const auto placed = std::rotate(group, std::next(group), on_groups);
  std::rotate(std::next(placed), select, std::next(select));
}

}  // namespace

Result<std::vector<QueryStep>> ArrangeSteps(std::vector<QueryStep> steps) {
  for (size_t i = 0; i < steps.size(); ++i) {
    if (!Is<GroupByStep>(steps[i])) continue;
    if (i + 1 < steps.size() && Is<SelectStep>(steps[i + 1])) continue;
    const auto group = steps.begin() + static_cast<std::ptrdiff_t>(i);
    const auto select = SelectOf(&steps, group);
    if (select == steps.end()) {
      return Error(ErrorKind::kInvalidArgument,
                   "group_by without a select: select the keys and aggregates that are wanted");
    }
    PlaceGroup(group, select);
  }
  for (size_t i = 1; i < steps.size(); ++i) {
    const auto* first = std::get_if<LimitStep>(&steps[i - 1]);
    const auto* second = std::get_if<LimitStep>(&steps[i]);
    if (first == nullptr || second == nullptr) continue;
    if (first->limit && !second->limit) std::swap(steps[i - 1], steps[i]);
  }
  return steps;
}

}  // namespace iceframe
