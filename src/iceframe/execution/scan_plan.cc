// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/scan_plan.h"

#include <algorithm>
#include <utility>

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include "iceframe/execution/query_execution.h"
#include "iceframe/execution/table_relation.h"
#include "iceframe/expression/aggregate_catalogue.h"
#include "iceframe/expression/binder.h"
#include "iceframe/format/metadata_columns.h"
#include "iceframe/planning/column_selection.h"
#include "iceframe/query/optimizer.h"

namespace iceframe {

namespace {

// The table's columns, and the metadata columns that the options name.
Result<std::shared_ptr<const Schema>> ColumnsInReach(const TableState& state,
                                                     const ScanOptions& options) {
  if (options.appended) return state.schema;
  std::vector<std::string> names = ReferencedColumns(options.rows.filter);
  if (options.columns) names.insert(names.end(), options.columns->begin(), options.columns->end());
  return WithMetadataColumns(*state.table->metadata(), state.schema, names,
                             options.rows.case_sensitive);
}

Result<Expression> BindTo(const Schema& schema, const RowRequest& rows) {
  Expression bound = rows.filter;
  if (!bound.is_bound()) {
    ICEFRAME_ASSIGN_OR_RETURN(bound, BindPredicate(rows.filter, schema, rows.case_sensitive));
  }
  return SimplifyFilter(bound);
}

}  // namespace

Result<Expression> BindTableFilter(const TableState& state, const RowRequest& rows) {
  ScanOptions options;
  options.rows = rows;
  ICEFRAME_ASSIGN_OR_RETURN(const auto columns, ColumnsInReach(state, options));
  return BindTo(*columns, rows);
}

Result<PlanPtr> PlanScan(std::shared_ptr<const Table> table, const ScanOptions& options) {
  const RowRequest& rows = options.rows;
  ICEFRAME_RETURN_NOT_OK(Check(options.delivery));
  if (rows.limit && *rows.limit < 0) {
    return Error(ErrorKind::kInvalidArgument, "limit must not be negative: ", *rows.limit);
  }
  ICEFRAME_ASSIGN_OR_RETURN(const TableState state, ResolveTable(table, options.version));
  ScanNode scan;
  ICEFRAME_ASSIGN_OR_RETURN(scan.columns, ColumnsInReach(state, options));
  std::shared_ptr<const Schema> selected = state.schema;
  if (options.columns) {
    ICEFRAME_ASSIGN_OR_RETURN(selected,
                              SelectColumns(*scan.columns, *options.columns, rows.case_sensitive));
  }
  ICEFRAME_ASSIGN_OR_RETURN(scan.filter, BindTo(*scan.columns, rows));
  scan.limit = rows.limit;
  scan.delivery = options.delivery;
  const std::string name = table->identifier().ToString();
  scan.relation = options.appended ? MakeAppendedRelation(state, *options.appended, name)
                                   : MakeTableRelation(state, name);
  return MakeScan(std::move(scan), std::move(selected));
}

Result<PlanPtr> PlanCount(std::shared_ptr<const Table> table, const ScanOptions& options) {
  ScanOptions counted = options;
  counted.columns.emplace();
  counted.rows.limit.reset();
  counted.delivery.ordered = false;
  ICEFRAME_ASSIGN_OR_RETURN(PlanPtr scan, PlanScan(std::move(table), counted));
  AggregateNode count;
  ICEFRAME_ASSIGN_OR_RETURN(Expression call, BindAggregate(Function("count", {}), *scan->schema));
  count.calls.push_back({NestedField::Optional(1, "num_rows", call.type()), std::move(call)});
  ICEFRAME_ASSIGN_OR_RETURN(PlanPtr plan, MakePlan(std::move(count), {std::move(scan)}));
  return Optimize(std::move(plan), {});
}

Result<int64_t> CountScan(const OperationContext& context, std::shared_ptr<const Table> table,
                          const ScanOptions& options) {
  const std::optional<int64_t> limit = options.rows.limit;
  if (limit && *limit < 0) {
    return Error(ErrorKind::kInvalidArgument, "limit must not be negative: ", *limit);
  }
  ICEFRAME_ASSIGN_OR_RETURN(const PlanPtr plan, PlanCount(std::move(table), options));
  ICEFRAME_ASSIGN_OR_RETURN(const auto reader, ExecutePlan(context, plan));
  std::shared_ptr<arrow::RecordBatch> batch;
  ICEFRAME_RETURN_NOT_OK(reader->ReadNext(&batch));
  const int64_t count = static_cast<const arrow::Int64Array&>(*batch->column(0)).Value(0);
  return limit ? std::min(count, *limit) : count;
}

}  // namespace iceframe
