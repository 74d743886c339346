// SPDX-License-Identifier: Apache-2.0
// Reads of a session: names become tables, requests plans.
#include "iceframe/execution/query_execution.h"
#include "iceframe/execution/table_resolver.h"
#include "iceframe/execution/table_statistics.h"
#include "iceframe/query/optimizer.h"
#include "iceframe/services/read_log.h"
#include "iceframe/session_impl_internal.h"

namespace iceframe {

using BatchReader = std::shared_ptr<arrow::RecordBatchReader>;

Result<BatchReader> Session::Impl::Scan(const OperationContext& context, std::string_view name,
                                        const ScanOptions& options) const {
  ICEFRAME_ASSIGN_OR_RETURN(auto table, LoadTable(context, name));
  return Scan(context, table, options);
}

Result<BatchReader> Session::Impl::Scan(const OperationContext& context,
                                        const std::shared_ptr<const Table>& table,
                                        const ScanOptions& options) const {
  ICEFRAME_ASSIGN_OR_RETURN(const PlanPtr plan, PlanScan(table, options));
  ReadLog::Process().AddPlan(plan, false);
  return ExecutePlan(context, plan);
}

Result<int64_t> Session::Impl::CountRows(const OperationContext& context,
                                         const std::shared_ptr<const Table>& table,
                                         const ScanOptions& options) const {
  return CountScan(context, table, options);
}

Result<Session::Impl::Bound> Session::Impl::Bind(const OperationContext& context,
                                                 const Query& query) const {
  TableResolver resolver([&](const std::string& name) { return LoadTable(context, name); });
  Bound bound;
  ICEFRAME_ASSIGN_OR_RETURN(bound.plan, BindQuery(query, &resolver));
  bound.states = resolver.states();
  return bound;
}

Result<PlanPtr> Session::Impl::Plan(const OperationContext& context, const Query& query,
                                    const QueryOptions& options) const {
  ICEFRAME_ASSIGN_OR_RETURN(Bound bound, Bind(context, query));
  const TableStatistics statistics(context);
  return Optimize(std::move(bound.plan), options.disabled_rules, nullptr, &statistics);
}

Result<BatchReader> Session::Impl::Execute(const OperationContext& context, const Query& query,
                                           const QueryOptions& options) const {
  if (options.cache) {
    ICEFRAME_ASSIGN_OR_RETURN(const Asked asked, Ask(context, query, options));
    return Answer(context, asked);
  }
  ICEFRAME_ASSIGN_OR_RETURN(const PlanPtr plan, Plan(context, query, options));
  ReadLog::Process().AddPlan(plan, false);
  return ExecutePlan(context, plan);
}

Result<Explanation> Session::Impl::Explain(const OperationContext& context, const Query& query,
                                           bool analyze, const QueryOptions& options) const {
  if (options.cache) return ExplainCached(context, query, analyze, options);
  ICEFRAME_ASSIGN_OR_RETURN(Bound bound, Bind(context, query));
  std::vector<RuleEffect> effects;
  const TableStatistics statistics(context);
  ICEFRAME_ASSIGN_OR_RETURN(
      const PlanPtr plan,
      Optimize(std::move(bound.plan), options.disabled_rules, &effects, &statistics));
  ICEFRAME_ASSIGN_OR_RETURN(Explanation explanation,
                            analyze ? AnalyzePlan(context, plan) : ExplainPlan(context, plan));
  AppendRules(effects, &explanation);
  return explanation;
}

Result<QueryAnalysis> Session::Impl::Analyze(const OperationContext& context,
                                             const Query& query) const {
  ICEFRAME_ASSIGN_OR_RETURN(const PlanPtr plan, Plan(context, query, {}));
  return AnalyzeQuery(context, query, plan);
}

Result<QueryAnalysis> Session::Impl::Analyze(const OperationContext& context,
                                             std::string_view table,
                                             const QueryExpressions& query) const {
  ICEFRAME_ASSIGN_OR_RETURN(auto loaded, LoadTable(context, table));
  ICEFRAME_ASSIGN_OR_RETURN(const TableState state, ResolveTable(std::move(loaded), {}));
  return AnalyzeOnTable(context, std::string(table), state, query);
}

}  // namespace iceframe
