// SPDX-License-Identifier: Apache-2.0
#include "text_views.h"

#include <utility>

#include <arrow/array.h>
#include <arrow/compute/cast.h>
#include <arrow/compute/exec.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "iceframe/base/result.h"

namespace iceframe::python {

namespace {

std::shared_ptr<arrow::DataType> ViewOf(const std::shared_ptr<arrow::DataType>& type) {
  switch (type->id()) {
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
      return arrow::utf8_view();
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_BINARY:
      return arrow::binary_view();
    default:
      return type;
  }
}

std::shared_ptr<arrow::Schema> WithViews(const arrow::Schema& schema) {
  arrow::FieldVector fields;
  for (const auto& field : schema.fields())
    fields.push_back(field->WithType(ViewOf(field->type())));
  return arrow::schema(std::move(fields), schema.metadata());
}

class ViewReader final : public arrow::RecordBatchReader {
 public:
  ViewReader(std::shared_ptr<MemoryBudget> memory, std::shared_ptr<arrow::RecordBatchReader> rows)
      : memory_(std::move(memory)), rows_(std::move(rows)), schema_(WithViews(*rows_->schema())) {}

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    ICEFRAME_RETURN_NOT_OK(rows_->ReadNext(batch));
    if (*batch == nullptr) return Status::OK();
    arrow::compute::ExecContext exec(memory_->pool());
    arrow::ArrayVector columns = (*batch)->columns();
    for (int i = 0; i < schema_->num_fields(); ++i) {
      auto& column = columns[static_cast<size_t>(i)];
      const auto& type = schema_->field(i)->type();
      if (column->type_id() == type->id()) continue;
      ICEFRAME_ASSIGN_OR_RETURN(
          const arrow::Datum views,
          arrow::compute::Cast(column, type, arrow::compute::CastOptions::Safe(), &exec));
      column = views.make_array();
    }
    *batch = arrow::RecordBatch::Make(schema_, (*batch)->num_rows(), std::move(columns));
    return Status::OK();
  }

  Status Close() override { return rows_->Close(); }

 private:
  const std::shared_ptr<MemoryBudget> memory_;
  const std::shared_ptr<arrow::RecordBatchReader> rows_;
  const std::shared_ptr<arrow::Schema> schema_;
};

}  // namespace

std::shared_ptr<arrow::RecordBatchReader> WithTextViews(
    const OperationContext& context, std::shared_ptr<arrow::RecordBatchReader> rows) {
  return std::make_shared<ViewReader>(context.memory, std::move(rows));
}

}  // namespace iceframe::python
