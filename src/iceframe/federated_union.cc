// SPDX-License-Identifier: Apache-2.0
// Unions of a federation's tables: as one query, and read table by table at once.
#include <algorithm>
#include <utility>

#include <arrow/record_batch.h>
#include <arrow/table.h>

#include "iceframe/catalog_federation.h"
#include "iceframe/execution/query_execution.h"
#include "iceframe/execution/table_relation.h"
#include "iceframe/execution/table_resolver.h"
#include "iceframe/operation_kinds.h"
#include "iceframe/query/optimizer.h"
#include "iceframe/runtime/parallel_loop.h"
#include "iceframe/runtime/running_operation.h"
#include "iceframe/services/parallel_reads.h"

namespace iceframe {

namespace {

using Tables = std::vector<FederatedTable>;
using BatchReader = std::shared_ptr<arrow::RecordBatchReader>;

// A table and what its rows are read by.
struct Source {
  FederatedTable table;
  Query rows;
};

Result<Query> Unite(const std::vector<Source>& sources, const UnionTablesOptions& options) {
  UnionOptions by_name{.by_name = true,
                       .allow_missing_columns = true,
                       .by_field_id = options.by_field_id,
                       .last_columns = {}};
  for (const std::string& name : {options.catalog_column, options.table_column}) {
    if (!name.empty()) by_name.last_columns.push_back(name);
  }
  std::optional<Query> all;
  for (const auto& [table, rows] : sources) {
    std::vector<Expression> columns{Col("*")};
    if (!options.catalog_column.empty()) {
      columns.push_back(As(Lit(table.catalog), options.catalog_column));
    }
    if (!options.table_column.empty()) {
      columns.push_back(As(Lit(table.table), options.table_column));
    }
    // A select, since a column of that name must not be lost.
    const Query one = columns.size() > 1 ? rows.Select(std::move(columns)) : rows;
    all = all ? all->Union(one, by_name) : one;
  }
  if (!all) return Error(ErrorKind::kInvalidArgument, "a union needs at least one table");
  if (options.filter) all = all->Filter(*options.filter);
  if (options.columns) all = all->Select(*options.columns);
  return *std::move(all);
}

// A plan for each input of the union that `plan` makes something of, row by row.
Result<std::vector<PlanPtr>> PlansOfInputs(const PlanPtr& plan) {
  std::vector<PlanPtr> plans;
  if (const auto* node = plan->as<UnionNode>()) {
    for (size_t i = 0; i < plan->inputs.size(); ++i) {
      ICEFRAME_ASSIGN_OR_RETURN(
          PlanPtr one, MakePlan(UnionNode{node->columns, {node->sources[i]}}, {plan->inputs[i]}));
      plans.push_back(std::move(one));
    }
    return plans;
  }
  if (plan->as<ScanNode>() != nullptr) return std::vector<PlanPtr>{plan};
  if (plan->as<FilterNode>() == nullptr && plan->as<ProjectNode>() == nullptr) {
    return Error(ErrorKind::kInvalidArgument,
                 "columns of a union of tables are computed row by row, without aggregates and "
                 "windows: ",
                 DescribeOperation(*plan), "; use a query over the union");
  }
  ICEFRAME_ASSIGN_OR_RETURN(const auto inputs, PlansOfInputs(plan->inputs[0]));
  for (const PlanPtr& input : inputs) {
    ICEFRAME_ASSIGN_OR_RETURN(PlanPtr one, WithInputs(*plan, {input}));
    plans.push_back(std::move(one));
  }
  return plans;
}

// The optimized plan of each source.
Result<std::vector<PlanPtr>> PlansOf(const std::vector<Source>& sources,
                                     const UnionTablesOptions& options) {
  ICEFRAME_ASSIGN_OR_RETURN(const Query all, Unite(sources, options));
  TableResolver nothing([](const std::string& name) -> Result<std::shared_ptr<const Table>> {
    return Error(ErrorKind::kNotFound, "table does not exist: ", name);
  });
  ICEFRAME_ASSIGN_OR_RETURN(const PlanPtr plan, BindQuery(all, &nothing));
  ICEFRAME_ASSIGN_OR_RETURN(std::vector<PlanPtr> plans, PlansOfInputs(plan));
  for (PlanPtr& one : plans) {
    ICEFRAME_ASSIGN_OR_RETURN(one, Optimize(std::move(one), {}));
  }
  return plans;
}

// Whether the error says that a table can't be had, rather than that the call can't be meant.
bool IsOfTable(const Status& status) {
  const ErrorKind kind = KindOf(status);
  return kind != ErrorKind::kCancelled && kind != ErrorKind::kInvalidArgument &&
         kind != ErrorKind::kResourceExhausted;
}

// The reads of one union, table by table.
class UnionReading {
 public:
  UnionReading(Session* session, const OperationContext& context, const Tables& tables,
               const UnionReadOptions& how)
      : session_(session),
        context_(context),
        tables_(tables),
        how_(how),
        statuses_(tables.size(), Status::OK()) {}

