// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <utility>

#include "iceframe/expression/binder.h"
#include "iceframe/expression/rewrite.h"
#include "iceframe/expression/window.h"
#include "iceframe/query/optimizer.h"

namespace iceframe {

namespace {

using Predicates = std::vector<Expression>;

// Puts `predicates` over `plan`, as far down as they may go.
Result<PlanPtr> Push(const PlanPtr& plan, Predicates predicates);

// Moves what satisfies `condition` to the result.
template <typename Condition>
Predicates Take(Predicates* predicates, Condition condition) {
  const auto taken = std::stable_partition(predicates->begin(), predicates->end(),
                                           [&](const auto& p) { return !condition(p); });
  Predicates result(std::make_move_iterator(taken), std::make_move_iterator(predicates->end()));
  predicates->erase(taken, predicates->end());
  return result;
}

Result<PlanPtr> PushIntoInput(const PlanNode& node, Predicates below, Predicates above) {
  ICEFRAME_ASSIGN_OR_RETURN(PlanPtr input, Push(node.inputs[0], std::move(below)));
  ICEFRAME_ASSIGN_OR_RETURN(PlanPtr pushed, WithInputs(node, {std::move(input)}));
  return internal::FilterOver(std::move(pushed), std::move(above));
}

Result<PlanPtr> PushNode(const PlanPtr& plan, const ScanNode& scan, Predicates predicates) {
  if (scan.limit) return internal::FilterOver(plan, std::move(predicates));
  ScanNode filtered = scan;
  predicates.insert(predicates.begin(), scan.filter);
  filtered.filter =
      SimplifyFilter(Expression(AndNode{std::move(predicates)}, Type::Boolean(), true));
  return MakeScan(std::move(filtered), plan->schema);
}

Result<PlanPtr> PushNode(const PlanPtr& plan, const FilterNode& filter, Predicates predicates) {
  Predicates all = Conjuncts(filter.predicate);
  all.insert(all.end(), predicates.begin(), predicates.end());
  return Push(plan->inputs[0], std::move(all));
}

// A predicate on computed columns becomes one on what they are computed from.
Result<PlanPtr> PushNode(const PlanPtr& plan, const ProjectNode& project, Predicates predicates) {
  std::map<FieldId, Expression> values;
  for (const NamedExpression& column : project.columns) {
    values.emplace(column.field.id, column.expression);
  }
  // A part of a nested column that was numbered anew is not known below.
  const Schema& below = *plan->inputs[0]->schema;
  Predicates pushed = Take(&predicates, [&](const Expression& predicate) {
    return std::ranges::all_of(ReferencedFieldIds(predicate), [&](FieldId id) {
      return values.contains(id) || below.FindField(id) != nullptr;
    });
  });
  for (Expression& predicate : pushed) {
    predicate = SimplifyFilter(RewriteColumns(predicate, [&](const ColumnNode& column) {
      const auto found = values.find(column.field_id);
      return found == values.end() ? std::nullopt : std::optional(found->second);
    }));
  }
  return PushIntoInput(*plan, std::move(pushed), std::move(predicates));
}

Result<PlanPtr> PushNode(const PlanPtr& plan, const SortNode& sort, Predicates predicates) {
  if (sort.fetch) return PushIntoInput(*plan, {}, std::move(predicates));
  return PushIntoInput(*plan, std::move(predicates), {});
}

Result<PlanPtr> PushNode(const PlanPtr& plan, const LimitNode&, Predicates predicates) {
  return PushIntoInput(*plan, {}, std::move(predicates));
}

// Conditions on keys drop whole groups; without keys there is a row even of nothing.
Result<PlanPtr> PushNode(const PlanPtr& plan, const AggregateNode& node, Predicates predicates) {
  std::map<FieldId, Expression> keys;
  for (const NamedExpression& key : node.keys) keys.emplace(key.field.id, key.expression);
  Predicates below = Take(&predicates, [&](const Expression& predicate) {
    const auto ids = ReferencedFieldIds(predicate);
    return !keys.empty() && std::ranges::all_of(ids, [&](auto id) { return keys.contains(id); });
  });
  for (Expression& predicate : below) {
    predicate = RewriteColumns(predicate,
                               [&](const ColumnNode& column) { return keys.at(column.field_id); });
  }
  return PushIntoInput(*plan, std::move(below), std::move(predicates));
}

// Conditions on columns by which every window is partitioned drop whole partitions.
Result<PlanPtr> PushNode(const PlanPtr& plan, const WindowPlanNode& node, Predicates predicates) {
  std::optional<std::set<FieldId>> common;
  for (const NamedExpression& window : node.windows) {
    std::set<FieldId> keys;
    for (const Expression& key : PartitionKeys(*window.expression.as<WindowNode>())) {
      if (const auto* column = key.as<ColumnNode>()) keys.insert(column->field_id);
    }
    if (!common) common = keys;
    std::erase_if(*common, [&](FieldId id) { return !keys.contains(id); });
  }
  Predicates below = Take(&predicates, [&](const Expression& predicate) {
    const auto ids = ReferencedFieldIds(predicate);
    return common && !ids.empty() &&
           std::ranges::all_of(ids, [&](FieldId id) { return common->contains(id); });
  });
  return PushIntoInput(*plan, std::move(below), std::move(predicates));
}

// A side may be filtered early unless the join keeps that side's lost rows' partners, with nulls.
Result<PlanPtr> PushNode(const PlanPtr& plan, const JoinNode& join, Predicates predicates) {
  const Schema& left = *plan->inputs[0]->schema;
  const Schema& right = *plan->inputs[1]->schema;
  const bool left_open = join.kind != JoinKind::kRight && join.kind != JoinKind::kFull;
  const bool right_open = join.kind == JoinKind::kInner || join.kind == JoinKind::kCross ||
                          join.kind == JoinKind::kRight;
  const auto goes_to = [&](const Schema& side, bool is_open) {
    return [&side, is_open](const Expression& p) {
      return is_open && !ReferencedFieldIds(p).empty() && internal::IsOver(p, side) &&
             !internal::CanRaise(p);
    };
  };
  Predicates to_left = Take(&predicates, goes_to(left, left_open));
  Predicates to_right = Take(&predicates, goes_to(right, right_open));
  ICEFRAME_ASSIGN_OR_RETURN(PlanPtr new_left, Push(plan->inputs[0], std::move(to_left)));
  ICEFRAME_ASSIGN_OR_RETURN(PlanPtr new_right, Push(plan->inputs[1], std::move(to_right)));
  ICEFRAME_ASSIGN_OR_RETURN(PlanPtr pushed, WithInputs(*plan, {new_left, new_right}));
  return internal::FilterOver(std::move(pushed), std::move(predicates));
}

// Every row of a union is a row of one input.
Result<PlanPtr> PushNode(const PlanPtr& plan, const UnionNode&, Predicates predicates) {
  const size_t num_inputs = plan->inputs.size();
  std::vector<Predicates> below(num_inputs);
  Predicates above;
  for (Expression& predicate : predicates) {
    Predicates own;
    for (size_t i = 0; i < num_inputs; ++i) {
      if (auto over = OverUnionInput(*plan, i, predicate)) own.push_back(SimplifyFilter(*over));
    }
    if (own.size() < num_inputs) {
      above.push_back(std::move(predicate));
      continue;
    }
    for (size_t i = 0; i < num_inputs; ++i) below[i].push_back(std::move(own[i]));
  }
  std::vector<PlanPtr> inputs;
  for (size_t i = 0; i < num_inputs; ++i) {
    ICEFRAME_ASSIGN_OR_RETURN(PlanPtr input, Push(plan->inputs[i], std::move(below[i])));
    inputs.push_back(std::move(input));
  }
  ICEFRAME_ASSIGN_OR_RETURN(PlanPtr pushed, WithInputs(*plan, std::move(inputs)));
  return internal::FilterOver(std::move(pushed), std::move(above));
}

Result<PlanPtr> Push(const PlanPtr& plan, Predicates predicates) {
  return std::visit(
      [&](const auto& operation) { return PushNode(plan, operation, std::move(predicates)); },
      plan->operation);
}

}  // namespace

Result<PlanPtr> PushFilters(const PlanPtr& plan) { return Push(plan, {}); }

}  // namespace iceframe
