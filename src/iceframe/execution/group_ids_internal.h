// SPDX-License-Identifier: Apache-2.0
// Rows of keys -> numbers of groups, 0 for the first that appears.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <arrow/array/array_primitive.h>
#include <arrow/buffer_builder.h>

#include "iceframe/execution/columns_internal.h"
#include "iceframe/execution/key_rows_internal.h"
#include "iceframe/runtime/operation_context.h"

namespace iceframe {

/// A hash table of keys. Nulls are equal here, as are NaNs, and −0 and 0.
///
/// A slot holds the key's hash and the place of its row, which has the group's number. The hash's
/// highest bits say where a key belongs, so that a larger table is filled from first to last:
/// growing takes no longer than reading through both, and can't hold up a cancelled operation.
class GroupIds {
 public:
  explicit GroupIds(arrow::MemoryPool* pool)
      : pool_(pool), batch_(pool), hashes_(pool), slots_(pool) {}

  /// The group of each row; new keys make new groups. Errors: ResourceExhausted for more groups
  /// than 32 bits count.
  Result<std::shared_ptr<arrow::UInt32Array>> Consume(const arrow::ArrayVector& keys,
                                                      int64_t num_rows);
  /// The group of each row, null where no group has its keys.
  Result<std::shared_ptr<arrow::UInt32Array>> Lookup(const arrow::ArrayVector& keys,
                                                     int64_t num_rows);
  int64_t num_groups() const { return num_groups_; }
  /// A row of keys per group, in groupable form, text wide (types/wide_array.h) where it is longer
  /// than `max_bytes`; no arrays if nothing was consumed.
  Result<arrow::ArrayVector> Keys(const OperationContext& context, int64_t max_bytes) const;

 private:
  struct Chunk {
    uint64_t* words = nullptr;
    /// In words, as is `used`.
    int64_t size = 0;
    int64_t used = 0;
    std::shared_ptr<arrow::Buffer> buffer;
  };

  /// Encodes the keys of a batch and hashes them.
  Status Prepare(const arrow::ArrayVector& keys, int64_t num_rows);
  /// Twice the slots.
  Status Grow();
  /// The place of the slot of the batch's row: that of its group, or a free one.
  size_t FindSlot(int64_t row) const;
  /// Makes a group of the batch's row, in a free slot.
  Status AddGroup(int64_t row, size_t slot);
  /// Keeps the batch's row; returns its place.
  Result<uint32_t> KeepRow(int64_t row);
  const uint64_t* RowAt(uint32_t place) const;
  /// Loads into the processor's cache what the rows after this one will need.
  void LoadAhead(int64_t row, int64_t num_rows) const;
  size_t FirstSlot(uint32_t hash) const { return hash >> (32U - num_bits_); }

  arrow::MemoryPool* pool_;
  std::optional<KeyLayout> layout_;
  // Of the batch at hand.
  KeyLayout::Rows batch_;
  arrow::TypedBufferBuilder<uint32_t> hashes_;

  /// 2 to the power of num_bits_, a quarter of them free: 0. Else the hash in the upper half, the
  /// row's place + 1 in the lower.
  arrow::TypedBufferBuilder<uint64_t> slots_;
  uint32_t num_bits_ = 0;
  /// A row per group, in order. A place is a chunk and a position in it.
  std::vector<Chunk> chunks_;
  int64_t num_groups_ = 0;
};

}  // namespace iceframe
