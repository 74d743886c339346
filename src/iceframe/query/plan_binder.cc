// SPDX-License-Identifier: Apache-2.0
// A query's steps, one after the other, into plan nodes over resolved relations.
#include <algorithm>
#include <utility>

#include "iceframe/expression/aggregate_catalogue.h"
#include "iceframe/expression/binder.h"
#include "iceframe/expression/parse_expression.h"
#include "iceframe/expression/rewrite.h"
#include "iceframe/query/plan_binder_internal.h"
#include "iceframe/query/query_expressions.h"
#include "iceframe/types/renumber.h"

namespace iceframe {

namespace {

class PlanBinder {
 public:
  PlanBinder(RelationResolver* resolver, ColumnIds* ids) : resolver_(resolver), ids_(ids) {}

  Result<PlanPtr> Bind(const Query& query) {
    ICEFRAME_RETURN_NOT_OK(query.status());
    ICEFRAME_ASSIGN_OR_RETURN(plan_, BindScan(query.source()));
    ICEFRAME_ASSIGN_OR_RETURN(const auto steps, ArrangeSteps(query.steps()));
    for (const QueryStep& step : steps) {
      ICEFRAME_RETURN_NOT_OK(std::visit([this](const auto& typed) { return Take(typed); }, step));
    }
    return plan_;
  }

 private:
  Result<std::shared_ptr<const Relation>> Resolve(const QuerySource& source) {
    if (const auto* name = std::get_if<RelationName>(&source)) return resolver_->Resolve(*name);
    return std::get<std::shared_ptr<const Relation>>(source);
  }

  Result<PlanPtr> BindScan(const QuerySource& source) {
    ScanNode scan;
    ICEFRAME_ASSIGN_OR_RETURN(scan.relation, Resolve(source));
    const Schema& table = *scan.relation->schema;
    ICEFRAME_ASSIGN_OR_RETURN(scan.id_offset, ids_->Reserve(table.highest_field_id()));
    ICEFRAME_ASSIGN_OR_RETURN(scan.columns,
                              Renumber(table, [&](FieldId id) { return id + scan.id_offset; }));
    auto columns = scan.columns;
    return MakeScan(std::move(scan), std::move(columns));
  }

  Status Replace(PlanOperation operation) {
    ICEFRAME_ASSIGN_OR_RETURN(plan_, MakePlan(std::move(operation), {plan_}));
    return Status::OK();
  }

  // -- names that are SQL ------------------------------------------------------------------------

  // Whether a column reference can only be meant as SQL: nothing has that name, nothing could.
  bool IsText(const Expression& item) const {
    const auto* column = item.as<ColumnNode>();
    if (column == nullptr || plan_->schema->FindField(column->name) != nullptr) return false;
    return !IsPlainName(column->name);
  }

  Result<Expression> Resolve(const Expression& item) const {
    return IsText(item) ? ParseSelectItem(item.as<ColumnNode>()->name) : item;
  }

  Result<SortKey> Resolve(SortKey key) const {
    if (!IsText(key.expression)) return key;
    ICEFRAME_ASSIGN_OR_RETURN(SortKey parsed, ParseSortKey(key.expression.as<ColumnNode>()->name));
    parsed.descending = parsed.descending != key.descending;
    parsed.nulls_last = parsed.nulls_last && key.nulls_last;
    return parsed;
  }

  // -- steps -----------------------------------------------------------------------------------

  Status Take(const SelectStep& step) {
    std::vector<Expression> items;
    for (const Expression& item : step.items) {
      const auto* column = item.as<ColumnNode>();
      if (column == nullptr || column->name != "*") {
        ICEFRAME_ASSIGN_OR_RETURN(Expression resolved, Resolve(item));
        items.push_back(std::move(resolved));
        continue;
      }
      for (const NestedField& field : plan_->schema->fields()) items.push_back(Col(field.name));
    }
    if (items.empty()) {
      return Error(ErrorKind::kInvalidArgument, "select needs at least one column");
    }
    if (group_by_) ICEFRAME_RETURN_NOT_OK(ExposeMetadata(*group_by_));
    ICEFRAME_RETURN_NOT_OK(ExposeMetadata(items));
    ICEFRAME_ASSIGN_OR_RETURN(plan_, BindSelect(plan_, group_by_, items, ids_));
    group_by_.reset();
    return Status::OK();
  }

