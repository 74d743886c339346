// SPDX-License-Identifier: Apache-2.0
// The distinct values of a column chunk, numbered as they first come.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include <arrow/buffer_builder.h>
#include <arrow/memory_pool.h>

#include "iceframe/base/result.h"

namespace iceframe::internal {

/// The entries of a dictionary of whole numbers.
template <typename T>
class DictionaryEntries {
 public:
  using Value = T;
  explicit DictionaryEntries(arrow::MemoryPool* pool) : values_(pool) {}

  int64_t size() const { return values_.length(); }
  T operator[](uint32_t index) const { return values_.data()[index]; }
  Status Append(T value) { return values_.Append(value); }
  static uint64_t Hash(T value, uint64_t seed) {
    return (static_cast<uint64_t>(value) ^ seed) * 0x9E3779B97F4A7C15U;
  }
  /// Bytes of a value, and of the first `count` entries, in plain encoding.
  static int64_t PlainBytes(T) { return sizeof(T); }
  int64_t plain_bytes() const { return size() * static_cast<int64_t>(sizeof(T)); }

 private:
  arrow::TypedBufferBuilder<T> values_;
};

/// The entries of a dictionary of strings or bytes.
template <>
class DictionaryEntries<std::string_view> {
 public:
  using Value = std::string_view;
  explicit DictionaryEntries(arrow::MemoryPool* pool) : ends_(pool), bytes_(pool) {}

  int64_t size() const { return ends_.length(); }
  std::string_view operator[](uint32_t index) const {
    const int64_t begin = index == 0 ? 0 : ends_.data()[index - 1];
    return {reinterpret_cast<const char*>(bytes_.data()) + begin,
            static_cast<size_t>(ends_.data()[index] - begin)};
  }
  Status Append(std::string_view value);
  static uint64_t Hash(std::string_view value, uint64_t seed);
  static int64_t PlainBytes(std::string_view value) {
    return static_cast<int64_t>(sizeof(int32_t) + value.size());
  }
  int64_t plain_bytes() const {
    return bytes_.length() + size() * static_cast<int64_t>(sizeof(int32_t));
  }

 private:
  arrow::TypedBufferBuilder<int64_t> ends_;
  arrow::BufferBuilder bytes_;
};

/// A number that differs from process to process, so that no data can be made to collide.
uint64_t DictionarySeed();

/// Values -> numbers of entries. T: int32_t, int64_t or std::string_view (kept as copies).
template <typename T>
class ValueDictionary {
 public:
  explicit ValueDictionary(arrow::MemoryPool* pool)
      : entries_(pool), slots_(pool), seed_(DictionarySeed()) {}

  const DictionaryEntries<T>& entries() const { return entries_; }
  int64_t size() const { return entries_.size(); }

  /// Writes the number of each value to `out`; new values become entries.
  Status Encode(const T* values, int64_t count, uint32_t* out) {
    ICEFRAME_RETURN_NOT_OK(Reserve(size() + count));
    uint32_t* slots = slots_.mutable_data();
    for (int64_t i = 0; i < count; ++i) {
      uint64_t slot = DictionaryEntries<T>::Hash(values[i], seed_) >> shift_;
      // A slot holds an entry's number + 1; at least half of them are empty.
      while (slots[slot] != 0 && entries_[slots[slot] - 1] != values[i]) slot = (slot + 1) & mask_;
      if (slots[slot] == 0) {
        ICEFRAME_RETURN_NOT_OK(entries_.Append(values[i]));
        slots[slot] = static_cast<uint32_t>(size());
      }
      out[i] = slots[slot] - 1;
    }
    return Status::OK();
  }

 private:
  Status Reserve(int64_t num_entries) {
    const int64_t wanted =
        static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(num_entries))) * 2;
    if (wanted <= slots_.length()) return Status::OK();
    slots_.Reset();
    ICEFRAME_RETURN_NOT_OK(slots_.Append(wanted, 0));
    mask_ = static_cast<uint64_t>(wanted - 1);
    shift_ = 64 - std::countr_zero(static_cast<uint64_t>(wanted));
    uint32_t* slots = slots_.mutable_data();
    for (uint32_t entry = 0; entry < static_cast<uint32_t>(size()); ++entry) {
      uint64_t slot = DictionaryEntries<T>::Hash(entries_[entry], seed_) >> shift_;
      while (slots[slot] != 0) slot = (slot + 1) & mask_;
      slots[slot] = entry + 1;
    }
    return Status::OK();
  }

  DictionaryEntries<T> entries_;
  arrow::TypedBufferBuilder<uint32_t> slots_;
  uint64_t seed_;
  uint64_t mask_ = 0;
  int shift_ = 0;
};

}  // namespace iceframe::internal
