// SPDX-License-Identifier: Apache-2.0
// A select, grouped or not, into aggregate, window and project nodes.
#include <algorithm>
#include <map>
#include <utility>

#include "iceframe/expression/aggregate_catalogue.h"
#include "iceframe/expression/binder.h"
#include "iceframe/expression/rewrite.h"
#include "iceframe/expression/window.h"
#include "iceframe/query/plan_binder_internal.h"

namespace iceframe {

namespace {

// Collects keys and aggregates of one grouping, and puts columns in their places.
class Grouping {
 public:
  Grouping(PlanPtr input, ColumnIds* ids)
      : input_(std::move(input)), columns_(*input_->schema, ids), ids_(ids) {}

  Status AddKey(const Expression& key) {
    ICEFRAME_ASSIGN_OR_RETURN(Expression bound, Bind(WithoutAlias(key), *input_->schema));
    ICEFRAME_ASSIGN_OR_RETURN(NamedExpression column,
                              columns_.Make(UniqueName(ItemName(key)), bound));
    key_names_.emplace(CanonicalForm(bound), column.field.name);
    node_.keys.push_back(std::move(column));
    return Status::OK();
  }

  // The item with keys and aggregates replaced by their columns.
  Result<Expression> Lift(const Expression& item) {
    if (item.as<WindowNode>() != nullptr) return LiftWindow(item);
    const auto* call = item.as<FunctionNode>();
    if (call != nullptr && IsAggregateName(call->name)) return LiftAggregate(item);
    if (item.as<LiteralNode>() != nullptr) return item;
    if (auto key = KeyOf(item)) return Col(*key);
    return LiftOperands(item, 0);
  }

  // A column that is neither grouped nor aggregated would not be found.
  Status CheckColumns(const Expression& lifted, const Expression& item) const {
    for (const std::string& name : ReferencedColumns(lifted)) {
      if (IsMade(name)) continue;
      // An unknown name is told as such.
      ICEFRAME_RETURN_NOT_OK(Bind(Col(name), *input_->schema).status());
      return Error(ErrorKind::kInvalidArgument, "column is neither grouped nor aggregated: ", name,
                   item.ToString() == name ? "" : " in " + item.ToString(),
                   "; add it to group_by, or take an aggregate of it such as min(", name, ")");
    }
    return Status::OK();
  }

  Result<PlanPtr> Make() { return MakePlan(std::move(node_), {input_}); }

 private:
  Result<Expression> LiftOperands(const Expression& item, size_t first) {
    std::vector<Expression> operands(item.operands().begin(), item.operands().end());
    for (size_t i = first; i < operands.size(); ++i) {
      ICEFRAME_ASSIGN_OR_RETURN(operands[i], Lift(operands[i]));
    }
    return operands.empty() ? item : WithOperands(item, std::move(operands));
  }

  // The call itself works on the groups' rows; what it is given may be aggregates.
  Result<Expression> LiftWindow(const Expression& window) {
    ICEFRAME_ASSIGN_OR_RETURN(Expression call, LiftOperands(window.operands()[0], 0));
    ICEFRAME_ASSIGN_OR_RETURN(Expression lifted, LiftOperands(window, 1));
    std::vector<Expression> operands = lifted.operands();
    operands[0] = std::move(call);
    return WithOperands(lifted, std::move(operands));
  }

  Result<Expression> LiftAggregate(const Expression& item) {
    ICEFRAME_ASSIGN_OR_RETURN(AggregateCall call, MakeAggregateCall(item, *input_->schema, ids_));
    const auto [entry, is_new] = call_names_.try_emplace(CanonicalForm(call.call));
    if (is_new) {
      call.field.name = UniqueName(std::move(call.field.name));
      entry->second = call.field.name;
      node_.calls.push_back(std::move(call));
    }
    return Col(entry->second);
  }

  std::optional<std::string> KeyOf(const Expression& item) const {
    if (ContainsAggregate(item)) return std::nullopt;
    // A key's alias names it too.
    if (const auto* column = item.as<ColumnNode>()) {
      for (const NamedExpression& key : node_.keys) {
        if (key.field.name == column->name) return column->name;
      }
    }
    auto bound = Bind(item, *input_->schema);
    if (!bound.ok()) return std::nullopt;
    const auto found = key_names_.find(CanonicalForm(*bound));
    if (found == key_names_.end()) return std::nullopt;
    return found->second;
  }

