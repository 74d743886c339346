// SPDX-License-Identifier: Apache-2.0
// Filters and orderings over columns and aggregates that the select before them left out.
#include <utility>

#include "iceframe/base/overloaded.h"
#include "iceframe/query/plan_binder_internal.h"
#include "iceframe/types/renumber.h"

namespace iceframe {

namespace {

using MaybePlan = std::optional<PlanPtr>;

// Whether the node's output is its input's columns.
bool HandsRowsOn(const PlanNode& plan) {
  return std::visit(Overloaded{
                        [](const ScanNode&) { return false; },
                        [](const FilterNode&) { return true; },
                        [](const ProjectNode&) { return false; },
                        [](const JoinNode&) { return false; },
                        [](const UnionNode&) { return false; },
                        [](const AggregateNode&) { return false; },
                        [](const WindowPlanNode&) { return false; },
                        [](const SortNode&) { return true; },
                        [](const LimitNode&) { return true; },
                    },
                    plan.operation);
}

// The node over an input that has one more column at its end.
Result<MaybePlan> OverExposed(const PlanNode& plan, const MaybePlan& input, ColumnIds* ids) {
  if (!input) return std::nullopt;
  if (HandsRowsOn(plan)) {
    ICEFRAME_ASSIGN_OR_RETURN(PlanPtr above, WithInputs(plan, {*input}));
    return above;
  }
  ProjectNode project = *plan.as<ProjectNode>();
  const Schema& below = *(*input)->schema;
  OutputColumns columns(below, ids);
  // Columns first that are there already, so that they keep their ids.
  for (const NamedExpression& column : project.columns) columns.Reserve(column.field);
  const NestedField& exposed = below.fields().back();
  ICEFRAME_ASSIGN_OR_RETURN(NamedExpression added, columns.Make(exposed.name, ColumnOf(exposed)));
  project.columns.push_back(std::move(added));
  ICEFRAME_ASSIGN_OR_RETURN(PlanPtr above, MakePlan(std::move(project), {*input}));
  return above;
}

// The scan with a metadata column of its relation at its end.
Result<MaybePlan> WithMetadataColumn(const PlanPtr& plan, const std::string& name, ColumnIds* ids) {
  ScanNode scan = *plan->as<ScanNode>();
  const Relation& relation = *scan.relation;
  const bool may_have = relation.find_metadata_column && scan.columns->FindField(name) == nullptr;
  if (!may_have) return std::nullopt;
  ICEFRAME_ASSIGN_OR_RETURN(const auto found, relation.find_metadata_column(name));
  if (found == nullptr) return std::nullopt;
  Status status;
  const NestedField column = Renumber(*found, [&](FieldId relation_id) {
    const Result<FieldId> id = ids->Next();
    if (!id.ok()) status = id.status();
    if (id.ok()) scan.metadata_ids.emplace(*id, relation_id);
    return id.ValueOr(0);
  });
  ICEFRAME_RETURN_NOT_OK(status);
  const auto with_column = [&](const Schema& schema) {
    std::vector<NestedField> fields = schema.fields();
    fields.push_back(column);
    return Schema::Make(schema.schema_id(), std::move(fields));
  };
  ICEFRAME_ASSIGN_OR_RETURN(scan.columns, with_column(*scan.columns));
  ICEFRAME_ASSIGN_OR_RETURN(auto schema, with_column(*plan->schema));
  return MakeScan(std::move(scan), std::move(schema));
}

// The input with its column `name` put at its end.
Result<MaybePlan> MoveToEnd(const PlanPtr& plan, const std::string& name) {
  const NestedField* field = plan->schema->FindField(name);
  if (field == nullptr || plan->schema->ParentOf(field->id) != 0) return std::nullopt;
  ProjectNode project;
  for (NamedExpression& column : PassThrough(*plan->schema)) {
    if (column.field.id != field->id) project.columns.push_back(std::move(column));
  }
  project.columns.push_back({*field, ColumnOf(*field)});
  ICEFRAME_ASSIGN_OR_RETURN(PlanPtr moved, MakePlan(std::move(project), {plan}));
  return moved;
}

}  // namespace

Result<std::optional<PlanPtr>> ExposeColumn(const PlanPtr& plan, const std::string& name,
                                            ColumnIds* ids) {
  if (plan->as<ScanNode>() != nullptr) return WithMetadataColumn(plan, name, ids);
  const bool is_project = plan->as<ProjectNode>() != nullptr;
  if (!is_project && !HandsRowsOn(*plan)) return std::nullopt;
  const PlanPtr& input = plan->inputs[0];
  ICEFRAME_ASSIGN_OR_RETURN(MaybePlan exposed, MoveToEnd(input, name));
  if (!exposed) {
    ICEFRAME_ASSIGN_OR_RETURN(exposed, ExposeColumn(input, name, ids));
  }
  return OverExposed(*plan, exposed, ids);
}

Result<std::optional<PlanPtr>> ExposeMetadataColumn(const PlanPtr& plan, const std::string& name,
                                                    ColumnIds* ids) {
  if (!name.starts_with('_')) return std::nullopt;
  const PlanNode* leaf = plan.get();
  while (leaf->as<ProjectNode>() != nullptr || HandsRowsOn(*leaf)) leaf = leaf->inputs[0].get();
  const auto* scan = leaf->as<ScanNode>();
  const bool may_be_one = scan != nullptr && scan->relation->schema->FindField(name) == nullptr;
  if (!may_be_one) return std::nullopt;
  return ExposeColumn(plan, name, ids);
}

Result<std::optional<PlanPtr>> ExposeAggregate(const PlanPtr& plan, const Expression& call,
                                               ColumnIds* ids) {
  if (const auto* aggregate = plan->as<AggregateNode>()) {
    AggregateNode wider = *aggregate;
    ICEFRAME_ASSIGN_OR_RETURN(AggregateCall bound,
                              MakeAggregateCall(call, *plan->inputs[0]->schema, ids));
    wider.calls.push_back(std::move(bound));
    // The same aggregate may be there already, under its text or another name.
    std::string& name = wider.calls.back().field.name;
    while (plan->schema->FindField(name) != nullptr) name += "_";
    ICEFRAME_ASSIGN_OR_RETURN(PlanPtr exposed, MakePlan(std::move(wider), plan->inputs));
    return exposed;
  }
  if (plan->as<ProjectNode>() == nullptr && !HandsRowsOn(*plan)) return std::nullopt;
  ICEFRAME_ASSIGN_OR_RETURN(MaybePlan exposed, ExposeAggregate(plan->inputs[0], call, ids));
  return OverExposed(*plan, exposed, ids);
}

}  // namespace iceframe
