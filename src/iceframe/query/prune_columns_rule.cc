// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <type_traits>
#include <utility>

#include "iceframe/query/optimizer.h"

namespace iceframe {

namespace {

using Ids = std::set<FieldId>;

Result<PlanPtr> Prune(const PlanPtr& plan, const Ids& wanted);

Ids IdsOf(const Schema& schema) {
  Ids ids;
  for (const NestedField& field : schema.fields()) ids.insert(field.id);
  return ids;
}

// The ids of fields at any depth.
Ids FieldIdsOf(const std::vector<NestedField>& fields) {
  Ids ids;
  for (const NestedField& field : fields) {
    ids.insert(field.id);
    ids.merge(FieldIdsOf(field.type.fields()));
  }
  return ids;
}

// Whether the column, or a part of it, is wanted.
bool IsWanted(const NestedField& field, const Ids& wanted) {
  return wanted.contains(field.id) ||
         std::ranges::any_of(field.type.fields(),
                             [&](const NestedField& child) { return IsWanted(child, wanted); });
}

template <typename Columns>
Columns Keep(const Columns& columns, const Ids& wanted) {
  Columns kept;
  for (const auto& column : columns) {
    if (IsWanted(column.field, wanted)) kept.push_back(column);
  }
  return kept;
}

Ids Union(const Ids& left, Ids right) {
  right.insert(left.begin(), left.end());
  return right;
}

Result<PlanPtr> PruneNode(const PlanPtr&, const ScanNode& scan, const Ids& wanted) {
  return MakeScan(scan, scan.columns->Select(wanted));
}

Result<PlanPtr> PruneNode(const PlanPtr& plan, const ProjectNode& project, const Ids& wanted) {
  ProjectNode kept{Keep(project.columns, wanted)};
  ICEFRAME_ASSIGN_OR_RETURN(PlanPtr input,
                            Prune(plan->inputs[0], ReferencedFieldIds(PlanOperation(kept))));
  return MakePlan(std::move(kept), {std::move(input)});
}

// Keys stay: they make the groups.
Result<PlanPtr> PruneNode(const PlanPtr& plan, const AggregateNode& node, const Ids& wanted) {
  AggregateNode kept{node.keys, Keep(node.calls, wanted)};
  ICEFRAME_ASSIGN_OR_RETURN(PlanPtr input,
                            Prune(plan->inputs[0], ReferencedFieldIds(PlanOperation(kept))));
  return MakePlan(std::move(kept), {std::move(input)});
}

Result<PlanPtr> PruneNode(const PlanPtr& plan, const WindowPlanNode& node, const Ids& wanted) {
  WindowPlanNode kept{Keep(node.windows, wanted)};
  const Ids below = Union(wanted, ReferencedFieldIds(PlanOperation(kept)));
  ICEFRAME_ASSIGN_OR_RETURN(PlanPtr input, Prune(plan->inputs[0], below));
  if (kept.windows.empty()) return input;
  return MakePlan(std::move(kept), {std::move(input)});
}

Result<PlanPtr> PruneNode(const PlanPtr& plan, const JoinNode& join, const Ids& wanted) {
  const Ids below = Union(wanted, ReferencedFieldIds(plan->operation));
  ICEFRAME_ASSIGN_OR_RETURN(PlanPtr left, Prune(plan->inputs[0], below));
  ICEFRAME_ASSIGN_OR_RETURN(PlanPtr right, Prune(plan->inputs[1], below));
  return MakePlan(join, {std::move(left), std::move(right)});
}

Result<PlanPtr> PruneNode(const PlanPtr& plan, const UnionNode& node, const Ids& wanted) {
  UnionNode kept;
  for (const NestedField& field : node.columns) {
    if (IsWanted(field, wanted)) kept.columns.push_back(field);
  }
  const Ids fields = FieldIdsOf(kept.columns);
  std::vector<PlanPtr> inputs;
  for (size_t i = 0; i < node.sources.size(); ++i) {
    kept.sources.push_back(node.sources[i]);
    std::erase_if(kept.sources[i],
                  [&](const auto& entry) { return !fields.contains(entry.first); });
    Ids below;
    for (const NestedField& field : kept.columns) {
      const auto source = kept.sources[i].find(field.id);
      if (source != kept.sources[i].end()) below.insert(source->second);
    }
    ICEFRAME_ASSIGN_OR_RETURN(PlanPtr input, Prune(plan->inputs[i], below));
    inputs.push_back(std::move(input));
  }
  return MakePlan(std::move(kept), std::move(inputs));
}

// Of nodes whose output is their input's columns.
template <typename Operation>
  requires std::is_same_v<Operation, FilterNode> || std::is_same_v<Operation, SortNode> ||
           std::is_same_v<Operation, LimitNode>
Result<PlanPtr> PruneNode(const PlanPtr& plan, const Operation&, const Ids& wanted) {
  const Ids below = Union(wanted, ReferencedFieldIds(plan->operation));
  ICEFRAME_ASSIGN_OR_RETURN(PlanPtr input, Prune(plan->inputs[0], below));
  return WithInputs(*plan, {std::move(input)});
}

Result<PlanPtr> Prune(const PlanPtr& plan, const Ids& wanted) {
  return std::visit([&](const auto& operation) { return PruneNode(plan, operation, wanted); },
                    plan->operation);
}

}  // namespace

Result<PlanPtr> PruneColumns(const PlanPtr& plan) {
  ICEFRAME_ASSIGN_OR_RETURN(PlanPtr pruned, Prune(plan, IdsOf(*plan->schema)));
  if (pruned->schema->SameColumns(*plan->schema)) return pruned;
  // What was read for a filter or an ordering alone.
  return MakePlan(ProjectNode{PassThrough(*plan->schema)}, {std::move(pruned)});
}

}  // namespace iceframe
