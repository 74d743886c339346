// SPDX-License-Identifier: Apache-2.0
// Advice on a query: what it reads, what skips for it, and what would make it cheaper.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "iceframe/base/json.h"
#include "iceframe/base/result.h"
#include "iceframe/query/predicate_pushdown.h"
#include "iceframe/query/query.h"
#include "iceframe/query/query_expressions.h"
#include "iceframe/runtime/operation_context.h"
#include "iceframe/services/suggestion.h"
#include "iceframe/table/table.h"

namespace iceframe {

struct QueryAnalysis {
  /// As the caller named it.
  std::string table;
  bool has_filters = false;
  bool has_aggregations = false;
  /// All that the query reads, those within filters and aggregates included; nullopt: all columns.
  std::optional<std::vector<std::string>> columns;
  std::vector<PredicatePushdown> predicates;
  std::vector<Suggestion> suggestions;
};

/// What a query reads of one table.
struct TableUse {
  TableState state;
  /// Bound to the state's schema and simplified.
  Expression filter;
  /// The parts of the query's filters that are about this table, unbound, as they were written.
  std::vector<Expression> predicates;
  /// Top-level columns that are read for more than the filter; nullopt: all, since all come out.
  std::optional<std::set<FieldId>> columns;
  /// Those that are only counted where they are not null.
  std::set<FieldId> counted_columns;
  /// Equal for equal queries, as ReadLog has it; nullopt: known by filter and columns alone.
  std::optional<size_t> query;
};

/// Returns what the expressions of a query alone tell, with advice for a table of which nothing is
/// known. Errors: InvalidArgument for text that is no SQL.
Result<QueryAnalysis> AnalyzeExpressions(std::string table, const QueryExpressions& query);

/// Returns advice from the table as it is: its manifests are read, no data file is opened. Empty if
/// there is nothing to improve. Reads that are remembered (read_log.h) count as well as the query.
/// Errors: InvalidArgument (a property of the table); those of reading manifests.
Result<std::vector<Suggestion>> AdviseOnTable(const OperationContext& context, TableUse use);

/// As AnalyzeExpressions, with the advice of AdviseOnTable on a table in that state.
/// Errors: InvalidArgument naming an unknown column, too.
Result<QueryAnalysis> AnalyzeOnTable(const OperationContext& context, std::string table,
                                     const TableState& state, const QueryExpressions& query);

/// As AnalyzeOnTable if a session of the process knows the table (of several, the newest one that
/// does) and the expressions fit it, with the columns to read if they are not all; else
/// AnalyzeExpressions. Errors: InvalidArgument for text that is no SQL.
Result<QueryAnalysis> AnalyzeInProcess(const OperationContext& context, std::string table,
                                       const QueryExpressions& query);

/// As AnalyzeOnTable, for a query of any steps: advice on each of its tables. `plan` is what it was
/// optimized to. Errors: as AdviseOnTable.
Result<QueryAnalysis> AnalyzeQuery(const OperationContext& context, const Query& query,
                                   const PlanPtr& plan);

Json ToJson(const QueryAnalysis& analysis);

}  // namespace iceframe
