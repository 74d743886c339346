// SPDX-License-Identifier: Apache-2.0
#include "iceframe/services/result_key.h"

#include <unistd.h>

#include <algorithm>
#include <array>

#include "iceframe/base/overloaded.h"
#include "iceframe/base/version.h"
#include "iceframe/expression/function_catalogue.h"
#include "iceframe/expression/window.h"

namespace iceframe {

namespace {

// Settings that change how an answer comes, never which one. One that is not listed counts.
constexpr auto kNeutralSettings = std::to_array<std::string_view>({
    "catalog.lock_timeout",
    "commit.",
    "execution.batch_bytes",
    "executor.",
    "memory.limit",
    "metadata.max_size",
});

bool IsNeutral(std::string_view setting) {
  return std::ranges::any_of(kNeutralSettings, [&](std::string_view neutral) {
    return neutral.ends_with('.') ? setting.starts_with(neutral) : setting == neutral;
  });
}

// Whether the first rows of what a node gives are the same whenever it is asked.
bool IsOrdered(const PlanNode& plan) {
  return std::visit(Overloaded{
                        [](const SortNode&) { return true; },
                        // There is one row.
                        [](const AggregateNode& node) { return node.keys.empty(); },
                        [&](const FilterNode&) { return IsOrdered(*plan.inputs[0]); },
                        [&](const ProjectNode&) { return IsOrdered(*plan.inputs[0]); },
                        [&](const WindowPlanNode&) { return IsOrdered(*plan.inputs[0]); },
                        [&](const LimitNode&) { return IsOrdered(*plan.inputs[0]); },
                        [](const auto&) { return false; },
                    },
                    plan.operation);
}

bool NeedsOrder(const Expression& expression) {
  const auto* window = expression.as<WindowNode>();
  if (window == nullptr) return std::ranges::any_of(expression.operands(), NeedsOrder);
  if (!window->directions.empty()) return false;
  const auto* call = WindowCall(*window).as<FunctionNode>();
  const auto function = call == nullptr ? std::nullopt : FindWindowFunction(call->name);
  return function && *function != WindowFunctionId::kAggregate;
}

bool LacksOrder(const PlanNode& plan) {
  if (const auto* scan = plan.as<ScanNode>()) return scan->limit.has_value();
  if (plan.as<LimitNode>() != nullptr) return !IsOrdered(*plan.inputs[0]);
  if (const auto* window = plan.as<WindowPlanNode>()) {
    return std::ranges::any_of(window->windows, [](const NamedExpression& column) {
      return NeedsOrder(column.expression);
    });
  }
  return false;
}

bool IsDeterministic(const Expression& expression) {
  const auto* call = expression.as<FunctionNode>();
  const FunctionEntry* function = call == nullptr ? nullptr : FindFunction(call->name);
  if (function != nullptr && !IsDeterministic(function->id)) return false;
  return std::ranges::all_of(expression.operands(),
                             [](const Expression& operand) { return IsDeterministic(operand); });
}

bool AreDeterministic(const PlanOperation& operation) {
  bool all = true;
  VisitExpressions(operation,
                   [&all](const Expression& expression) { all &= IsDeterministic(expression); });
  return all;
}

void AppendText(std::string_view text, std::string* out) {
  *out += std::to_string(text.size());
  *out += ':';
  *out += text;
}

}  // namespace

std::string_view ToString(ResultRefusal refusal) {
  switch (refusal) {
    case ResultRefusal::kTooLarge:
      return "too_large";
    case ResultRefusal::kNoMemory:
      return "no_memory";
    case ResultRefusal::kNotDeterministic:
      return "not_deterministic";
    case ResultRefusal::kNoOrder:
      return "no_order";
  }
  return "";
}

std::optional<ResultRefusal> WhyNotKept(const PlanPtr& plan) {
  if (!AreDeterministic(plan->operation)) return ResultRefusal::kNotDeterministic;
  if (LacksOrder(*plan)) return ResultRefusal::kNoOrder;
  for (const PlanPtr& input : plan->inputs) {
    if (const auto refusal = WhyNotKept(input)) return refusal;
  }
  return std::nullopt;
}

std::optional<std::string> ResultKey(const PlanPtr& plan, const ResultScope& scope) {
  std::string key = "iceframe ";
  AppendText(kVersion, &key);
  key += "user " + std::to_string(geteuid()) + " ";
  AppendText(scope.scope, &key);
  if (scope.settings != nullptr) {
    for (const auto& [name, value] : *scope.settings) {
      if (IsNeutral(name)) continue;
      AppendText(name, &key);
      AppendText(value, &key);
    }
  }
  key += '|';
  bool is_told = true;
  // The same rows in memory come as another relation each time a query is built.
  key += CanonicalForm(plan, [&is_told](const Relation& relation) {
    if (!relation.content) return relation.canonical_name;
    const std::optional<std::string> content = relation.content();
    is_told = is_told && content.has_value();
    return "content " + content.value_or("");
  });
  if (!is_told) return std::nullopt;
  return key;
}

}  // namespace iceframe
