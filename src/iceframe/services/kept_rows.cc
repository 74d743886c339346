// SPDX-License-Identifier: Apache-2.0
#include "iceframe/services/kept_rows.h"

#include <string>
#include <utility>

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/byte_size.h>

#include "iceframe/types/view_array.h"

namespace iceframe {

namespace {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

// Batches are put together up to this: each costs its reader something.
constexpr int64_t kMaxBatchBytes = int64_t{16} << 20;

// A column of all batches, copied, text as views.
Result<std::shared_ptr<arrow::Array>> KeepColumn(const arrow::RecordBatchVector& batches, int i,
                                                 arrow::MemoryPool* pool) {
  arrow::ArrayVector chunks;
  for (const BatchPtr& batch : batches) chunks.push_back(batch->column(i));
  // Of one array there would be no copy.
  if (chunks.size() == 1) chunks.push_back(chunks[0]->Slice(0, 0));
  ICEFRAME_ASSIGN_OR_RETURN(auto column, arrow::Concatenate(chunks, pool));
  return ToViews(column, pool);
}

Status KeepBatch(const std::shared_ptr<arrow::Schema>& schema,
                 const arrow::RecordBatchVector& batches, arrow::MemoryPool* pool, KeptRows* kept) {
  int64_t num_rows = 0;
  for (const BatchPtr& batch : batches) num_rows += batch->num_rows();
  arrow::ArrayVector columns;
  for (int i = 0; i < schema->num_fields(); ++i) {
    ICEFRAME_ASSIGN_OR_RETURN(auto column, KeepColumn(batches, i, pool));
    columns.push_back(std::move(column));
  }
  const auto view_schema = ViewSchemaOf(*schema);
  kept->batches.push_back(arrow::RecordBatch::Make(view_schema, num_rows, std::move(columns)));
  kept->num_rows += num_rows;
  kept->num_bytes += arrow::util::TotalBufferSize(*kept->batches.back());
  return Status::OK();
}

class KeptRowsReader final : public arrow::RecordBatchReader {
 public:
  KeptRowsReader(OperationContext context, std::shared_ptr<const KeptRows> rows, bool as_views)
      : context_(std::move(context)), rows_(std::move(rows)), as_views_(as_views) {
    schema_ = as_views ? ViewSchemaOf(*rows_->schema) : rows_->schema;
  }

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  Status ReadNext(BatchPtr* batch) override {
    batch->reset();
    ICEFRAME_RETURN_NOT_OK(context_.Check());
    if (rows_ == nullptr || next_ == rows_->batches.size()) return Close();
    const BatchPtr& kept = rows_->batches[next_++];
    if (as_views_) {
      *batch = kept;
      return Status::OK();
    }
    arrow::ArrayVector columns;
    for (int i = 0; i < kept->num_columns(); ++i) {
      ICEFRAME_ASSIGN_OR_RETURN(
          auto column, FromViews(kept->column(i), schema_->field(i)->type(), context_.pool()));
      columns.push_back(std::move(column));
    }
    *batch = arrow::RecordBatch::Make(schema_, kept->num_rows(), std::move(columns));
    return Status::OK();
  }

  Status Close() override {
    rows_.reset();
    return Status::OK();
  }

 private:
  OperationContext context_;
  std::shared_ptr<const KeptRows> rows_;
  const bool as_views_;
  std::shared_ptr<arrow::Schema> schema_;
  size_t next_ = 0;
};

}  // namespace

Result<int64_t> BytesOf(const arrow::RecordBatch& batch) {
  return arrow::util::ReferencedBufferSize(batch);
}

Result<KeptRows> KeepRows(const std::shared_ptr<arrow::Schema>& schema,
                          const arrow::RecordBatchVector& batches, arrow::MemoryPool* pool) {
  KeptRows kept;
  kept.schema = schema;
  arrow::RecordBatchVector together;
  int64_t num_bytes = 0;
  for (const BatchPtr& batch : batches) {
    ICEFRAME_ASSIGN_OR_RETURN(const int64_t batch_bytes, BytesOf(*batch));
    if (!together.empty() && num_bytes + batch_bytes > kMaxBatchBytes) {
      ICEFRAME_RETURN_NOT_OK(KeepBatch(schema, together, pool, &kept));
      together.clear();
      num_bytes = 0;
    }
    together.push_back(batch);
    num_bytes += batch_bytes;
  }
  if (!together.empty()) ICEFRAME_RETURN_NOT_OK(KeepBatch(schema, together, pool, &kept));
  return kept;
}

std::shared_ptr<arrow::RecordBatchReader> ReadKeptRows(const OperationContext& context,
                                                       std::shared_ptr<const KeptRows> rows,
                                                       bool as_views) {
  return std::make_shared<KeptRowsReader>(context, std::move(rows), as_views);
}

Counter& internal::BytesGivenBack(std::string_view source) {
  return MetricsRegistry::Process().counter("iceframe_scan_bytes_total",
                                            {{"kind", "rows"}, {"source", std::string(source)}});
}

}  // namespace iceframe