  bool IsMade(const std::string& name) const {
    const auto named = [&](const auto& column) { return column.field.name == name; };
    return std::ranges::any_of(node_.keys, named) || std::ranges::any_of(node_.calls, named);
  }

  std::string UniqueName(std::string name) const {
    while (IsMade(name)) name += "_";
    return name;
  }

  PlanPtr input_;
  OutputColumns columns_;
  ColumnIds* ids_;
  AggregateNode node_;
  std::map<std::string, std::string> key_names_;
  std::map<std::string, std::string> call_names_;
};

}  // namespace

Result<AggregateCall> MakeAggregateCall(const Expression& call, const Schema& input,
                                        ColumnIds* ids) {
  ICEFRAME_ASSIGN_OR_RETURN(Expression bound, BindAggregate(call, input));
  ICEFRAME_ASSIGN_OR_RETURN(const FieldId id, ids->Next());
  return AggregateCall{NestedField::Optional(id, call.ToString(), bound.type()), bound};
}

Result<PlanPtr> LiftWindows(PlanPtr input, std::vector<Expression>* expressions, ColumnIds* ids) {
  WindowPlanNode node;
  OutputColumns columns(*input->schema, ids);
  std::map<std::string, std::string> names;
  const auto lift = [&](const auto& self, const Expression& e) -> Result<Expression> {
    if (e.as<WindowNode>() == nullptr) {
      std::vector<Expression> operands;
      for (const Expression& operand : e.operands()) {
        ICEFRAME_ASSIGN_OR_RETURN(Expression lifted, self(self, operand));
        operands.push_back(std::move(lifted));
      }
      return operands.empty() ? e : WithOperands(e, std::move(operands));
    }
    ICEFRAME_ASSIGN_OR_RETURN(Expression bound, BindWindow(e, *input->schema));
    const auto [entry, is_new] = names.try_emplace(CanonicalForm(bound), e.ToString());
    if (is_new) {
      while (input->schema->FindField(entry->second) != nullptr) entry->second += "_";
      ICEFRAME_ASSIGN_OR_RETURN(NamedExpression column, columns.Make(entry->second, bound));
      node.windows.push_back(std::move(column));
    }
    return Col(entry->second);
  };
  for (Expression& expression : *expressions) {
    ICEFRAME_ASSIGN_OR_RETURN(expression, lift(lift, expression));
  }
  if (node.windows.empty()) return input;
  return MakePlan(std::move(node), {std::move(input)});
}

Result<PlanPtr> BindSelect(PlanPtr input, const std::optional<std::vector<Expression>>& keys,
                           const std::vector<Expression>& items, ColumnIds* ids) {
  std::vector<Expression> values;
  for (const Expression& item : items) values.push_back(WithoutAlias(item));
  if (keys || std::ranges::any_of(values, ContainsAggregate)) {
    Grouping grouping(input, ids);
    for (const Expression& key : keys.value_or(std::vector<Expression>{})) {
      ICEFRAME_RETURN_NOT_OK(grouping.AddKey(key));
    }
    for (size_t i = 0; i < values.size(); ++i) {
      ICEFRAME_ASSIGN_OR_RETURN(values[i], grouping.Lift(values[i]));
    }
    for (size_t i = 0; i < values.size(); ++i) {
      ICEFRAME_RETURN_NOT_OK(grouping.CheckColumns(values[i], items[i]));
    }
    ICEFRAME_ASSIGN_OR_RETURN(input, grouping.Make());
  }
  ICEFRAME_ASSIGN_OR_RETURN(input, LiftWindows(std::move(input), &values, ids));
  ProjectNode project;
  OutputColumns columns(*input->schema, ids);
  for (size_t i = 0; i < values.size(); ++i) {
    ICEFRAME_ASSIGN_OR_RETURN(Expression bound, Bind(values[i], *input->schema));
    ICEFRAME_ASSIGN_OR_RETURN(NamedExpression column, columns.Make(ItemName(items[i]), bound));
    project.columns.push_back(std::move(column));
  }
  return MakePlan(std::move(project), {std::move(input)});
}

}  // namespace iceframe
