// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include "iceframe/execution/join_table_internal.h"

namespace iceframe {

namespace {

Result<arrow::ArrayVector> EvaluateKeys(const arrow::RecordBatch& batch,
                                        const std::vector<Expression>& keys,
                                        arrow::MemoryPool* pool) {
  arrow::ArrayVector columns;
  for (const Expression& key : keys) {
    ICEFRAME_ASSIGN_OR_RETURN(ArrayPtr column, EvaluateColumn(key, batch, pool));
    columns.push_back(std::move(column));
  }
  return columns;
}

bool IsAnyNull(const arrow::ArrayVector& keys, int64_t row) {
  return std::ranges::any_of(keys, [row](const ArrayPtr& key) { return key->IsNull(row); });
}

bool HasNulls(const arrow::ArrayVector& keys) {
  return std::ranges::any_of(keys, [](const ArrayPtr& key) { return key->null_count() > 0; });
}

}  // namespace

Status JoinTable::Build(std::shared_ptr<arrow::RecordBatch> rows,
                        const std::vector<Expression>& keys) {
  rows_ = std::move(rows);
  const int64_t num_rows = rows_->num_rows();
  if (num_rows >= std::numeric_limits<uint32_t>::max()) {
    return Error(ErrorKind::kResourceExhausted,
                 "the side of a join that is held in memory has too many rows: ", num_rows,
                 "; filter it, or put the larger table first");
  }
  const int64_t num_bytes = num_rows * 2 * static_cast<int64_t>(sizeof(uint32_t));
  ICEFRAME_ASSIGN_OR_RETURN(reservation_, MemoryReservation::Make(memory_, num_bytes));
  if (keys.empty()) {
    offsets_ = {0, static_cast<uint32_t>(num_rows)};
    row_numbers_.resize(static_cast<size_t>(num_rows));
    std::iota(row_numbers_.begin(), row_numbers_.end(), 0U);
    return Status::OK();
  }
  ICEFRAME_ASSIGN_OR_RETURN(auto columns, EvaluateKeys(*rows_, keys, memory_->pool()));
  ICEFRAME_ASSIGN_OR_RETURN(auto groups, groups_.Consume(columns, num_rows));
  return IndexRows(*groups, columns);
}

// Counting sort by group, which keeps the rows' order.
Status JoinTable::IndexRows(const arrow::UInt32Array& groups, const arrow::ArrayVector& keys) {
  offsets_.assign(static_cast<size_t>(groups_.num_groups()) + 1, 0);
  const bool has_nulls = HasNulls(keys);
  const auto is_found = [&](int64_t row) { return !has_nulls || !IsAnyNull(keys, row); };
  for (int64_t row = 0; row < groups.length(); ++row) {
    if (is_found(row)) ++offsets_[groups.Value(row) + 1];
  }
  std::partial_sum(offsets_.begin(), offsets_.end(), offsets_.begin());
  row_numbers_.resize(offsets_.back());
  std::vector<uint32_t> next(offsets_.begin(), offsets_.end() - 1);
  for (int64_t row = 0; row < groups.length(); ++row) {
    if (is_found(row)) row_numbers_[next[groups.Value(row)]++] = static_cast<uint32_t>(row);
  }
  return Status::OK();
}

Result<std::shared_ptr<arrow::UInt32Array>> JoinTable::Find(const arrow::RecordBatch& batch,
                                                            const std::vector<Expression>& keys) {
  if (keys.empty()) {
    ICEFRAME_ASSIGN_OR_RETURN(
        ArrayPtr zeros,
        arrow::MakeArrayFromScalar(arrow::UInt32Scalar(0), batch.num_rows(), memory_->pool()));
    return std::static_pointer_cast<arrow::UInt32Array>(zeros);
  }
  ICEFRAME_ASSIGN_OR_RETURN(auto columns, EvaluateKeys(batch, keys, memory_->pool()));
  // Groups of null keys have no rows, so a null finds nothing.
  return groups_.Lookup(columns, batch.num_rows());
}

}  // namespace iceframe
