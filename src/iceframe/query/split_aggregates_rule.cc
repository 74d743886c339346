// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "iceframe/expression/aggregate_catalogue.h"
#include "iceframe/expression/rewrite.h"
#include "iceframe/query/optimizer.h"

namespace iceframe {

namespace {

bool IsCountOfRows(const Expression& call) {
  return AsAggregate(call)->id == AggregateId::kCount && call.operands().empty();
}

// Whether a value of all rows comes from the values of parts of them.
bool CanSplit(const AggregateCall& call) {
  const AggregateSignature* signature = AsAggregate(call.call);
  if (signature == nullptr) return false;
  const bool is_extreme = signature->id == AggregateId::kMin || signature->id == AggregateId::kMax;
  return is_extreme ? call.call.operands()[0].as<ColumnNode>() != nullptr
                    : IsCountOfRows(call.call);
}

FieldId HighestId(const PlanPtr& plan) {
  FieldId highest = plan->schema->highest_field_id();
  if (const auto* scan = plan->as<ScanNode>()) {
    highest = std::max(highest, scan->columns->highest_field_id());
  }
  for (const PlanPtr& input : plan->inputs) highest = std::max(highest, HighestId(input));
  return highest;
}

// The call over one input of the union, under a new id; nullopt if the input lacks its column.
std::optional<AggregateCall> OverInput(const PlanNode& plan, size_t i, const AggregateCall& call,
                                       FieldId id) {
  AggregateCall own = call;
  own.field.id = id;
  own.field.required = false;
  if (call.call.operands().empty()) return own;
  auto operand = OverUnionInput(plan, i, call.call.operands()[0]);
  if (!operand) return std::nullopt;
  // Promotions keep the order of values.
  if (const auto* cast = operand->as<CastNode>()) operand = cast->operands[0];
  if (operand->as<ColumnNode>() == nullptr) return std::nullopt;
  const auto& function = *call.call.as<FunctionNode>();
  own.field.type = operand->type();
  own.call = Expression(FunctionNode{function.name, {*operand}}, operand->type(), true);
  return own;
}

// The call over the column in which the inputs' values stand.
AggregateCall OverParts(const AggregateCall& call, const NestedField& parts) {
  const std::string name = IsCountOfRows(call.call) ? "sum" : call.call.as<FunctionNode>()->name;
  return {call.field, Expression(FunctionNode{name, {ColumnOf(parts)}}, call.call.type(), true)};
}

// Below projections that hand on what the calls ask for.
PlanPtr BelowProjections(PlanPtr plan, const AggregateNode& node) {
  const std::set<FieldId> ids = ReferencedFieldIds(PlanOperation(node));
  while (plan->as<ProjectNode>() != nullptr) {
    const Schema& below = *plan->inputs[0]->schema;
    if (!std::ranges::all_of(ids, [&](auto id) { return below.FindField(id) != nullptr; })) break;
    plan = plan->inputs[0];
  }
  return plan;
}

// nullopt: one of the inputs lacks a column.
Result<std::optional<PlanPtr>> Split(const AggregateNode& node, const PlanNode& below, FieldId id) {
  UnionNode parts;
  for (const AggregateCall& call : node.calls) {
    parts.columns.push_back(NestedField::Optional(++id, call.field.name, call.call.type()));
  }
  std::vector<PlanPtr> inputs;
  for (size_t i = 0; i < below.inputs.size(); ++i) {
    AggregateNode own;
    std::map<FieldId, FieldId> sources;
    for (size_t c = 0; c < node.calls.size(); ++c) {
      auto call = OverInput(below, i, node.calls[c], ++id);
      if (!call) return std::nullopt;
      sources.emplace(parts.columns[c].id, call->field.id);
      own.calls.push_back(*std::move(call));
    }
    PlanPtr input = BelowProjections(below.inputs[i], own);
    ICEFRAME_ASSIGN_OR_RETURN(PlanPtr part, MakePlan(std::move(own), {std::move(input)}));
    parts.sources.push_back(std::move(sources));
    inputs.push_back(std::move(part));
  }
  AggregateNode whole;
  for (size_t c = 0; c < node.calls.size(); ++c) {
    whole.calls.push_back(OverParts(node.calls[c], parts.columns[c]));
  }
  ICEFRAME_ASSIGN_OR_RETURN(PlanPtr united, MakePlan(std::move(parts), std::move(inputs)));
  ICEFRAME_ASSIGN_OR_RETURN(PlanPtr split, MakePlan(std::move(whole), {std::move(united)}));
  return split;
}

}  // namespace

Result<PlanPtr> SplitAggregates(const PlanPtr& plan) {
  FieldId highest = HighestId(plan);
  return internal::RewriteBottomUp(plan, [&](const PlanPtr& node) -> Result<PlanPtr> {
    const auto* aggregate = node->as<AggregateNode>();
    if (aggregate == nullptr || !aggregate->keys.empty() || aggregate->calls.empty()) return node;
    const PlanPtr below = BelowProjections(node->inputs[0], *aggregate);
    if (below->as<UnionNode>() == nullptr) return node;
    if (!std::ranges::all_of(aggregate->calls, CanSplit)) return node;
    ICEFRAME_ASSIGN_OR_RETURN(auto split, Split(*aggregate, *below, highest));
    if (!split) return node;
    highest = HighestId(*split);
    return *split;
  });
}

}  // namespace iceframe
