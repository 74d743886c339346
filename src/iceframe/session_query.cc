// SPDX-License-Identifier: Apache-2.0
// Queries of a session: tables found, plans made, run and explained.
#include <algorithm>
#include <utility>

#include <arrow/array.h>
#include <arrow/record_batch.h>

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
    return MakeTableRelation(entry->second, name);
  }

 private:
  const OperationContext& context_;
  SessionImpl* session_;
  std::map<std::string, std::shared_ptr<const Table>> tables_;
};

// Gives one loaded table whatever the name is.
class OneTableResolver final : public RelationResolver {
 public:
  explicit OneTableResolver(std::shared_ptr<const Table> table) : table_(std::move(table)) {}

  Result<std::shared_ptr<const Relation>> Resolve(const RelationName& name) override {
    return MakeTableRelation(table_, name);
  }

 private:
  std::shared_ptr<const Table> table_;
};

// Names that differ in case have no form in a query: their rows are read.
Result<int64_t> CountRead(const OperationContext& context, SessionImpl& session,
                          const std::shared_ptr<const Table>& table, ScanOptions options) {
  options.columns.emplace();
  options.ordered = false;
  ICEFRAME_ASSIGN_OR_RETURN(auto reader, session.Scan(context, table, options));
  int64_t count = 0;
  std::shared_ptr<arrow::RecordBatch> batch;
  do {
    ICEFRAME_RETURN_NOT_OK(reader->ReadNext(&batch));
    if (batch != nullptr) count += batch->num_rows();
  } while (batch != nullptr);
  return count;
}

}  // namespace

Result<PlanPtr> SessionImpl::Plan(const OperationContext& context, const Query& query,
                                  const QueryOptions& options) {
  SessionResolver resolver(context, this);
  ICEFRAME_ASSIGN_OR_RETURN(PlanPtr plan, BindQuery(query, &resolver));
  return Optimize(std::move(plan), options.disabled_rules);
}

Result<std::shared_ptr<arrow::RecordBatchReader>> SessionImpl::DoExecute(
    const OperationContext& context, const Query& query, const QueryOptions& options) {
  ICEFRAME_ASSIGN_OR_RETURN(PlanPtr plan, Plan(context, query, options));
  return ExecutePlan(context, plan);
}

Result<int64_t> SessionImpl::DoCountRows(const OperationContext& context,
                                         const std::shared_ptr<const Table>& table,
                                         const ScanOptions& options) {
  if (options.limit && *options.limit < 0) {
    return Error(ErrorKind::kInvalidArgument, "limit must not be negative: ", *options.limit);
  }
  if (!options.case_sensitive) return CountRead(context, *this, table, options);
  Query query(table->identifier().ToString(), options.version);
  if (!options.filter.is_true()) query = query.Filter(options.filter);
  query = query.Select({"count(*) AS num_rows"});
  OneTableResolver resolver(table);
  ICEFRAME_ASSIGN_OR_RETURN(PlanPtr plan, BindQuery(query, &resolver));
  ICEFRAME_ASSIGN_OR_RETURN(plan, Optimize(std::move(plan), {}));
  ICEFRAME_ASSIGN_OR_RETURN(auto reader, ExecutePlan(context, plan));
  std::shared_ptr<arrow::RecordBatch> batch;
  ICEFRAME_RETURN_NOT_OK(reader->ReadNext(&batch));
  const int64_t count = static_cast<const arrow::Int64Array&>(*batch->column(0)).Value(0);
  return options.limit ? std::min(count, *options.limit) : count;
}

Result<Explanation> SessionImpl::DoExplain(const OperationContext& context, const Query& query,
                                           bool analyze, const QueryOptions& options) {
  ICEFRAME_ASSIGN_OR_RETURN(PlanPtr plan, Plan(context, query, options));
  return analyze ? AnalyzePlan(context, plan) : ExplainPlan(context, plan);
}

}  // namespace iceframe::internal