  Result<UnionRows> Read(const UnionTablesOptions& options) {
    ICEFRAME_ASSIGN_OR_RETURN(const std::vector<Source> sources, Load());
    ICEFRAME_ASSIGN_OR_RETURN(const std::vector<PlanPtr> plans, PlansOf(sources, options));
    std::vector<ParallelRead> reads;
    for (size_t i = 0; i < plans.size(); ++i) reads.push_back(ReadOf(sources[i].table, plans[i]));
    ICEFRAME_ASSIGN_OR_RETURN(std::vector<ReadOutcome> outcomes,
                              ReadInParallel(context_, reads, {.max_parallel = how_.max_parallel}));
    std::vector<std::shared_ptr<arrow::Table>> parts;
    for (size_t i = 0; i < outcomes.size(); ++i) {
      const Status& status = outcomes[i].status();
      ICEFRAME_RETURN_NOT_OK(
          Note(there_[i], WithContext(status, "catalog", sources[i].table.catalog)));
      if (status.ok()) parts.push_back(*std::move(outcomes[i]));
    }
    return Put(std::move(parts));
  }

 private:
  // All tables as they are now.
  Result<std::vector<Source>> Load() {
    std::vector<Result<std::shared_ptr<const Relation>>> found(tables_.size(),
                                                               Status::Cancelled("not loaded"));
    const auto load = [&](int64_t index) {
      const auto i = static_cast<size_t>(index);
      found[i] = LoadOne(tables_[i]);
      // Others go on.
      return Status::OK();
    };
    ICEFRAME_RETURN_NOT_OK(RunParallelLoop(context_.executor->operations(),
                                           static_cast<int64_t>(tables_.size()), load,
                                           context_.cancel, how_.max_parallel));
    ICEFRAME_RETURN_NOT_OK(context_.Check());
    std::vector<Source> sources;
    for (size_t i = 0; i < found.size(); ++i) {
      ICEFRAME_RETURN_NOT_OK(Note(i, found[i].status()));
      if (!found[i].ok()) continue;
      sources.push_back({tables_[i], Query(*found[i])});
      there_.push_back(i);
    }
    if (sources.empty() && !statuses_.empty()) return statuses_.front();
    return sources;
  }

  Result<std::shared_ptr<const Relation>> LoadOne(const FederatedTable& table) const {
    ICEFRAME_ASSIGN_OR_RETURN_CONTEXT(auto loaded, session_->LoadTable(context_, table.ToString()),
                                      "table", table.ToString());
    ICEFRAME_ASSIGN_OR_RETURN(TableState state, ResolveTable(std::move(loaded), table.version));
    return MakeTableRelation(std::move(state), table.ToString());
  }

  ParallelRead ReadOf(const FederatedTable& table, const PlanPtr& plan) const {
    const std::string name = table.ToString();
    return {{"table", name}, [this, name, plan](const OperationContext& own) {
              return StreamOperation(own, kQueryOperation, {Session::FullTableName(name)},
                                     [&](const OperationContext& context) -> Result<BatchReader> {
                                       ICEFRAME_ASSIGN_OR_RETURN(auto rows,
                                                                 ExecutePlan(context, plan));
                                       if (how_.wrap_rows) return how_.wrap_rows(context, rows);
                                       return rows;
                                     });
            }};
  }

  // Returns the error unless it is only told of.
  Status Note(size_t index, const Status& status) {
    if (!status.ok() && (!how_.skip_failures || !IsOfTable(status))) return status;
    if (!status.ok()) statuses_[index] = status;
    return Status::OK();
  }

  Result<UnionRows> Put(std::vector<std::shared_ptr<arrow::Table>> parts) {
    UnionRows united;
    for (size_t i = 0; i < statuses_.size(); ++i) {
      if (!statuses_[i].ok()) united.failures.push_back({i, statuses_[i]});
    }
    if (parts.empty()) return united.failures.front().status;
    ICEFRAME_ASSIGN_OR_RETURN(united.rows, arrow::ConcatenateTables(parts));
    return united;
  }

  Session* const session_;
  const OperationContext& context_;
  const Tables& tables_;
  const UnionReadOptions& how_;
  std::vector<Status> statuses_;
  // Which of the tables the sources are.
  std::vector<size_t> there_;
};

}  // namespace

Result<Query> CatalogFederation::UnionOf(const Tables& tables, const UnionTablesOptions& options) {
  std::vector<Source> sources;
  for (const FederatedTable& table : tables) {
    sources.push_back({table, Query(table.ToString(), table.version)});
  }
  return Unite(sources, options);
}

Result<UnionRows> CatalogFederation::ReadUnion(const OperationContext& context,
                                               const Tables& tables,
                                               const UnionTablesOptions& options,
                                               const UnionReadOptions& how) const {
  return UnionReading(session_.get(), context, tables, how).Read(options);
}

}  // namespace iceframe
