// SPDX-License-Identifier: Apache-2.0
// Rows put in a table's sort order. Spec: "Sorting".
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"
#include "iceframe/format/sort_order.h"
#include "iceframe/runtime/operation_context.h"
#include "iceframe/types/schema.h"

namespace iceframe::internal {

/// Sorts batches by a table's sort order; immutable.
class RowSorter {
 public:
  /// nullopt if no rows can be put in this order: it is unsorted, or a field's transform is
  /// unknown, its column dropped, inside a list or map, or of a type without an order.
  static std::optional<RowSorter> Make(const Schema& schema, const SortOrder& order);

  /// The rows' positions (uint32) in order, rows of equal keys as they came; nullptr where they are
  /// in order. −0 comes before 0 and NaN after every number, descending the other way round.
  /// Errors: those of OrderRows (types/row_order.h); Cancelled.
  Result<std::shared_ptr<arrow::Array>> Order(const OperationContext& context,
                                              const arrow::RecordBatch& rows) const;

 private:
  struct Key {
    std::string name;
    std::vector<int> path;
    Type source_type;
    SortField field;
  };
  Result<std::shared_ptr<arrow::Array>> KeyColumn(const Key& key, const arrow::RecordBatch& rows,
                                                  arrow::MemoryPool* pool) const;

  std::vector<Key> keys_;
};

}  // namespace iceframe::internal
