// SPDX-License-Identifier: Apache-2.0
// What the parts of the lossless cast share.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <arrow/array.h>
#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"
#include "iceframe/types/type.h"

namespace iceframe::internal {

/// Where a cast stands, for its errors and allocations.
struct CastPlace {
  /// The dotted column.
  std::string path;
  /// What positions count: "row", or "element" inside of lists and maps.
  const char* unit = "row";
  int64_t first = 0;
  arrow::MemoryPool* pool = nullptr;
  /// The row that elements are of, where that is known.
  std::optional<int64_t> row = std::nullopt;

  /// "row 3", "element 5", "element 5 of row 3".
  std::string Position(int64_t index) const {
    std::string position = std::string(unit) + " " + std::to_string(first + index);
    const bool is_inside = std::string_view(unit) != "row";
    if (row && is_inside) position += " of row " + std::to_string(*row);
    return position;
  }
};

/// Returns an error for types that no lossless cast joins.
Status NoCast(const CastPlace& place, const arrow::DataType& from, const Type& to);

/// Returns an error for the value at `index`, which the cast would change.
Status LossyValue(const CastPlace& place, const arrow::Array& values, const Type& to,
                  int64_t index);

/// Casts a plain (not encoded) array to the Arrow form of a primitive type.
Result<std::shared_ptr<arrow::Array>> CastPrimitive(const CastPlace& place, const Type& to,
                                                    const std::shared_ptr<arrow::Array>& values);

/// Casts a plain array to the Arrow form of a fixed or uuid type.
Result<std::shared_ptr<arrow::Array>> CastToFixed(const CastPlace& place, const Type& to,
                                                  const std::shared_ptr<arrow::Array>& values);

/// Replaces dictionaries, run-end encodings and extension types by plain storage.
Result<std::shared_ptr<arrow::Array>> DecodeArray(const CastPlace& place,
                                                  std::shared_ptr<arrow::Array> values);

}  // namespace iceframe::internal
