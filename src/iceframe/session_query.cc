// SPDX-License-Identifier: Apache-2.0
// Queries of a session: tables found, plans made, run and explained.
#include <utility>

#include "iceframe/execution/query_execution.h"
#include "iceframe/execution/table_relation.h"
#include "iceframe/query/optimizer.h"
#include "iceframe/session_impl_internal.h"

namespace iceframe::internal {

namespace {

// Loads each table once per query, so that all its uses see one state.
class SessionResolver final : public RelationResolver {
 public:
  SessionResolver(const OperationContext& context, SessionImpl* session)
      : context_(context), session_(session) {}

  Result<std::shared_ptr<const Relation>> Resolve(const RelationName& name) override {
    auto [entry, is_new] = tables_.try_emplace(name.name);
    if (is_new) {
      ICEFRAME_ASSIGN_OR_RETURN(entry->second, session_->LoadTable(context_, name.name));
    }
    return TableRelation::Make(entry->second, name);
  }

 private:
  const OperationContext& context_;
  SessionImpl* session_;
  std::map<std::string, std::shared_ptr<const Table>> tables_;
};

}  // namespace

Result<PlanPtr> SessionImpl::Plan(const OperationContext& context, const Query& query,
                                  const QueryOptions& options) {
  SessionResolver resolver(context, this);
  ICEFRAME_ASSIGN_OR_RETURN(PlanPtr plan, BindQuery(query, &resolver));
  return Optimize(std::move(plan), options.disabled_rules);
}

Result<std::shared_ptr<arrow::RecordBatchReader>> SessionImpl::Execute(
    const OperationContext& context, const Query& query, const QueryOptions& options) {
  ICEFRAME_ASSIGN_OR_RETURN(PlanPtr plan, Plan(context, query, options));
  return ExecutePlan(context, plan);
}

Result<Explanation> SessionImpl::Explain(const OperationContext& context, const Query& query,
                                         bool analyze, const QueryOptions& options) {
  ICEFRAME_ASSIGN_OR_RETURN(PlanPtr plan, Plan(context, query, options));
  return analyze ? AnalyzePlan(context, plan) : ExplainPlan(context, plan);
}

}  // namespace iceframe::internal
