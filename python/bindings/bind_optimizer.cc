// SPDX-License-Identifier: Apache-2.0
// Advice on queries, as JSON.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "iceframe/services/query_advisor.h"

#include "bindings.h"
#include "casters/result.h"
#include "engine_call.h"

namespace nb = nanobind;

namespace iceframe::python {

namespace {

using Expressions = std::vector<Expression>;

Result<std::string> Text(const Result<QueryAnalysis>& analysis) {
  ICEFRAME_RETURN_NOT_OK(analysis.status());
  return ToJson(*analysis).Dump();
}

// `session`: nullptr for a table of which a session of the process may know.
Result<std::string> AnalyzeExpressionsOf(Session* session, const std::string& table,
                                         Expressions select, Expressions filters,
                                         Expressions group_by) {
  const QueryExpressions query{std::move(select), std::move(filters), std::move(group_by)};
  const Operation operation =
      MakeOperation(session != nullptr ? session->NewOperation() : OperationContext());
  return Text(RunCall<QueryAnalysis>(operation, [&](CallerThread&) {
    return session != nullptr ? session->Analyze(operation.context, table, query)
                              : AnalyzeInProcess(operation.context, table, query);
  }));
}

Result<std::string> AnalyzeQueryOf(Session& session, const Query& query) {
  const Operation operation = MakeOperation(session.NewOperation());
  return Text(RunCall<QueryAnalysis>(
      operation, [&](CallerThread&) { return session.Analyze(operation.context, query); }));
}

Result<std::optional<std::vector<std::string>>> FindNeededColumns(Expressions select,
                                                                  Expressions filters,
                                                                  Expressions group_by) {
  const QueryExpressions query{std::move(select), std::move(filters), std::move(group_by)};
  ICEFRAME_ASSIGN_OR_RETURN(const QueryExpressions parsed, ParseTexts(query));
  return NeededColumns(parsed);
}

}  // namespace

void BindOptimizer(nb::module_& module) {
  module.def("analyze_expressions", &AnalyzeExpressionsOf, nb::arg("session").none(),
             nb::arg("table"), nb::arg("select"), nb::arg("filters"), nb::arg("group_by"),
             "The analysis as JSON; without a session, one that knows the table is looked for.");
  module.def("analyze_query", &AnalyzeQueryOf, nb::arg("session"), nb::arg("query"),
             "The analysis of a query as JSON.");
  module.def("needed_columns", &FindNeededColumns, nb::arg("select"), nb::arg("filters"),
             nb::arg("group_by"), "The columns that a query reads; None: all.");
}

}  // namespace iceframe::python
