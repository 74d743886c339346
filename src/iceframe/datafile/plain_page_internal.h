// SPDX-License-Identifier: Apache-2.0
// A page of plain values that is being filled.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include <arrow/buffer_builder.h>
#include <arrow/memory_pool.h>

#include "iceframe/base/result.h"
#include "iceframe/datafile/chunk_pages_internal.h"
#include "iceframe/datafile/value_dictionary_internal.h"

namespace iceframe::internal {

/// One value in plain encoding.
template <typename T>
Status AppendPlain(T value, arrow::BufferBuilder* out) {
  return out->Append(&value, sizeof(T));
}
Status AppendPlain(std::string_view value, arrow::BufferBuilder* out);

/// The least and greatest of some whole numbers.
template <typename T>
class ValueBounds {
 public:
  void Add(const T* values, int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
      min_ = std::min(min_, values[i]);
      max_ = std::max(max_, values[i]);
    }
  }
  void Begin(T value) { min_ = max_ = value; }
  T min() const { return min_; }
  T max() const { return max_; }

 private:
  T min_{};
  T max_{};
};

/// The least and greatest of some strings, by their bytes; copies of them.
template <>
class ValueBounds<std::string_view> {
 public:
  void Add(const std::string_view* values, int64_t count);
  void Begin(std::string_view value);
  std::string_view min() const { return min_; }
  std::string_view max() const { return max_; }

 private:
  std::string min_;
  std::string max_;
  /// Their first eight bytes as a number: most values differ there.
  uint64_t min_prefix_ = 0;
  uint64_t max_prefix_ = 0;
};

/// Values in plain encoding, with what statistics need. Levels are counted, not kept.
template <typename T>
class PlainPage {
 public:
  explicit PlainPage(arrow::MemoryPool* pool) : bytes_(pool) {}

  int64_t num_levels() const { return num_levels_; }
  int64_t size() const { return bytes_.length(); }
  const arrow::BufferBuilder& bytes() const { return bytes_; }
  PageFacts<T> Facts() const {
    return {num_levels_, num_values_, bounds_.min(), bounds_.max(),
            bytes_.length() - num_values_ * static_cast<int64_t>(sizeof(int32_t))};
  }
  void Clear() {
    bytes_.Rewind(0);
    num_levels_ = num_values_ = 0;
  }

  struct Extent {
    int64_t num_levels = 0;
    int64_t num_values = 0;
  };
  /// How many of `count` slots are added until the page has `max_bytes`, the one that gets it there
  /// included.
  Extent Fitting(const T* values, const int16_t* levels, int16_t max_level, int64_t count,
                 int64_t max_bytes) const {
    Extent extent;
    int64_t bytes = bytes_.length();
    for (; extent.num_levels < count && bytes < max_bytes; ++extent.num_levels) {
      if (levels != nullptr && levels[extent.num_levels] != max_level) continue;
      bytes += DictionaryEntries<T>::PlainBytes(values[extent.num_values++]);
    }
    return extent;
  }

  Status Add(const T* values, int64_t num_values, int64_t num_levels) {
    num_levels_ += num_levels;
    if (num_values == 0) return Status::OK();
    if (num_values_ == 0) bounds_.Begin(values[0]);
    bounds_.Add(values, num_values);
    num_values_ += num_values;
    return Append(values, num_values);
  }

 private:
  Status Append(const T* values, int64_t count);

  arrow::BufferBuilder bytes_;
  ValueBounds<T> bounds_;
  int64_t num_levels_ = 0;
  int64_t num_values_ = 0;
};

}  // namespace iceframe::internal
