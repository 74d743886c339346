// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/compute/api.h>
#include <arrow/record_batch.h>

#include "iceframe/execution/files_relation_internal.h"
#include "iceframe/execution/query_execution.h"
#include "iceframe/execution/row_difference_internal.h"
#include "iceframe/execution/table_resolver.h"
#include "iceframe/query/optimizer.h"
#include "iceframe/query/query.h"
#include "iceframe/runtime/batch_bytes.h"
#include "iceframe/types/offset_reach.h"

namespace iceframe::internal {

namespace {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

constexpr int64_t kRowsPerBatch = 64 * 1024;

// A name that none of the columns has.
std::string NameOfCount(const Schema& schema) {
  std::string name = "_count";
  while (std::ranges::count(schema.fields(), name, &NestedField::name) != 0) name += "_";
  return name;
}

// Each distinct row with how many more of it came than went, where these are not equally many.
Result<PlanPtr> PlanDifference(const TableState& state, FileDifference files,
                               const std::string& count) {
  const auto side = [&](std::vector<ManifestEntry> entries, int64_t sign) {
    return Query(MakeFilesRelation(state, std::move(entries))).WithColumn(count, Lit(sign));
  };
  std::vector<Expression> keys;
  for (const NestedField& field : state.schema->fields()) keys.push_back(Col(field.name));
  std::vector<Expression> columns = keys;
  columns.push_back(As(Function("sum", {Col(count)}), count));
  const Query query = side(std::move(files.added), 1)
                          .Union(side(std::move(files.removed), -1))
                          .GroupBy(std::move(keys))
                          .Select(std::move(columns))
                          .Filter(NotEqual(Col(count), Lit(int64_t{0})));
  TableResolver no_tables([](const std::string& name) -> Result<std::shared_ptr<const Table>> {
    return Error(ErrorKind::kNotFound, "a difference names no tables: ", name);
  });
  ICEFRAME_ASSIGN_OR_RETURN(PlanPtr plan, BindQuery(query, &no_tables));
  return Optimize(std::move(plan));
}

Result<BatchPtr> TakeRows(const OperationContext& context, const BatchPtr& batch,
                          const std::shared_ptr<arrow::Array>& rows) {
  arrow::compute::ExecContext exec(context.pool());
  ICEFRAME_ASSIGN_OR_RETURN(
      const arrow::Datum taken,
      arrow::compute::Take(batch, rows, arrow::compute::TakeOptions::Defaults(), &exec));
  return taken.record_batch();
}

// Adds the rows whose count has that sign, each as often as it counts.
Status AddRows(const OperationContext& context, const BatchPtr& rows,
               const arrow::Int64Array& counts, int64_t sign, Batches* out) {
  ICEFRAME_ASSIGN_OR_RETURN(const int64_t max_bytes, BatchBytes(context));
  const GatherLimit limit(rows->columns(), max_bytes);
  arrow::UInt64Builder builder(context.pool());
  const auto flush = [&]() -> Status {
    ICEFRAME_RETURN_NOT_OK(context.Check());
    std::shared_ptr<arrow::Array> positions;
    ICEFRAME_RETURN_NOT_OK(builder.Finish(&positions));
    while (positions->length() > 0) {
      const int64_t fitting = limit.NumFitting(*positions, positions->length());
      ICEFRAME_ASSIGN_OR_RETURN(BatchPtr batch,
                                TakeRows(context, rows, positions->Slice(0, fitting)));
      out->batches.push_back(std::move(batch));
      positions = positions->Slice(fitting);
    }
    return Status::OK();
  };
  for (int64_t i = 0; i < rows->num_rows(); ++i) {
    for (int64_t left = counts.Value(i) * sign; left > 0; --left) {
      ICEFRAME_RETURN_NOT_OK(builder.Append(static_cast<uint64_t>(i)));
      if (builder.length() == kRowsPerBatch) ICEFRAME_RETURN_NOT_OK(flush());
    }
  }
  return flush();
}

}  // namespace

Result<RowDifference> CompareRows(const OperationContext& context, const TableState& state,
                                  FileDifference files) {
  const std::string count = NameOfCount(*state.schema);
  ICEFRAME_ASSIGN_OR_RETURN(const PlanPtr plan, PlanDifference(state, std::move(files), count));
  ICEFRAME_ASSIGN_OR_RETURN(const auto reader, ExecutePlan(context, plan));
  const int last = reader->schema()->num_fields() - 1;
  RowDifference difference;
  ICEFRAME_ASSIGN_OR_RETURN(difference.added.schema, reader->schema()->RemoveField(last));
  difference.removed.schema = difference.added.schema;
  while (true) {
    BatchPtr batch;
    ICEFRAME_RETURN_NOT_OK(reader->ReadNext(&batch));
    if (batch == nullptr) return difference;
    const auto counts = std::static_pointer_cast<arrow::Int64Array>(batch->column(last));
    ICEFRAME_ASSIGN_OR_RETURN(const BatchPtr rows, batch->RemoveColumn(last));
    ICEFRAME_RETURN_NOT_OK(AddRows(context, rows, *counts, 1, &difference.added));
    ICEFRAME_RETURN_NOT_OK(AddRows(context, rows, *counts, -1, &difference.removed));
  }
}

}  // namespace iceframe::internal
