// SPDX-License-Identifier: Apache-2.0
// Plans as text for people.
#include <functional>

#include "iceframe/base/overloaded.h"
#include "iceframe/expression/redacted_text.h"
#include "iceframe/query/logical_plan.h"
#include "iceframe/query/redacted_plan.h"

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

/// Writes operations, with or without the values that they hold.
class Describer {
 public:
  explicit Describer(bool is_redacted) : is_redacted_(is_redacted) {}

  std::string Describe(const PlanNode& node) const {
    return std::visit(
        Overloaded{
            [&](const ScanNode& scan) { return OfScan(scan, *node.schema); },
            [&](const FilterNode& op) { return "Filter: " + Text(op.predicate); },
            [&](const ProjectNode& op) { return "Project: " + Join(op.columns, named_); },
            [&](const WindowPlanNode& op) { return "Window: " + Join(op.windows, named_); },
            [&](const JoinNode& op) { return OfJoin(op); },
            [&](const UnionNode& op) { return "Union: " + Join(op.columns, name_); },
            [&](const AggregateNode& op) { return OfAggregate(op); },
            [&](const SortNode& op) { return OfSort(op); },
            [&](const LimitNode& op) { return OfLimit(op); },
        },
        node.operation);
  }

  void AppendTree(const PlanPtr& plan, int depth, std::string* text) const {
    text->append(static_cast<size_t>(depth) * 2, ' ');
    *text += Describe(*plan) + "\n";
    for (const PlanPtr& input : plan->inputs) AppendTree(input, depth + 1, text);
  }

 private:
  std::string Text(const Expression& expression) const {
    return is_redacted_ ? RedactedText(expression) : expression.ToString();
  }
  std::string Text(const SortKey& key) const {
    return is_redacted_ ? RedactedText(key) : key.ToString();
  }
  std::string Name(const std::string& name) const {
    return is_redacted_ ? RedactedName(name) : name;
  }
  std::string Number(int64_t number) const { return is_redacted_ ? "?" : std::to_string(number); }

  // An expression under the name it gets, where that isn't its text.
  std::string Named(const Expression& expression, const std::string& name) const {
    const auto* plain = expression.as<ColumnNode>();
    const bool is_own_name =
        (plain != nullptr && plain->name == name) || expression.ToString() == name;
    return is_own_name ? Text(expression) : Text(expression) + " AS " + Name(name);
  }

  std::string OfScan(const ScanNode& scan, const Schema& schema) const {
    std::string text = "Scan: " + scan.relation->name + " [" + Join(schema.fields(), name_) + "]";
    if (!scan.filter.is_true()) text += ", filter: " + Text(scan.filter);
    if (scan.limit) text += ", limit: " + Number(*scan.limit);
    return text;
  }

  std::string OfJoin(const JoinNode& join) const {
    std::string text = "Join (" + std::string(ToString(join.kind)) + ")";
    for (size_t i = 0; i < join.left_keys.size(); ++i) {
      text +=
          (i == 0 ? ": " : " AND ") + Text(join.left_keys[i]) + " = " + Text(join.right_keys[i]);
    }
    return text;
  }

  std::string OfAggregate(const AggregateNode& node) const {
    if (node.calls.empty()) return "Distinct: " + Join(node.keys, named_);
    std::string text = "Aggregate: " + Join(node.calls, [&](const AggregateCall& call) {
                         return Named(call.call, call.field.name);
                       });
    if (!node.keys.empty()) text += " by " + Join(node.keys, named_);
    if (node.from_metadata) text += " (from metadata where exact)";
    return text;
  }

  std::string OfSort(const SortNode& sort) const {
    const std::string keys = Join(sort.keys, [&](const SortKey& key) { return Text(key); });
    if (!sort.fetch) return "Sort: " + keys;
    return "TopK: " + Number(*sort.fetch) + " by " + keys;
  }

  std::string OfLimit(const LimitNode& limit) const {
    std::string text = "Limit:";
    if (limit.limit) text += " " + Number(*limit.limit);
    if (limit.offset > 0) text += " offset " + Number(limit.offset);
    return text;
  }

  const bool is_redacted_;
  const std::function<std::string(const NamedExpression&)> named_ =
      [this](const NamedExpression& column) { return Named(column.expression, column.field.name); };
  const std::function<std::string(const NestedField&)> name_ = [this](const NestedField& field) {
    return Name(field.name);
  };
};

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

std::string DescribeOperation(const PlanNode& node) { return Describer(false).Describe(node); }

std::string ToString(const PlanPtr& plan) {
  std::string text;
  Describer(false).AppendTree(plan, 0, &text);
  return text;
}

std::string RedactedText(const PlanPtr& plan) {
  std::string text;
  Describer(true).AppendTree(plan, 0, &text);
  return text;
}

}  // namespace iceframe
