// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include <arrow/array.h>
#include <arrow/util/bitmap_ops.h>

#include "iceframe/base/result.h"

namespace iceframe::internal {

/// Copies the array's validity, from bit 0 on; none where nothing is null.
inline Result<std::shared_ptr<arrow::Buffer>> CopyValidity(const arrow::Array& values,
                                                           arrow::MemoryPool* pool) {
  if (values.null_count() == 0) return std::shared_ptr<arrow::Buffer>();
  return arrow::internal::CopyBitmap(pool, values.null_bitmap_data(), values.offset(),
                                     values.length());
}

}  // namespace iceframe::internal
