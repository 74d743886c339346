// SPDX-License-Identifier: Apache-2.0
#include "iceframe/services/query_advisor.h"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "iceframe/catalog/identifier.h"
#include "iceframe/execution/relation_source.h"
#include "iceframe/execution/scan_operator.h"
#include "iceframe/execution/scan_plan.h"
#include "iceframe/expression/aggregate_catalogue.h"
#include "iceframe/expression/binder.h"
#include "iceframe/services/advised_table_internal.h"
#include "iceframe/services/known_catalogs.h"
#include "iceframe/services/plan_scans_internal.h"

namespace iceframe {

namespace {

using internal::Joined;

Expression FilterOf(const QueryExpressions& query) { return And(query.filters); }

Suggestion ReadColumns(const std::vector<std::string>& columns) {
  Suggestion suggestion;
  suggestion.kind = SuggestionKind::kReadColumns;
  suggestion.columns = columns;
  suggestion.text = columns.empty() ? "read no column: metadata answers"
                                    : "read only the columns that are needed: " + Joined(columns);
  return suggestion;
}

Suggestion RewriteFilter(const PredicatePushdown& pushdown) {
  Suggestion suggestion;
  suggestion.kind = SuggestionKind::kRewriteFilter;
  suggestion.columns = ReferencedColumns(pushdown.predicate);
  const std::string predicate = pushdown.predicate.ToString();
  suggestion.text = "nothing is skipped by " + predicate + ", since " + pushdown.reason;
  suggestion.evidence.Add("predicate", Json::String(predicate));
  suggestion.evidence.Add("reason", Json::String(pushdown.reason));
  if (pushdown.rewrite) {
    const std::string rewrite = pushdown.rewrite->ToString();
    suggestion.text += "; write " + rewrite + ", which keeps the same rows";
    suggestion.evidence.Add("rewrite", Json::String(rewrite));
  }
  return suggestion;
}

Suggestion LayOutBy(const std::vector<std::string>& columns) {
  Suggestion suggestion;
  suggestion.kind = SuggestionKind::kSort;
  suggestion.columns = columns;
  suggestion.text = "partition or sort the table by " + Joined(columns) +
                    ": partitions and statistics then skip files by the filter";
  return suggestion;
}

// All but the advice.
QueryAnalysis Describe(std::string table, const QueryExpressions& parsed) {
  QueryAnalysis analysis;
  analysis.table = std::move(table);
  analysis.has_filters = !parsed.filters.empty();
  analysis.has_aggregations = HasAggregations(parsed);
  analysis.columns = NeededColumns(parsed);
  analysis.predicates = DescribePushdown(FilterOf(parsed));
  return analysis;
}

// -- what a query reads of its table -------------------------------------------------------------

bool Holds(const NestedField& field, FieldId id) {
  return field.id == id || std::ranges::any_of(field.type.fields(), [&](const NestedField& child) {
           return Holds(child, id);
         });
}

// The top-level columns that columns, bound to the schema, lie in.
Result<std::set<FieldId>> TopLevelColumns(const Schema& schema,
                                          const std::vector<std::string>& names) {
  std::set<FieldId> ids;
  for (const std::string& name : names) {
    ICEFRAME_ASSIGN_OR_RETURN(const Expression bound, Bind(Col(name), schema));
    for (const FieldId id : ReferencedFieldIds(bound)) {
      for (const NestedField& field : schema.fields()) {
        if (Holds(field, id)) ids.insert(field.id);
      }
    }
  }
  return ids;
}

// The columns that are named in count(column) alone.
std::vector<std::string> CountedColumns(const QueryExpressions& query) {
  std::map<std::string, bool> is_only_counted;
  const std::function<void(const Expression&)> visit = [&](const Expression& expression) {
    if (const auto* column = expression.as<ColumnNode>()) is_only_counted[column->name] = false;
    const AggregateSignature* aggregate = AsAggregate(expression);
    const bool counts = aggregate != nullptr && aggregate->id == AggregateId::kCount &&
                        expression.operands().size() == 1;
    const auto* counted = counts ? expression.operands()[0].as<ColumnNode>() : nullptr;
    if (counted != nullptr) {
      is_only_counted.try_emplace(counted->name, true);
      return;
    }
    for (const Expression& operand : expression.operands()) visit(operand);
  };
  for (const Expression& item : query.select) visit(item);
  for (const Expression& key : query.group_by) visit(key);
  for (const Expression& filter : query.filters) visit(filter);
  std::vector<std::string> names;
  for (const auto& [name, is_counted] : is_only_counted) {
    if (is_counted) names.push_back(name);
  }
  return names;
}

Result<TableUse> UseOf(const TableState& state, const QueryExpressions& query) {
  TableUse use;
  use.state = state;
  use.predicates = query.filters;
  RowRequest rows;
  rows.filter = FilterOf(query);
  ICEFRAME_ASSIGN_OR_RETURN(use.filter, BindTableFilter(state, rows));
  if (const auto columns = NeededColumns({query.select, {}, query.group_by})) {
    ICEFRAME_ASSIGN_OR_RETURN(use.columns, TopLevelColumns(*state.schema, *columns));
  }
  ICEFRAME_ASSIGN_OR_RETURN(use.counted_columns,
                            TopLevelColumns(*state.schema, CountedColumns(query)));
  return use;
}

// -- queries of several steps --------------------------------------------------------------------

QueryExpressions ExpressionsOf(const Query& query) {
  QueryExpressions expressions;
  for (const QueryStep& step : query.steps()) {
    if (const auto* select = std::get_if<SelectStep>(&step)) {
      expressions.select = select->items;
    } else if (const auto* filter = std::get_if<FilterStep>(&step)) {
      expressions.filters.push_back(filter->predicate);
    } else if (const auto* group = std::get_if<GroupByStep>(&step)) {
      expressions.group_by = group->keys;
    }
  }
  return expressions;
}

Result<TableUse> UseOf(const PlanNode& node, const TableState& state, const QueryExpressions& query,
                       bool is_only_table) {
  const auto& scan = *node.as<ScanNode>();
  ICEFRAME_ASSIGN_OR_RETURN(const RelationRead read, ToRelationRead(scan, node.schema));
  TableUse use;
  use.state = state;
  use.filter = read.rows.filter;
  for (const Expression& predicate : query.filters) {
    if (BindPredicate(predicate, *state.schema).ok()) use.predicates.push_back(predicate);
  }
  std::set<FieldId> columns;
  for (const NestedField& field : read.columns->fields()) columns.insert(field.id);
  const bool are_all = columns.size() >= state.schema->fields().size() && SelectsAll(query);
  if (!are_all) use.columns = std::move(columns);
  if (!is_only_table) return use;
  const auto counted = TopLevelColumns(*state.schema, CountedColumns(query));
  if (counted.ok()) use.counted_columns = *counted;
  return use;
}

// -- tables that sessions know -------------------------------------------------------------------

// nullptr: no session does. What goes wrong with one catalog is no reason to say nothing.
std::shared_ptr<const Table> FindInProcess(const OperationContext& context,
                                           const std::string& name) {
  auto identifier = TableIdentifier::Parse(name);
  if (!identifier.ok()) return nullptr;
  if (identifier->name_space.empty()) identifier->name_space = {"default"};
  const auto catalogs = KnownCatalogs();
  for (auto catalog = catalogs.rbegin(); catalog != catalogs.rend(); ++catalog) {
    auto table = Table::Load(context, *catalog, *identifier);
    if (table.ok()) return *table;
  }
  return nullptr;
}

}  // namespace

Result<QueryAnalysis> AnalyzeExpressions(std::string table, const QueryExpressions& query) {
  ICEFRAME_ASSIGN_OR_RETURN(const QueryExpressions parsed, ParseTexts(query));
  QueryAnalysis analysis = Describe(std::move(table), parsed);
  if (analysis.columns) analysis.suggestions.push_back(ReadColumns(*analysis.columns));
  for (const PredicatePushdown& pushdown : analysis.predicates) {
    if (!pushdown.is_pushed) analysis.suggestions.push_back(RewriteFilter(pushdown));
  }
  const std::vector<std::string> compared = ComparedColumns(FilterOf(parsed));
  if (!compared.empty()) analysis.suggestions.push_back(LayOutBy(compared));
  return analysis;
}

Result<std::vector<Suggestion>> AdviseOnTable(const OperationContext& context, TableUse use) {
  ICEFRAME_ASSIGN_OR_RETURN(const internal::AdvisedTable table,
                            internal::AdviseTable(context, std::move(use)));
  std::vector<Suggestion> suggestions;
  ICEFRAME_RETURN_NOT_OK(internal::AdviseFilters(table, &suggestions));
  internal::AdviseColumns(table, &suggestions);
  internal::AdviseLayout(table, &suggestions);
  internal::AdviseFiles(table, &suggestions);
  internal::AdviseCaching(table, &suggestions);
  return suggestions;
}

Result<QueryAnalysis> AnalyzeOnTable(const OperationContext& context, std::string table,
                                     const TableState& state, const QueryExpressions& query) {
  ICEFRAME_ASSIGN_OR_RETURN(const QueryExpressions parsed, ParseTexts(query));
  ICEFRAME_ASSIGN_OR_RETURN(TableUse use, UseOf(state, parsed));
  QueryAnalysis analysis = Describe(std::move(table), parsed);
  ICEFRAME_ASSIGN_OR_RETURN(analysis.suggestions, AdviseOnTable(context, std::move(use)));
  return analysis;
}

Result<QueryAnalysis> AnalyzeInProcess(const OperationContext& context, std::string table,
                                       const QueryExpressions& query) {
  if (const auto known = FindInProcess(context, table)) {
    const auto state = ResolveTable(known, {});
    if (state.ok()) {
      auto analysis = AnalyzeOnTable(context, table, *state, query);
      if (analysis.ok()) {
        const auto& columns = analysis->columns;
        if (columns && columns->size() < state->schema->fields().size()) {
          analysis->suggestions.insert(analysis->suggestions.begin(), ReadColumns(*columns));
        }
        return analysis;
      }
    }
  }
  ICEFRAME_RETURN_NOT_OK(context.Check());
  return AnalyzeExpressions(std::move(table), query);
}

Result<QueryAnalysis> AnalyzeQuery(const OperationContext& context, const Query& query,
                                   const PlanPtr& plan) {
  ICEFRAME_ASSIGN_OR_RETURN(const QueryExpressions parsed, ParseTexts(ExpressionsOf(query)));
  QueryAnalysis analysis = Describe(query.source_name(), parsed);
  std::vector<const PlanNode*> scans;
  internal::AppendScans(*plan, &scans);
  const size_t hash = std::hash<std::string>()(CanonicalForm(plan));
  for (const PlanNode* node : scans) {
    const RelationSource* source = node->as<ScanNode>()->relation->source.get();
    const TableState* state = source == nullptr ? nullptr : source->table();
    if (state == nullptr) continue;
    ICEFRAME_ASSIGN_OR_RETURN(TableUse use, UseOf(*node, *state, parsed, scans.size() == 1));
    use.query = hash;
    ICEFRAME_ASSIGN_OR_RETURN(auto suggestions, AdviseOnTable(context, std::move(use)));
    std::ranges::move(suggestions, std::back_inserter(analysis.suggestions));
  }
  return analysis;
}

Json ToJson(const QueryAnalysis& analysis) {
  Json json = Json::Object();
  json.Add("table", Json::String(analysis.table));
  json.Add("has_filters", Json::Bool(analysis.has_filters));
  json.Add("has_aggregations", Json::Bool(analysis.has_aggregations));
  Json columns;
  if (analysis.columns) {
    columns = Json::Array();
    for (const std::string& column : *analysis.columns) columns.Append(Json::String(column));
  }
  json.Add("columns", std::move(columns));
  Json predicates = Json::Array();
  for (const PredicatePushdown& pushdown : analysis.predicates) {
    Json entry = Json::Object();
    entry.Add("predicate", Json::String(pushdown.predicate.ToString()));
    entry.Add("pushed", Json::Bool(pushdown.is_pushed));
    entry.Add("reason", Json::String(pushdown.reason));
    entry.Add("rewrite", pushdown.rewrite ? Json::String(pushdown.rewrite->ToString()) : Json());
    predicates.Append(std::move(entry));
  }
  json.Add("predicates", std::move(predicates));
  Json suggestions = Json::Array();
  for (const Suggestion& suggestion : analysis.suggestions) suggestions.Append(ToJson(suggestion));
  json.Add("suggestions", std::move(suggestions));
  return json;
}

}  // namespace iceframe
