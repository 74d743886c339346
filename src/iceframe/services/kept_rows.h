// SPDX-License-Identifier: Apache-2.0
// Rows in the form in which caches keep them.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"
#include "iceframe/runtime/metrics_registry.h"
#include "iceframe/runtime/operation_context.h"

namespace iceframe {

/// Few batches, text and bytes as Arrow views, sharing no memory with the rows they were made of.
struct KeptRows {
  /// Of the rows as they were given; the batches are of its views (types/view_array.h).
  std::shared_ptr<arrow::Schema> schema;
  arrow::RecordBatchVector batches;
  int64_t num_rows = 0;
  int64_t num_bytes = 0;
};

/// Copies rows. Errors: OutOfMemory where the pool has no room, CapacityError.
Result<KeptRows> KeepRows(const std::shared_ptr<arrow::Schema>& schema,
                          const arrow::RecordBatchVector& batches, arrow::MemoryPool* pool);

/// The bytes that rows take by themselves, not those of the buffers that they are slices of.
Result<int64_t> BytesOf(const arrow::RecordBatch& batch);

/// Reads kept rows: as views, without copying anything, or under their own schema. The reader and
/// what it gave keep them alive.
std::shared_ptr<arrow::RecordBatchReader> ReadKeptRows(const OperationContext& context,
                                                       std::shared_ptr<const KeptRows> rows,
                                                       bool as_views);

namespace internal {

/// Counts the bytes of rows that callers kept themselves and got back, outside of any operation;
/// from "memory", or from "disk".
Counter& BytesGivenBack(std::string_view source);

}  // namespace internal

}  // namespace iceframe
