// SPDX-License-Identifier: Apache-2.0
// The side that a join builds of: rows by key.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <arrow/buffer_builder.h>

#include "iceframe/execution/group_ids_internal.h"
#include "iceframe/execution/held_rows_internal.h"
#include "iceframe/runtime/memory_manager.h"

namespace iceframe {

/// Rows with a null key are held, but found by nothing.
class JoinTable {
 public:
  /// `max_bytes`: how far a column may reach before it is held wide (types/wide_array.h).
  JoinTable(const OperationContext& context, int64_t max_bytes)
      : context_(context), max_bytes_(max_bytes), groups_(context.pool()) {}

  /// Reads an operator that is open to its end. Without keys every row is found by every row.
  Status Build(Operator* input, const std::vector<Expression>& keys);

  int64_t num_rows() const { return rows_.num_rows; }
  /// In storage form, perhaps wide.
  const arrow::ArrayVector& columns() const { return rows_.columns; }
  /// Each distinct key once, perhaps wide; no arrays without rows. After Build.
  Result<arrow::ArrayVector> DistinctKeys() const { return groups_.Keys(context_, max_bytes_); }
  /// The group of each row of the other side; null: no partners.
  Result<std::shared_ptr<arrow::UInt32Array>> Find(const std::shared_ptr<arrow::RecordBatch>& batch,
                                                   const std::vector<Expression>& keys);
  /// The rows of a group, in order.
  std::span<const uint32_t> RowsOf(uint32_t group) const {
    return std::span(row_numbers_).subspan(offsets_[group], offsets_[group + 1] - offsets_[group]);
  }

 private:
  /// Numbers the rows of a part, kNoGroup where a key is null.
  Status AddGroups(const EvaluatedPart& part, arrow::TypedBufferBuilder<uint32_t>* groups);
  Status IndexRows(std::span<const uint32_t> groups);

  OperationContext context_;
  int64_t max_bytes_;
  GroupIds groups_;
  HeldRows rows_;
  MemoryReservation reservation_;
  std::vector<uint32_t> offsets_;
  std::vector<uint32_t> row_numbers_;
};

}  // namespace iceframe
