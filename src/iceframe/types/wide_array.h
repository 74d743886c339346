// SPDX-License-Identifier: Apache-2.0
// Arrays with 64-bit offsets, in which operators hold more than 32-bit offsets reach.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"

namespace iceframe {

/// The array with 64-bit offsets at every depth: large_string, large_binary, large_list (a map as a
/// list of its entries), extension types as their storage. Values are shared, offsets copied.
Result<std::shared_ptr<arrow::Array>> Widen(const std::shared_ptr<arrow::Array>& array,
                                            arrow::MemoryPool* pool);

/// The array, wide or not, under a plain type of the same layout; values are shared.
/// Errors: ResourceExhausted if 32-bit offsets don't reach.
Result<std::shared_ptr<arrow::Array>> Narrow(const std::shared_ptr<arrow::Array>& array,
                                             const std::shared_ptr<arrow::DataType>& type,
                                             arrow::MemoryPool* pool);

/// One array of all, which are of one type, some perhaps wide; wide if one of them is, or if
/// together they reach farther than `limit`. At least one array.
Result<std::shared_ptr<arrow::Array>> ConcatenateWithin(
    const std::vector<std::shared_ptr<arrow::Array>>& arrays, int64_t limit,
    arrow::MemoryPool* pool);

}  // namespace iceframe
