// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <utility>
#include <vector>

#include <arrow/api.h>
#include <arrow/compute/api_scalar.h>
#include <arrow/compute/exec.h>
#include <arrow/compute/initialize.h>

#include "iceframe/format/metadata_columns.h"
#include "iceframe/maintenance/row_lineage_internal.h"

namespace iceframe::internal {

namespace {

constexpr FieldId kRowIdColumnId = 2147483540;
constexpr FieldId kLastUpdatedColumnId = 2147483539;
constexpr char kRowId[] = "_row_id";
constexpr char kLastUpdated[] = "_last_updated_sequence_number";

using ArrayPtr = std::shared_ptr<arrow::Array>;

Result<ArrayPtr> Call(const char* function, const std::vector<arrow::Datum>& arguments,
                      arrow::compute::ExecContext* exec) {
  ICEFRAME_ASSIGN_OR_RETURN(const arrow::Datum result,
                            arrow::compute::CallFunction(function, arguments, exec));
  return result.make_array();
}

}  // namespace

Result<std::shared_ptr<const Schema>> WithLineage(const Schema& schema, bool for_reading) {
  std::vector<NestedField> fields = schema.fields();
  for (const NestedField& field : fields) {
    if (field.name != kRowId && field.name != kLastUpdated && field.name != PosColumn().name) {
      continue;
    }
    return Error(ErrorKind::kUnsupported,
                 "rows with ids can't be rewritten in a table that has a column of its own called ",
                 field.name);
  }
  fields.push_back(NestedField::Optional(kRowIdColumnId, kRowId, Type::Long()));
  fields.push_back(NestedField::Optional(kLastUpdatedColumnId, kLastUpdated, Type::Long()));
  if (for_reading) fields.push_back(PosColumn());
  return Schema::Make(schema.schema_id(), std::move(fields), schema.identifier_field_ids());
}

Result<std::shared_ptr<arrow::RecordBatch>> FillLineage(
    const OperationContext& context, const std::shared_ptr<arrow::RecordBatch>& rows,
    const ScanTask& task) {
  ICEFRAME_RETURN_NOT_OK(arrow::compute::Initialize());
  arrow::compute::ExecContext exec(context.pool());
  exec.set_use_threads(false);
  const int num_columns = rows->num_columns();
  ArrayPtr row_ids = rows->column(num_columns - 3);
  // Files from before the table had ids have none: their rows get new ones.
  if (task.data_file.first_row_id) {
    const auto first = arrow::MakeScalar(*task.data_file.first_row_id);
    ICEFRAME_ASSIGN_OR_RETURN(const ArrayPtr inherited,
                              Call("add", {rows->column(num_columns - 1), first}, &exec));
    ICEFRAME_ASSIGN_OR_RETURN(row_ids, Call("coalesce", {row_ids, inherited}, &exec));
  }
  const auto sequence_number = arrow::MakeScalar(task.data_sequence_number.value());
  ICEFRAME_ASSIGN_OR_RETURN(
      const ArrayPtr updated,
      Call("coalesce", {rows->column(num_columns - 2), sequence_number}, &exec));
  std::vector<ArrayPtr> columns = rows->columns();
  std::vector<std::shared_ptr<arrow::Field>> fields = rows->schema()->fields();
  columns.pop_back();
  fields.pop_back();
  columns[columns.size() - 2] = std::move(row_ids);
  columns[columns.size() - 1] = updated;
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), rows->num_rows(),
                                  std::move(columns));
}

void DropLineageStatistics(DataFile* file) {
  for (const FieldId id : {kRowIdColumnId, kLastUpdatedColumnId}) {
    file->column_sizes.erase(id);
    file->value_counts.erase(id);
    file->null_value_counts.erase(id);
    file->nan_value_counts.erase(id);
    file->lower_bounds.erase(id);
    file->upper_bounds.erase(id);
  }
}

}  // namespace iceframe::internal
