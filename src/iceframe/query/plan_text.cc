// SPDX-License-Identifier: Apache-2.0
// Plans as text for people.
#include <sstream>

#include "iceframe/base/overloaded.h"
#include "iceframe/query/logical_plan.h"

namespace iceframe {

namespace {

template <typename Items, typename Format>
std::string Join(const Items& items, Format format) {
  std::string text;
  for (const auto& item : items) {
    if (!text.empty()) text += ", ";
    text += format(item);
  }
  return text;
}

std::string NamedText(const NamedExpression& column) {
  const std::string text = column.expression.ToString();
  const auto* plain = column.expression.as<ColumnNode>();
  if (plain != nullptr && plain->name == column.field.name) return text;
  return text == column.field.name ? text : text + " AS " + column.field.name;
}

std::string CallText(const AggregateCall& call) {
  const std::string text = call.call.ToString();
  return text == call.field.name ? text : text + " AS " + call.field.name;
}

std::string NameOf(const NestedField& field) { return field.name; }

std::string Describe(const ScanNode& scan, const Schema& schema) {
  std::string text = "Scan: " + scan.relation->name + " [" + Join(schema.fields(), NameOf) + "]";
  if (!scan.filter.is_true()) text += ", filter: " + scan.filter.ToString();
  if (scan.limit) text += ", limit: " + std::to_string(*scan.limit);
  return text;
}

std::string Describe(const JoinNode& join) {
  std::string text = "Join (" + std::string(ToString(join.kind)) + ")";
  for (size_t i = 0; i < join.left_keys.size(); ++i) {
    text += (i == 0 ? ": " : " AND ") + join.left_keys[i].ToString() + " = " +
            join.right_keys[i].ToString();
  }
  return text;
}

std::string Describe(const AggregateNode& node) {
  if (node.calls.empty()) return "Distinct: " + Join(node.keys, NamedText);
  std::string text = "Aggregate: " + Join(node.calls, CallText);
  if (!node.keys.empty()) text += " by " + Join(node.keys, NamedText);
  if (node.from_metadata) text += " (from metadata where exact)";
  return text;
}

std::string Describe(const SortNode& sort) {
  const std::string keys = Join(sort.keys, [](const SortKey& key) { return key.ToString(); });
  if (!sort.fetch) return "Sort: " + keys;
  return "TopK: " + std::to_string(*sort.fetch) + " by " + keys;
}

std::string Describe(const LimitNode& limit) {
  std::string text = "Limit:";
  if (limit.limit) text += " " + std::to_string(*limit.limit);
  if (limit.offset > 0) text += " offset " + std::to_string(limit.offset);
  return text;
}

void AppendTree(const PlanPtr& plan, int depth, std::string* text) {
  text->append(static_cast<size_t>(depth) * 2, ' ');
  *text += DescribeOperation(*plan) + "\n";
  for (const PlanPtr& input : plan->inputs) AppendTree(input, depth + 1, text);
}

}  // namespace

std::string_view ToString(JoinKind kind) {
  switch (kind) {
    case JoinKind::kInner:
      return "inner";
    case JoinKind::kLeft:
      return "left";
    case JoinKind::kRight:
      return "right";
    case JoinKind::kFull:
      return "full";
    case JoinKind::kSemi:
      return "semi";
    case JoinKind::kAnti:
      return "anti";
    case JoinKind::kCross:
      return "cross";
  }
  return "";
}

std::string DescribeOperation(const PlanNode& node) {
  return std::visit(
      Overloaded{
          [&](const ScanNode& scan) { return Describe(scan, *node.schema); },
          [](const FilterNode& op) { return "Filter: " + op.predicate.ToString(); },
          [](const ProjectNode& op) { return "Project: " + Join(op.columns, NamedText); },
          [](const WindowPlanNode& op) { return "Window: " + Join(op.windows, NamedText); },
          [](const JoinNode& op) { return Describe(op); },
          [](const UnionNode& op) { return "Union: " + Join(op.columns, NameOf); },
          [](const AggregateNode& op) { return Describe(op); },
          [](const SortNode& op) { return Describe(op); },
          [](const LimitNode& op) { return Describe(op); },
      },
      node.operation);
}

std::string ToString(const PlanPtr& plan) {
  std::string text;
  AppendTree(plan, 0, &text);
  return text;
}

}  // namespace iceframe