  Status Take(const GroupByStep& step) {
    group_by_.emplace();
    for (const Expression& key : step.keys) {
      ICEFRAME_ASSIGN_OR_RETURN(Expression resolved, Resolve(key));
      group_by_->push_back(std::move(resolved));
    }
    return Status::OK();
  }

  Status Take(const FilterStep& step) {
    const auto visible = plan_->schema;
    ICEFRAME_ASSIGN_OR_RETURN(Expression predicate, Expose(step.predicate));
    ICEFRAME_ASSIGN_OR_RETURN(predicate, BindPredicate(predicate, *plan_->schema));
    ICEFRAME_RETURN_NOT_OK(Replace(FilterNode{std::move(predicate)}));
    return Restore(*visible);
  }

  Status Take(const OrderByStep& step) {
    if (step.keys.empty()) {
      return Error(ErrorKind::kInvalidArgument, "order_by needs at least one column");
    }
    const auto visible = plan_->schema;
    std::vector<SortKey> keys;
    std::vector<Expression> expressions;
    for (SortKey key : step.keys) {
      ICEFRAME_ASSIGN_OR_RETURN(key, Resolve(std::move(key)));
      ICEFRAME_ASSIGN_OR_RETURN(Expression exposed, Expose(WithoutAlias(key.expression)));
      keys.push_back(key);
      expressions.push_back(std::move(exposed));
    }
    ICEFRAME_ASSIGN_OR_RETURN(plan_, LiftWindows(plan_, &expressions, ids_));
    SortNode sort;
    for (size_t i = 0; i < expressions.size(); ++i) {
      ICEFRAME_ASSIGN_OR_RETURN(Expression bound, iceframe::Bind(expressions[i], *plan_->schema));
      if (bound.type().is_nested()) {
        return Error(ErrorKind::kUnsupported, "order_by a column of type ", bound.type().ToString(),
                     ": ", expressions[i].ToString());
      }
      sort.keys.push_back({std::move(bound), keys[i].descending, keys[i].nulls_last});
    }
    ICEFRAME_RETURN_NOT_OK(Replace(std::move(sort)));
    return Restore(*visible);
  }

  Status Take(const LimitStep& step) {
    if (step.limit.value_or(0) < 0 || step.offset < 0) {
      return Error(ErrorKind::kInvalidArgument, step.limit ? "limit" : "offset",
                   " must not be negative: ", step.limit.value_or(step.offset));
    }
    return Replace(LimitNode{step.limit, step.offset});
  }

  Status Take(const DistinctStep&) {
    AggregateNode distinct;
    distinct.keys = PassThrough(*plan_->schema);
    return Replace(std::move(distinct));
  }

  Status Take(const WithColumnStep& step) {
    if (ContainsAggregate(step.value)) {
      return Error(ErrorKind::kInvalidArgument,
                   "an aggregate in with_column: ", step.value.ToString(),
                   "; use .over(…) for a value per row, or select");
    }
    const auto visible = plan_->schema;
    ICEFRAME_ASSIGN_OR_RETURN(const Expression resolved, Resolve(step.value));
    std::vector<Expression> value{WithoutAlias(resolved)};
    ICEFRAME_RETURN_NOT_OK(ExposeMetadata(value));
    ICEFRAME_ASSIGN_OR_RETURN(plan_, LiftWindows(plan_, &value, ids_));
    ICEFRAME_ASSIGN_OR_RETURN(Expression bound, iceframe::Bind(value[0], *plan_->schema));
    // Others first, so that they keep their ids.
    ProjectNode project{PassThrough(*visible)};
    const auto same = std::ranges::find_if(project.columns, [&](const NamedExpression& column) {
      return column.field.name == step.name;
    });
    OutputColumns columns(*plan_->schema, ids_);
    for (const NamedExpression& column : project.columns) columns.Reserve(column.field);
    ICEFRAME_ASSIGN_OR_RETURN(NamedExpression made, columns.Make(step.name, bound));
    if (same == project.columns.end()) {
      project.columns.push_back(std::move(made));
    } else {
      *same = std::move(made);
    }
    return Replace(std::move(project));
  }

