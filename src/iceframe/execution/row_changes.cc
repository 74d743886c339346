// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/row_changes.h"

#include <algorithm>
#include <utility>

#include <arrow/record_batch.h>

#include "iceframe/execution/query_execution.h"
#include "iceframe/execution/row_difference_internal.h"
#include "iceframe/execution/rows_relation.h"
#include "iceframe/execution/table_resolver.h"
#include "iceframe/planning/column_selection.h"
#include "iceframe/query/optimizer.h"
#include "iceframe/runtime/running_operation.h"
#include "iceframe/table/snapshot_ancestry.h"
#include "iceframe/table/snapshot_changes.h"

namespace iceframe {

namespace {

using arrow::RecordBatchVector;

Result<RecordBatchVector> Run(const OperationContext& context, const Query& query) {
  TableResolver no_tables([](const std::string& name) -> Result<std::shared_ptr<const Table>> {
    return Error(ErrorKind::kNotFound, "changes name no tables: ", name);
  });
  ICEFRAME_ASSIGN_OR_RETURN(PlanPtr plan, BindQuery(query, &no_tables));
  ICEFRAME_ASSIGN_OR_RETURN(plan, Optimize(std::move(plan)));
  ICEFRAME_ASSIGN_OR_RETURN(const auto reader, ExecutePlan(context, plan));
  RecordBatchVector batches;
  while (true) {
    std::shared_ptr<arrow::RecordBatch> batch;
    ICEFRAME_RETURN_NOT_OK(reader->ReadNext(&batch));
    if (batch == nullptr) return batches;
    batches.push_back(std::move(batch));
  }
}

Result<Query> Over(const internal::Batches& rows, const std::shared_ptr<const Schema>& columns) {
  RowsInMemory in_memory;
  in_memory.schema = rows.schema;
  in_memory.batches = rows.batches;
  in_memory.columns = columns;
  ICEFRAME_ASSIGN_OR_RETURN(auto relation, MakeRowsRelation(std::move(in_memory)));
  return Query(std::move(relation));
}

Status CheckKeysAreUnique(const OperationContext& context, const Query& rows,
                          const std::vector<std::string>& keys) {
  std::vector<Expression> columns;
  columns.reserve(keys.size() + 1);
  for (const std::string& key : keys) columns.push_back(Col(key));
  const std::vector<Expression> groups = columns;
  const Expression count = Function("count", {});
  columns = {As(count, "num_rows")};
  ICEFRAME_ASSIGN_OR_RETURN(const RecordBatchVector shared,
                            Run(context, rows.GroupBy(groups)
                                             .Select(std::move(columns))
                                             .Filter(Greater(Col("num_rows"), Lit(int64_t{1})))
                                             .Limit(1)));
  if (shared.empty()) return Status::OK();
  std::string names;
  for (const std::string& key : keys) names += (names.empty() ? "" : ", ") + key;
  return Error(ErrorKind::kInvalidArgument,
               "primary keys must tell rows apart, but several changed rows share one: ", names);
}

// Finds the keys that went with one row and came with another.
Result<RowChanges> PairByKeys(const OperationContext& context, const internal::RowDifference& rows,
                              const std::shared_ptr<const Schema>& columns,
                              const std::vector<std::string>& keys) {
  ICEFRAME_ASSIGN_OR_RETURN(const Query added, Over(rows.added, columns));
  ICEFRAME_ASSIGN_OR_RETURN(const Query removed, Over(rows.removed, columns));
  ICEFRAME_RETURN_NOT_OK(CheckKeysAreUnique(context, added, keys));
  ICEFRAME_RETURN_NOT_OK(CheckKeysAreUnique(context, removed, keys));
  const JoinOn on{keys, keys};
  RowChanges changes;
  changes.schema = rows.added.schema;
  ICEFRAME_ASSIGN_OR_RETURN(changes.added, Run(context, added.Join(removed, on, JoinKind::kAnti)));
  ICEFRAME_ASSIGN_OR_RETURN(changes.deleted,
                            Run(context, removed.Join(added, on, JoinKind::kAnti)));
  ICEFRAME_ASSIGN_OR_RETURN(changes.modified,
                            Run(context, added.Join(removed, on, JoinKind::kSemi)));
  return changes;
}

Result<RowChanges> Read(const OperationContext& context, const std::shared_ptr<const Table>& table,
                        const RowChangesOptions& options) {
  const TableMetadata& metadata = *table->metadata();
  TableVersion version;
  version.snapshot_id = options.to;
  ICEFRAME_ASSIGN_OR_RETURN(TableState state, ResolveTable(table, version));
  const Snapshot* from = nullptr;
  if (options.from) {
    ICEFRAME_ASSIGN_OR_RETURN(from, FindKeptSnapshot(metadata, *options.from));
  }
  if (options.columns) {
    ICEFRAME_ASSIGN_OR_RETURN(state.schema, SelectColumns(*state.schema, *options.columns));
  }
  // Says which key is no column.
  ICEFRAME_RETURN_NOT_OK(SelectColumns(*state.schema, options.keys).status());
  ICEFRAME_ASSIGN_OR_RETURN(FileDifference files, CompareSnapshots(context, *table->io(), metadata,
                                                                   from, state.snapshot));
  ICEFRAME_ASSIGN_OR_RETURN(internal::RowDifference rows,
                            internal::CompareRows(context, state, std::move(files)));
  if (!options.keys.empty()) return PairByKeys(context, rows, state.schema, options.keys);
  return RowChanges{
      rows.added.schema, std::move(rows.added.batches), std::move(rows.removed.batches), {}};
}

}  // namespace

Result<RowChanges> ReadRowChanges(const OperationContext& context,
                                  const std::shared_ptr<const Table>& table,
                                  const RowChangesOptions& options) {
  return RunOperation(context, kReadChangesOperation, {table->identifier().ToString()},
                      [&](const OperationContext& own) { return Read(own, table, options); });
}

}  // namespace iceframe
