// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "iceframe/expression/binder.h"
#include "iceframe/query/optimizer.h"

namespace iceframe {

namespace {

// Whether the predicate is never true for a row whose columns of `side` are all null.
bool RejectsNulls(const Expression& predicate, const Schema& side) {
  if (const auto* conjunction = predicate.as<AndNode>()) {
    return std::ranges::any_of(conjunction->operands,
                               [&](const auto& e) { return RejectsNulls(e, side); });
  }
  if (const auto* disjunction = predicate.as<OrNode>()) {
    return !disjunction->operands.empty() &&
           std::ranges::all_of(disjunction->operands,
                               [&](const auto& e) { return RejectsNulls(e, side); });
  }
  const auto* is_null = predicate.as<IsNullNode>();
  const bool is_plain =
      predicate.as<ComparisonNode>() != nullptr || predicate.as<InNode>() != nullptr ||
      predicate.as<StartsWithNode>() != nullptr || predicate.as<LikeNode>() != nullptr ||
      (is_null != nullptr && is_null->negated);
  // Of a plain column null is null; a function may make something of it.
  return is_plain && std::ranges::any_of(predicate.operands(), [&](const Expression& operand) {
           return operand.as<ColumnNode>() != nullptr && internal::IsOver(operand, side);
         });
}

JoinKind Tightened(JoinKind kind, bool rejects_left_nulls, bool rejects_right_nulls) {
  switch (kind) {
    case JoinKind::kLeft:
      return rejects_right_nulls ? JoinKind::kInner : kind;
    case JoinKind::kRight:
      return rejects_left_nulls ? JoinKind::kInner : kind;
    case JoinKind::kFull:
      if (rejects_left_nulls && rejects_right_nulls) return JoinKind::kInner;
      if (rejects_left_nulls) return JoinKind::kLeft;
      return rejects_right_nulls ? JoinKind::kRight : kind;
    default:
      return kind;
  }
}

}  // namespace

Result<PlanPtr> TightenJoins(const PlanPtr& plan) {
  return internal::RewriteBottomUp(plan, [](const PlanPtr& node) -> Result<PlanPtr> {
    const auto* filter = node->as<FilterNode>();
    const auto* join = filter == nullptr ? nullptr : node->inputs[0]->as<JoinNode>();
    if (join == nullptr) return node;
    const PlanNode& below = *node->inputs[0];
    JoinNode tight = *join;
    tight.kind = Tightened(join->kind, RejectsNulls(filter->predicate, *below.inputs[0]->schema),
                           RejectsNulls(filter->predicate, *below.inputs[1]->schema));
    if (tight.kind == join->kind) return node;
    ICEFRAME_ASSIGN_OR_RETURN(PlanPtr joined, MakePlan(std::move(tight), below.inputs));
    return MakePlan(*filter, {std::move(joined)});
  });
}

}  // namespace iceframe
