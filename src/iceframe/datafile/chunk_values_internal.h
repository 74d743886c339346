// SPDX-License-Identifier: Apache-2.0
// The values of an Arrow array in the form that a Parquet column stores.
#pragma once

#include <cstdint>
#include <string_view>

#include <arrow/type_fwd.h>

#include "iceframe/base/result.h"

namespace iceframe::internal {

/// T: int32_t (also decimals of up to 9 digits, dates), int64_t (up to 18 digits, times and
/// timestamps) or std::string_view (strings and bytes). Borrows the array.
template <typename T>
class ChunkValues {
 public:
  /// Errors: InvalidData for an array of another type.
  static Result<ChunkValues> Make(const arrow::Array& array);

  /// The values of `count` slots that are present, in order: those whose level is `max_level`, or
  /// all if there are no levels. They lie in `scratch`, which has room for `count`, or in the
  /// array. Errors: InvalidData for a decimal that is wider than its type.
  Result<const T*> Read(int64_t begin, int64_t count, const int16_t* levels, int16_t max_level,
                        T* scratch, int64_t* num_values) const;

 private:
  Status CheckWidth(int64_t begin, int64_t count, const int16_t* levels, int16_t max_level) const;

  /// Numbers of T or decimals of 128 bits; or the offsets of strings.
  const void* values_ = nullptr;
  const char* bytes_ = nullptr;
  bool is_decimal_ = false;
};

}  // namespace iceframe::internal
