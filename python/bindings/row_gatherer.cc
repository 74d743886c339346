// SPDX-License-Identifier: Apache-2.0
#include "row_gatherer.h"

#include <utility>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "iceframe/types/arrow_schema.h"

namespace iceframe::python {

Result<std::unique_ptr<RowGatherer>> RowGatherer::Make(std::shared_ptr<const Schema> schema,
                                                       arrow::MemoryPool* pool) {
  std::unique_ptr<RowGatherer> gatherer(new RowGatherer());
  ICEFRAME_ASSIGN_OR_RETURN(gatherer->arrow_schema_, ToArrowSchema(*schema));
  gatherer->place_.classes = PythonClasses::Load();
  gatherer->place_.pool = pool;
  const NestedField row = NestedField::Required(0, "", Type::Struct(schema->fields()));
  ICEFRAME_ASSIGN_OR_RETURN(gatherer->rows_, StructBuilder::Make(row, "", &gatherer->place_));
  gatherer->schema_ = std::move(schema);
  return gatherer;
}

Status RowGatherer::Append(PyObject* row) {
  const Status appended = rows_->AppendRow(row);
  if (appended.ok()) {
    ++num_rows_;
    return appended;
  }
  // Some columns have a value of the refused row, others don't: all end with the row before it.
  place_.depth = 0;
  ICEFRAME_ASSIGN_OR_RETURN(auto whole, Finish());
  finished_ = std::move(whole);
  if (finished_ != nullptr) num_rows_ = finished_->num_rows();
  return appended;
}

Result<std::shared_ptr<arrow::RecordBatch>> RowGatherer::Finish() {
  ICEFRAME_ASSIGN_OR_RETURN(auto data, rows_->Finish());
  place_.num_bytes = 0;
  auto earlier = std::move(finished_);
  finished_ = nullptr;
  const int64_t num_new = num_rows_ - (earlier == nullptr ? 0 : earlier->num_rows());
  num_rows_ = 0;
  if (num_new == 0) return earlier;
  for (auto& column : data->child_data) column = column->Slice(0, num_new);
  auto rows = arrow::RecordBatch::Make(arrow_schema_, num_new, std::move(data->child_data));
  if (earlier == nullptr) return rows;
  return arrow::ConcatenateRecordBatches({std::move(earlier), std::move(rows)}, place_.pool);
}

}  // namespace iceframe::python
