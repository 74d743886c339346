// SPDX-License-Identifier: Apache-2.0
// Rows that were not seen before.
#pragma once

#include <memory>
#include <optional>

#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"

namespace iceframe {

/// Remembers whole rows of one schema, in a hash table that `pool` pays for. Nulls are equal to
/// each other, as are NaNs, and −0 and 0. Not thread-safe.
class DistinctRows {
 public:
  /// `num_columns`: how many columns, from the first on, tell rows apart; default: all.
  explicit DistinctRows(arrow::MemoryPool* pool, std::optional<int> num_columns = {});
  ~DistinctRows();
  DistinctRows(const DistinctRows&) = delete;
  DistinctRows& operator=(const DistinctRows&) = delete;

  /// Returns the rows of a batch that are equal to none before them, in their order.
  /// Errors: ResourceExhausted; Unsupported naming a type.
  Result<std::shared_ptr<arrow::RecordBatch>> Keep(
      const std::shared_ptr<arrow::RecordBatch>& batch);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace iceframe
