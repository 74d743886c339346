// SPDX-License-Identifier: Apache-2.0
// Rows of keys -> numbers of groups, 0 for the first that appears.
#pragma once

#include <memory>

#include <arrow/array/array_primitive.h>
#include <arrow/compute/exec.h>
#include <arrow/compute/row/grouper.h>

#include "iceframe/execution/columns_internal.h"

namespace iceframe {

/// Nulls are equal here, as are NaNs, and −0 and 0.
class GroupIds {
 public:
  explicit GroupIds(arrow::MemoryPool* pool) : exec_(pool) {}

  /// The group of each row; new keys make new groups.
  Result<std::shared_ptr<arrow::UInt32Array>> Consume(const arrow::ArrayVector& keys,
                                                      int64_t num_rows);
  /// The group of each row, null where no group has its keys.
  Result<std::shared_ptr<arrow::UInt32Array>> Lookup(const arrow::ArrayVector& keys,
                                                     int64_t num_rows);
  int64_t num_groups() const { return grouper_ == nullptr ? 0 : grouper_->num_groups(); }
  /// A row of keys per group, in storage form; no arrays if nothing was consumed.
  Result<arrow::ArrayVector> Keys();

 private:
  Result<arrow::compute::ExecBatch> Prepare(const arrow::ArrayVector& keys, int64_t num_rows);

  arrow::compute::ExecContext exec_;
  std::unique_ptr<arrow::compute::Grouper> grouper_;
};

}  // namespace iceframe
