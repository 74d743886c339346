// SPDX-License-Identifier: Apache-2.0
// The side that a join builds of: rows by key.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "iceframe/execution/group_ids_internal.h"
#include "iceframe/runtime/memory_manager.h"

namespace iceframe {

/// Rows with a null key are held, but found by nothing.
class JoinTable {
 public:
  explicit JoinTable(std::shared_ptr<MemoryBudget> memory)
      : memory_(std::move(memory)), groups_(memory_->pool()) {}

  /// Without keys every row is found by every row.
  Status Build(std::shared_ptr<arrow::RecordBatch> rows, const std::vector<Expression>& keys);

  const arrow::RecordBatch& rows() const { return *rows_; }
  /// Each distinct key once; no arrays without rows.
  Result<arrow::ArrayVector> DistinctKeys() { return groups_.Keys(); }
  /// The group of each row of the other side; null: no partners.
  Result<std::shared_ptr<arrow::UInt32Array>> Find(const arrow::RecordBatch& batch,
                                                   const std::vector<Expression>& keys);
  /// The rows of a group, in order.
  std::span<const uint32_t> RowsOf(uint32_t group) const {
    return std::span(row_numbers_).subspan(offsets_[group], offsets_[group + 1] - offsets_[group]);
  }

 private:
  Status IndexRows(const arrow::UInt32Array& groups, const arrow::ArrayVector& keys);

  std::shared_ptr<MemoryBudget> memory_;
  GroupIds groups_;
  std::shared_ptr<arrow::RecordBatch> rows_;
  MemoryReservation reservation_;
  std::vector<uint32_t> offsets_;
  std::vector<uint32_t> row_numbers_;
};

}  // namespace iceframe
