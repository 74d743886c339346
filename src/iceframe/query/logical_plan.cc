// SPDX-License-Identifier: Apache-2.0
// Schemas of plan nodes, and nodes made from others.
#include "iceframe/query/logical_plan.h"

#include <algorithm>
#include <set>
#include <utility>

#include "iceframe/base/overloaded.h"

namespace iceframe {

namespace {

using Fields = std::vector<NestedField>;

Result<std::shared_ptr<const Schema>> MakeSchema(Fields fields) {
  std::set<std::string_view> names;
  for (const NestedField& field : fields) {
    if (!names.insert(field.name).second) {
      return Error(ErrorKind::kInvalidArgument, "two columns of one name: ", field.name,
                   "; name one of them otherwise with alias(…) or AS");
    }
  }
  return Schema::Make(SchemaId{0}, std::move(fields));
}

void AppendFields(const Schema& schema, bool nullable, Fields* fields) {
  for (NestedField field : schema.fields()) {
    if (nullable) field.required = false;
    fields->push_back(std::move(field));
  }
}

// "x" -> "x_right", as often as it takes.
void RenameClashes(const Schema& left, Fields* right) {
  std::set<std::string> taken;
  for (const NestedField& field : left.fields()) taken.insert(field.name);
  for (NestedField& field : *right) {
    while (!taken.insert(field.name).second) field.name += "_right";
  }
}

Fields JoinFields(const JoinNode& join, const Schema& left, const Schema& right) {
  Fields fields;
  const bool left_nullable = join.kind == JoinKind::kRight || join.kind == JoinKind::kFull;
  const bool right_nullable = join.kind == JoinKind::kLeft || join.kind == JoinKind::kFull;
  AppendFields(left, left_nullable, &fields);
  if (join.kind == JoinKind::kSemi || join.kind == JoinKind::kAnti) return fields;
  Fields right_fields;
  AppendFields(right, right_nullable, &right_fields);
  RenameClashes(left, &right_fields);
  for (NestedField& field : right_fields) fields.push_back(std::move(field));
  return fields;
}

template <typename Columns>
void AppendColumns(const Columns& columns, Fields* fields) {
  for (const auto& column : columns) fields->push_back(column.field);
}

Result<std::shared_ptr<const Schema>> SchemaOf(const PlanOperation& operation,
                                               const std::vector<PlanPtr>& inputs) {
  using SchemaResult = Result<std::shared_ptr<const Schema>>;
  const auto as_input = [&](const auto&) -> SchemaResult { return inputs[0]->schema; };
  return std::visit(
      Overloaded{
          [](const ScanNode& scan) -> SchemaResult { return scan.columns; },
          [&](const FilterNode& filter) { return as_input(filter); },
          [](const ProjectNode& project) {
            Fields fields;
            AppendColumns(project.columns, &fields);
            return MakeSchema(std::move(fields));
          },
          [&](const JoinNode& join) {
            return MakeSchema(JoinFields(join, *inputs[0]->schema, *inputs[1]->schema));
          },
          [](const UnionNode& node) { return MakeSchema(node.columns); },
          [](const AggregateNode& aggregate) {
            Fields fields;
            AppendColumns(aggregate.keys, &fields);
            AppendColumns(aggregate.calls, &fields);
            return MakeSchema(std::move(fields));
          },
          [&](const WindowPlanNode& window) {
            Fields fields;
            AppendFields(*inputs[0]->schema, false, &fields);
            AppendColumns(window.windows, &fields);
            return MakeSchema(std::move(fields));
          },
          [&](const SortNode& sort) { return as_input(sort); },
          [&](const LimitNode& limit) { return as_input(limit); },
      },
      operation);
}

}  // namespace

bool NamedExpression::is_pass_through() const {
  const auto* column = expression.as<ColumnNode>();
  return column != nullptr && column->field_id == field.id;
}

Result<PlanPtr> MakePlan(PlanOperation operation, std::vector<PlanPtr> inputs) {
  ICEFRAME_ASSIGN_OR_RETURN(auto schema, SchemaOf(operation, inputs));
  return std::make_shared<const PlanNode>(
      PlanNode{std::move(operation), std::move(inputs), std::move(schema)});
}

FieldId ScanNode::RelationId(FieldId id) const {
  const auto metadata = metadata_ids.find(id);
  return metadata == metadata_ids.end() ? id - id_offset : metadata->second;
}

PlanPtr MakeScan(ScanNode scan, std::shared_ptr<const Schema> schema) {
  return std::make_shared<const PlanNode>(PlanNode{std::move(scan), {}, std::move(schema)});
}

Result<PlanPtr> WithInputs(const PlanNode& node, std::vector<PlanPtr> inputs) {
  if (inputs.empty()) return MakeScan(*node.as<ScanNode>(), node.schema);
  return MakePlan(node.operation, std::move(inputs));
}

Expression ColumnOf(const NestedField& field) {
  return Expression(ColumnNode{field.name, field.id}, field.type, true);
}

std::vector<NamedExpression> PassThrough(const Schema& schema) {
  std::vector<NamedExpression> columns;
  columns.reserve(schema.fields().size());
  for (const NestedField& field : schema.fields()) columns.push_back({field, ColumnOf(field)});
  return columns;
}

void VisitExpressions(const PlanOperation& operation,
                      const std::function<void(const Expression&)>& visit) {
  std::visit(Overloaded{
                 [&](const ScanNode& scan) { visit(scan.filter); },
                 [&](const FilterNode& filter) { visit(filter.predicate); },
                 [&](const ProjectNode& project) {
                   for (const NamedExpression& column : project.columns) visit(column.expression);
                 },
                 [&](const JoinNode& join) {
                   for (const Expression& key : join.left_keys) visit(key);
                   for (const Expression& key : join.right_keys) visit(key);
                 },
                 [](const UnionNode&) {},
                 [&](const AggregateNode& aggregate) {
                   for (const NamedExpression& key : aggregate.keys) visit(key.expression);
                   for (const AggregateCall& call : aggregate.calls) visit(call.call);
                 },
                 [&](const WindowPlanNode& window) {
                   for (const NamedExpression& call : window.windows) visit(call.expression);
                 },
                 [&](const SortNode& sort) {
                   for (const SortKey& key : sort.keys) visit(key.expression);
                 },
                 [](const LimitNode&) {},
             },
             operation);
}

std::set<FieldId> ReferencedFieldIds(const PlanOperation& operation) {
  std::set<FieldId> ids;
  // A scan's filter names the relation's columns, not an input's.
  if (std::holds_alternative<ScanNode>(operation)) return ids;
  if (const auto* node = std::get_if<UnionNode>(&operation)) {
    for (const auto& sources : node->sources) {
      for (const auto& [column, source] : sources) ids.insert(source);
    }
  }
  VisitExpressions(operation, [&ids](const Expression& expression) {
    ids.merge(ReferencedFieldIds(expression));
  });
  return ids;
}

}  // namespace iceframe
