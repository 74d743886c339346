// SPDX-License-Identifier: Apache-2.0
// Structs, lists and maps as keys of groups.
#pragma once

#include <map>

#include <arrow/array/array_primitive.h>

#include "iceframe/execution/columns_internal.h"

namespace iceframe {

/// The bytes of each value (large_binary), equal where the values are equal; null where the value
/// is. NaNs are equal, as are −0 and 0; maps are equal with the same entries in the same order.
Result<ArrayPtr> NestedKey(const ArrayPtr& column, arrow::MemoryPool* pool);

/// The nested keys of groups as they were, where grouping knows their bytes alone.
class NestedKeyValues {
 public:
  NestedKeyValues(int64_t max_bytes, arrow::MemoryPool* pool)
      : max_bytes_(max_bytes), pool_(pool) {}

  /// Takes the keys of the groups from `num_known` on, which the rows of a batch began.
  Status Add(const arrow::ArrayVector& keys, const arrow::UInt32Array& groups, int64_t num_known,
             int64_t num_groups);
  /// Puts them in the place of their bytes among the columns of all groups' keys, wide where they
  /// reach too far.
  Status PutBack(arrow::ArrayVector* columns) const;

 private:
  int64_t max_bytes_;
  arrow::MemoryPool* pool_;
  /// By position among the keys, in pieces.
  std::map<size_t, arrow::ArrayVector> values_;
};

}  // namespace iceframe
