// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/distinct_rows.h"

#include <utility>

#include <arrow/api.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/exec.h>

#include "iceframe/execution/group_ids_internal.h"

namespace iceframe {

class DistinctRows::Impl {
 public:
  Impl(arrow::MemoryPool* pool, std::optional<int> num_columns)
      : pool_(pool), num_columns_(num_columns), rows_(pool) {}

  Result<std::shared_ptr<arrow::RecordBatch>> Keep(
      const std::shared_ptr<arrow::RecordBatch>& batch) {
    int64_t num_known = rows_.num_groups();
    arrow::ArrayVector columns = batch->columns();
    if (num_columns_) columns.resize(static_cast<size_t>(*num_columns_));
    ICEFRAME_ASSIGN_OR_RETURN(const auto groups, rows_.Consume(columns, batch->num_rows()));
    if (rows_.num_groups() - num_known == batch->num_rows()) return batch;
    // Groups are numbered as they appear: the first row of a new one has the next number.
    arrow::Int64Builder positions(pool_);
    for (int64_t row = 0; row < batch->num_rows(); ++row) {
      if (static_cast<int64_t>(groups->Value(row)) != num_known) continue;
      ICEFRAME_RETURN_NOT_OK(positions.Append(row));
      ++num_known;
    }
    ICEFRAME_ASSIGN_OR_RETURN(const auto kept, positions.Finish());
    arrow::compute::ExecContext exec(pool_);
    exec.set_use_threads(false);
    ICEFRAME_ASSIGN_OR_RETURN(
        const arrow::Datum rows,
        arrow::compute::Take(batch, kept, arrow::compute::TakeOptions::NoBoundsCheck(), &exec));
    return rows.record_batch();
  }

 private:
  arrow::MemoryPool* pool_;
  const std::optional<int> num_columns_;
  GroupIds rows_;
};

DistinctRows::DistinctRows(arrow::MemoryPool* pool, std::optional<int> num_columns)
    : impl_(std::make_unique<Impl>(pool, num_columns)) {}

DistinctRows::~DistinctRows() = default;

Result<std::shared_ptr<arrow::RecordBatch>> DistinctRows::Keep(
    const std::shared_ptr<arrow::RecordBatch>& batch) {
  return impl_->Keep(batch);
}

}  // namespace iceframe
