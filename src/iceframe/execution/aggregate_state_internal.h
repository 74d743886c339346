// SPDX-License-Identifier: Apache-2.0
// Aggregates under way: one slot per group.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "iceframe/base/result.h"
#include "iceframe/execution/columns_internal.h"
#include "iceframe/expression/expression.h"
#include "iceframe/runtime/memory_manager.h"

namespace iceframe {

/// Nulls count nowhere; what saw no value is null, a count 0. NaN is the greatest number.
class AggregateState {
 public:
  virtual ~AggregateState() = default;
  /// Makes room for groups 0 … num_groups - 1.
  virtual Status Resize(int64_t num_groups) = 0;
  /// Takes row i, of value `values[i]`, into `groups[i]`; `values` is nullptr for count(*).
  virtual Status Consume(std::span<const uint32_t> groups, const ArrayPtr& values) = 0;
  /// Takes what group `from` saw into group `to` too. Errors: Unsupported (count_distinct).
  virtual Status Merge(uint32_t from, uint32_t to) = 0;
  /// Rows of another file follow. Sums of floats are formed file by file, and these sums then
  /// added: so a sum of files' sums that were exported has the same bits.
  virtual void StartFile() {}
  /// What each group saw, in a form that can be kept: plain columns, structs of them where a value
  /// is more than one. Perhaps wide. Errors: Unsupported (count_distinct).
  virtual Result<ArrayPtr> Export() = 0;
  /// Takes row i of what another state of the same call exported, not wide, into `groups[i]`; no
  /// group twice, between two calls of StartFile.
  virtual Status MergeExported(std::span<const uint32_t> groups, const ArrayPtr& exported) = 0;
  /// One value per group. Errors: InvalidArgument when a sum leaves its type's range.
  virtual Result<ArrayPtr> Finish() = 0;
};

/// The state of a bound aggregate call, its memory taken from `memory`. Its text is wide
/// (types/wide_array.h) where it reaches farther than `max_bytes`.
Result<std::unique_ptr<AggregateState>> MakeAggregateState(const Expression& call,
                                                           std::shared_ptr<MemoryBudget> memory,
                                                           int64_t max_bytes);

namespace internal {

/// min or max, by the operand's type.
Result<std::unique_ptr<AggregateState>> MakeExtremeState(const Expression& call, bool is_max,
                                                         std::shared_ptr<MemoryBudget> memory,
                                                         int64_t max_bytes);
/// count_distinct.
Result<std::unique_ptr<AggregateState>> MakeDistinctState(std::shared_ptr<MemoryBudget> memory);

}  // namespace internal

}  // namespace iceframe
