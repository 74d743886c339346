// SPDX-License-Identifier: Apache-2.0
// Rows of keys -> numbers of groups, 0 for the first that appears.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <arrow/array/array_primitive.h>
#include <arrow/buffer_builder.h>
#include <arrow/compute/exec.h>
#include <arrow/compute/row/grouper.h>

#include "iceframe/execution/columns_internal.h"

namespace iceframe {

/// Whether the keys of the groups will be asked for.
enum class KeysUse : uint8_t { kGivenBack, kNone };

/// Nulls are equal here, as are NaNs, and −0 and 0.
///
/// Keys are kept as they come, a batch's at a time: Arrow's grouper gives its own back in one call
/// that takes a second for ten million texts and can't be cancelled. Its keys have 32-bit offsets.
/// So there is a further one whenever the last one's keys have got as long as the limit; rows go to
/// the first that knows them.
class GroupIds {
 public:
  GroupIds(arrow::MemoryPool* pool, int64_t max_bytes, KeysUse keys_use)
      : exec_(pool), max_bytes_(max_bytes), keys_use_(keys_use) {}

  /// The group of each row; new keys make new groups.
  Result<std::shared_ptr<arrow::UInt32Array>> Consume(const arrow::ArrayVector& keys,
                                                      int64_t num_rows);
  /// The group of each row, null where no group has its keys.
  Result<std::shared_ptr<arrow::UInt32Array>> Lookup(const arrow::ArrayVector& keys,
                                                     int64_t num_rows);
  int64_t num_groups() const;
  /// A row of keys per group, in storage form, perhaps wide (types/wide_array.h); no arrays if
  /// nothing was consumed. To be called once, at the end.
  Result<arrow::ArrayVector> TakeKeys();

 private:
  /// The groups from `first_group` on.
  struct Generation {
    explicit Generation(arrow::MemoryPool* pool) : numbers(pool) {}

    std::unique_ptr<arrow::compute::Grouper> grouper;
    int64_t first_group = 0;
    int64_t key_bytes = 0;
    /// By the grouper's id: counted from first_group.
    arrow::TypedBufferBuilder<uint32_t> numbers;
    /// The grouper's ids are the numbers.
    bool is_in_order = true;
  };
  using Ids = std::shared_ptr<arrow::UInt32Array>;

  Result<arrow::ArrayVector> Groupable(const arrow::ArrayVector& keys);
  Status AddGeneration(const arrow::ArrayVector& keys);
  Result<Ids> ConsumeIn(Generation* generation, const arrow::ArrayVector& keys, int64_t num_rows);
  Status NumberNewGroups(Generation* generation, const arrow::ArrayVector& keys,
                         const arrow::UInt32Array& ids);
  Result<Ids> Numbered(const Generation& generation, const Ids& ids);
  Result<Ids> LookupIn(const Generation& generation, const arrow::ArrayVector& keys,
                       int64_t num_rows);
  /// Looks in all generations but the last, which gets what these don't know.
  Result<Ids> ConsumeLast(const arrow::ArrayVector& keys, int64_t num_rows);

  arrow::compute::ExecContext exec_;
  int64_t max_bytes_;
  KeysUse keys_use_;
  std::vector<Generation> generations_;
  /// Of the groups in order, a chunk of each column per batch that brought new ones.
  std::vector<arrow::ArrayVector> keys_;
};

}  // namespace iceframe