  // -- joins -----------------------------------------------------------------------------------

  Status Take(const JoinStep& step) {
    const JoinOn& on = step.on;
    const bool is_cross = step.kind == JoinKind::kCross;
    if (on.left.size() != on.right.size() || on.left.empty() != is_cross) {
      return Error(ErrorKind::kInvalidArgument,
                   is_cross ? "a cross join takes no columns to join on"
                            : "a join needs as many columns of the left as of the right side: ",
                   is_cross ? "" : std::to_string(on.left.size()), is_cross ? "" : " and ",
                   is_cross ? "" : std::to_string(on.right.size()));
    }
    PlanBinder other(resolver_, ids_);
    ICEFRAME_ASSIGN_OR_RETURN(PlanPtr right, other.Bind(*step.other));
    ICEFRAME_ASSIGN_OR_RETURN(PlanPtr both,
                              MakePlan(JoinNode{JoinKind::kCross, {}, {}}, {plan_, right}));
    JoinNode join{step.kind, {}, {}};
    for (size_t i = 0; i < on.left.size(); ++i) {
      ICEFRAME_RETURN_NOT_OK(
          AddKeys(*both->schema, *right->schema, on.left[i], on.right[i], &join));
    }
    std::vector<NamedExpression> left_columns = PassThrough(*plan_->schema);
    ICEFRAME_ASSIGN_OR_RETURN(plan_, MakePlan(join, {plan_, right}));
    const bool has_both = step.kind != JoinKind::kSemi && step.kind != JoinKind::kAnti;
    if (on.left.empty() || !on.merge_keys || !has_both) return Status::OK();
    return MergeKeys(*right->schema, on, step.kind);
  }

  Status Take(const UnionStep& step) {
    PlanBinder other(resolver_, ids_);
    ICEFRAME_ASSIGN_OR_RETURN(const PlanPtr right, other.Bind(*step.other));
    ICEFRAME_ASSIGN_OR_RETURN(plan_, BindUnion(plan_, right, step.options, ids_));
    return Status::OK();
  }

  // Binds left = right over the columns of both sides, which gives the common type.
  Status AddKeys(const Schema& both, const Schema& right, const std::string& left_name,
                 const std::string& right_name, JoinNode* join) {
    ICEFRAME_ASSIGN_OR_RETURN(Expression left_key, iceframe::Bind(Col(left_name), *plan_->schema));
    ICEFRAME_ASSIGN_OR_RETURN(Expression right_key, iceframe::Bind(Col(right_name), right));
    const FieldId right_id = right_key.as<ColumnNode>()->field_id;
    if (left_key.type().is_nested() || right_key.type().is_nested()) {
      return Error(ErrorKind::kUnsupported, "a join on a column of type ",
                   (left_key.type().is_nested() ? left_key : right_key).type().ToString(), ": ",
                   left_key.type().is_nested() ? left_name : right_name);
    }
    ICEFRAME_ASSIGN_OR_RETURN(
        Expression equal,
        iceframe::Bind(Equal(Col(left_name), Col(both.FullName(right_id))), both));
    if (equal.as<ComparisonNode>() == nullptr) {
      return Error(ErrorKind::kInvalidArgument, "columns can't be compared: ", left_name, " and ",
                   right_name);
    }
    join->left_keys.push_back(equal.operands()[0]);
    // Under its own name, whatever the join calls it.
    join->right_keys.push_back(
        RewriteColumns(equal.operands()[1], [&](const ColumnNode&) { return right_key; }));
    return Status::OK();
  }

