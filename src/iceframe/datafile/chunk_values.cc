// SPDX-License-Identifier: Apache-2.0
#include <type_traits>

#include <arrow/array.h>
#include <arrow/type.h>

#include "iceframe/datafile/chunk_values_internal.h"

namespace iceframe::internal {
namespace {

/// Runs `copy(slot, position)` for each slot that is present; returns how many are.
template <typename Copy>
int64_t ForEachPresent(int64_t count, const int16_t* levels, int16_t max_level, Copy copy) {
  if (levels == nullptr) {
    for (int64_t i = 0; i < count; ++i) copy(i, i);
    return count;
  }
  int64_t present = 0;
  for (int64_t i = 0; i < count; ++i) {
    if (levels[i] == max_level) copy(i, present++);
  }
  return present;
}

template <typename T>
bool IsPlainType(arrow::Type::type id) {
  if constexpr (std::is_same_v<T, int32_t>) {
    return id == arrow::Type::INT32 || id == arrow::Type::DATE32;
  } else if constexpr (std::is_same_v<T, int64_t>) {
    return id == arrow::Type::INT64 || id == arrow::Type::TIMESTAMP || id == arrow::Type::TIME64;
  } else {
    return id == arrow::Type::STRING || id == arrow::Type::BINARY;
  }
}

/// A 128-bit decimal as it lies in memory.
struct Wide {
  int64_t low;
  int64_t high;
};

}  // namespace

template <typename T>
Result<ChunkValues<T>> ChunkValues<T>::Make(const arrow::Array& array) {
  const arrow::ArrayData& data = *array.data();
  ChunkValues values;
  values.is_decimal_ =
      !std::is_same_v<T, std::string_view> && array.type_id() == arrow::Type::DECIMAL128;
  if (!values.is_decimal_ && !IsPlainType<T>(array.type_id())) {
    return Error(ErrorKind::kInvalidData, "an array of this type does not fit its Parquet column: ",
                 array.type()->ToString());
  }
  if (values.is_decimal_) {
    values.values_ = data.GetValues<Wide>(1);
  } else if constexpr (std::is_same_v<T, std::string_view>) {
    values.values_ = data.GetValues<int32_t>(1);
    values.bytes_ = data.GetValues<char>(2, 0);
  } else {
    values.values_ = data.GetValues<T>(1);
  }
  return values;
}

template <typename T>
Status ChunkValues<T>::CheckWidth(int64_t begin, int64_t count, const int16_t* levels,
                                  int16_t max_level) const {
  if constexpr (std::is_integral_v<T>) {
    const auto* wide = static_cast<const Wide*>(values_) + begin;
    int64_t excess = 0;
    ForEachPresent(count, levels, max_level, [&](int64_t slot, int64_t) {
      excess |= wide[slot].high ^ (wide[slot].low >> 63);
      if constexpr (sizeof(T) < sizeof(int64_t)) {
        excess |= static_cast<T>(wide[slot].low) ^ wide[slot].low;
      }
    });
    if (excess != 0) {
      return Error(ErrorKind::kInvalidData,
                   "a decimal has more digits than its type; cast the column to a wider one");
    }
  }
  return Status::OK();
}

template <typename T>
Result<const T*> ChunkValues<T>::Read(int64_t begin, int64_t count, const int16_t* levels,
                                      int16_t max_level, T* scratch, int64_t* num_values) const {
  if constexpr (std::is_same_v<T, std::string_view>) {
    const auto* offsets = static_cast<const int32_t*>(values_) + begin;
    *num_values = ForEachPresent(count, levels, max_level, [&](int64_t slot, int64_t at) {
      scratch[at] = {bytes_ + offsets[slot],
                     static_cast<size_t>(offsets[slot + 1] - offsets[slot])};
    });
    return scratch;
  } else if (is_decimal_) {
    ICEFRAME_RETURN_NOT_OK(CheckWidth(begin, count, levels, max_level));
    const auto* wide = static_cast<const Wide*>(values_) + begin;
    *num_values = ForEachPresent(count, levels, max_level, [&](int64_t slot, int64_t at) {
      scratch[at] = static_cast<T>(wide[slot].low);
    });
    return scratch;
  } else {
    const auto* values = static_cast<const T*>(values_) + begin;
    if (levels == nullptr) {
      *num_values = count;
      return values;
    }
    *num_values = ForEachPresent(count, levels, max_level,
                                 [&](int64_t slot, int64_t at) { scratch[at] = values[slot]; });
    return scratch;
  }
}

template class ChunkValues<int32_t>;
template class ChunkValues<int64_t>;
template class ChunkValues<std::string_view>;

}  // namespace iceframe::internal
