// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <utility>

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include "iceframe/execution/wanted_rows_internal.h"
#include "iceframe/expression/binder.h"
#include "iceframe/expression/evaluate.h"
#include "iceframe/types/arrow_schema.h"

namespace iceframe::internal {

namespace {

constexpr size_t kMaxText = 80;

}  // namespace

Result<WantedRows> WantedRows::Make(const Expression& predicate, const Schema& schema) {
  WantedRows rows;
  rows.text_ = predicate.ToString();
  ICEFRAME_ASSIGN_OR_RETURN(rows.predicate_, BindPredicate(predicate, schema));
  ICEFRAME_ASSIGN_OR_RETURN(rows.arrow_schema_, ToArrowSchema(schema, /*with_field_ids=*/true));
  rows.columns_ = schema.Select(ReferencedFieldIds(rows.predicate_));
  return rows;
}

Status WantedRows::Check(const arrow::RecordBatch& batch, int64_t first_row,
                         arrow::MemoryPool* pool) const {
  if (predicate_.is_true()) return Status::OK();
  const auto with_ids = arrow::RecordBatch::Make(arrow_schema_, batch.num_rows(), batch.columns());
  ICEFRAME_ASSIGN_OR_RETURN(const auto mask, EvaluateFilter(predicate_, *with_ids, pool));
  if (mask->true_count() == batch.num_rows()) return Status::OK();
  int64_t row = 0;
  while (mask->Value(row)) ++row;
  std::string values;
  for (const NestedField& field : columns_->fields()) {
    ICEFRAME_ASSIGN_OR_RETURN(const auto value, batch.GetColumnByName(field.name)->GetScalar(row));
    values += (values.empty() ? "" : ", ") + field.name + " = " +
              (value->is_valid ? value->ToString().substr(0, kMaxText) : "null");
  }
  return Error(ErrorKind::kInvalidArgument, "a row is outside of the overwrite's filter: row ",
               first_row + row, " has ", values, ", the filter is ", text_,
               "; correct it, or allow rows outside of the filter");
}

}  // namespace iceframe::internal