  // One column per pair of keys: the left one, or its counterpart where only that has a value.
  Status MergeKeys(const Schema& right, const JoinOn& on, JoinKind kind) {
    std::vector<NamedExpression> columns = PassThrough(*plan_->schema);
    OutputColumns made(*plan_->schema, ids_);
    for (const NamedExpression& column : columns) made.Reserve(column.field);
    for (size_t i = 0; i < on.left.size(); ++i) {
      const NestedField* right_field = right.FindField(on.right[i]);
      const FieldId right_id = right_field->id;
      if (right.ParentOf(right_id) != 0) continue;
      const NestedField* joined = plan_->schema->FindField(right_id);
      const NestedField* left_field = plan_->schema->FindField(on.left[i]);
      if (left_field == nullptr || plan_->schema->ParentOf(left_field->id) != 0) continue;
      const auto place = std::ranges::find_if(
          columns, [&](const auto& column) { return column.field.id == left_field->id; });
      if (kind == JoinKind::kRight) {
        place->field = *joined;
        place->field.name = left_field->name;
        place->expression = ColumnOf(*joined);
      } else if (kind == JoinKind::kFull) {
        ICEFRAME_ASSIGN_OR_RETURN(
            Expression merged,
            iceframe::Bind(Function("coalesce", {Col(left_field->name), Col(joined->name)}),
                           *plan_->schema));
        ICEFRAME_ASSIGN_OR_RETURN(*place, made.Make(left_field->name, merged));
      }
      std::erase_if(columns, [&](const NamedExpression& column) {
        return column.field.id == right_id && column.field.name == joined->name;
      });
    }
    return Replace(ProjectNode{std::move(columns)});
  }

  // -- columns that are out of sight -------------------------------------------------------------

  // Brings metadata columns that are named up from the scan.
  Status ExposeMetadata(const std::vector<Expression>& expressions) {
    for (const Expression& expression : expressions) {
      for (const std::string& name : ReferencedColumns(expression)) {
        const std::string head = name.substr(0, name.find('.'));
        const bool is_known =
            plan_->schema->FindField(name) != nullptr || plan_->schema->FindField(head) != nullptr;
        if (is_known) continue;
        ICEFRAME_ASSIGN_OR_RETURN(auto exposed, ExposeMetadataColumn(plan_, head, ids_));
        if (exposed) plan_ = *std::move(exposed);
      }
    }
    return Status::OK();
  }

  // Brings columns and aggregates that a select left out back under the plan's top; returns the
  // expression with its aggregates replaced by their columns.
  Result<Expression> Expose(const Expression& expression) {
    ICEFRAME_ASSIGN_OR_RETURN(Expression replaced, ExposeAggregates(expression));
    for (const std::string& name : ReferencedColumns(replaced)) {
      if (plan_->schema->FindField(name) != nullptr) continue;
      ICEFRAME_ASSIGN_OR_RETURN(auto exposed,
                                ExposeColumn(plan_, name.substr(0, name.find('.')), ids_));
      if (exposed) plan_ = *std::move(exposed);
    }
    return replaced;
  }

  Result<Expression> ExposeAggregates(const Expression& expression) {
    if (!ContainsAggregate(expression) || expression.as<WindowNode>() != nullptr) return expression;
    const auto* call = expression.as<FunctionNode>();
    if (call != nullptr && IsAggregateName(call->name)) {
      ICEFRAME_ASSIGN_OR_RETURN(auto exposed, ExposeAggregate(plan_, expression, ids_));
      if (!exposed) {
        return Error(ErrorKind::kInvalidArgument,
                     "an aggregate where there are no groups: ", expression.ToString(),
                     "; select it after group_by, and filter or order then");
      }
      plan_ = *std::move(exposed);
      return Col(plan_->schema->fields().back().name);
    }
    std::vector<Expression> operands;
    for (const Expression& operand : expression.operands()) {
      ICEFRAME_ASSIGN_OR_RETURN(Expression replaced, ExposeAggregates(operand));
      operands.push_back(std::move(replaced));
    }
    return WithOperands(expression, std::move(operands));
  }

  // Leaves only the columns that were there before something was exposed.
  Status Restore(const Schema& visible) {
    if (plan_->schema->fields().size() == visible.fields().size()) return Status::OK();
    return Replace(ProjectNode{PassThrough(visible)});
  }

  RelationResolver* resolver_;
  ColumnIds* ids_;
  PlanPtr plan_;
  std::optional<std::vector<Expression>> group_by_;
};

}  // namespace

Result<PlanPtr> BindQuery(const Query& query, RelationResolver* resolver) {
  ColumnIds ids;
  return PlanBinder(resolver, &ids).Bind(query);
}

}  // namespace iceframe
