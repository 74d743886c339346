// SPDX-License-Identifier: Apache-2.0
// Reads Avro's binary encoding from bytes that may be hostile.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>

#include "iceframe/base/result.h"
#include "iceframe/format/avro_schema.h"

namespace iceframe {

/// A position in encoded bytes. Every read is checked against what remains; the first failure
/// sticks: from then on reads give zeros and nothing remains, so loops end and one check at the
/// end of a datum is enough.
class AvroCursor {
 public:
  explicit AvroCursor(std::string_view bytes)
      : position_(reinterpret_cast<const uint8_t*>(bytes.data())), end_(position_ + bytes.size()) {}

  bool ok() const { return error_ == nullptr; }
  /// InvalidData saying what was wrong first.
  Status status() const;
  size_t remaining() const { return static_cast<size_t>(end_ - position_); }
  const char* position() const { return reinterpret_cast<const char*>(position_); }

  /// `reason` is a literal.
  void Fail(const char* reason) {
    if (error_ == nullptr) error_ = reason;
    position_ = end_;
  }

  int64_t ReadLong() {
    if (position_ < end_ && *position_ < 0x80) return ZigZag(*position_++);
    return ReadLongSlow();
  }

  /// Passes over a long; cheaper than reading it.
  void SkipLong() {
    if (remaining() >= 9) {
      for (int i = 0; i < 9; ++i) {
        if (position_[i] < 0x80) {
          position_ += i + 1;
          return;
        }
      }
    }
    ReadLongSlow();
  }

  /// Passes over so many longs, sixteen bytes at a time where the processor can.
  void SkipLongs(int64_t count);

  int32_t ReadInt() {
    const int64_t value = ReadLong();
    if (value < std::numeric_limits<int32_t>::min() ||
        value > std::numeric_limits<int32_t>::max()) {
      Fail("int is out of range");
      return 0;
    }
    return static_cast<int32_t>(value);
  }

  bool ReadBoolean() {
    if (position_ == end_ || *position_ > 1) {
      Fail("boolean is neither 0 nor 1");
      return false;
    }
    return *position_++ == 1;
  }

  float ReadFloat() { return std::bit_cast<float>(ReadLittleEndian<uint32_t>()); }
  double ReadDouble() { return std::bit_cast<double>(ReadLittleEndian<uint64_t>()); }

  /// bytes or string: a view into the input.
  std::string_view ReadBytes() {
    const int64_t size = ReadLong();
    if (size < 0 || static_cast<uint64_t>(size) > remaining()) {
      Fail("length goes beyond the end");
      return {};
    }
    return Take(static_cast<size_t>(size));
  }

  std::string_view ReadFixed(int64_t size) {
    if (static_cast<uint64_t>(size) > remaining()) {
      Fail("data ends early");
      return {};
    }
    return Take(static_cast<size_t>(size));
  }

  /// The index of a union's branch, below `num_branches`.
  size_t ReadBranch(size_t num_branches) {
    const int64_t branch = ReadLong();
    if (branch < 0 || static_cast<uint64_t>(branch) >= num_branches) {
      Fail("union has no such branch");
      return 0;
    }
    return static_cast<size_t>(branch);
  }

  /// The number of items in the next block of an array or map; 0 at its end. A block with its size
  /// in bytes (negative count) is taken as well. `min_item_size` bounds the count by what remains;
  /// items that take no byte are limited to kMaxEmptyItems.
  int64_t ReadBlockCount(int64_t min_item_size) {
    // Nearly every array ends in a zero and has fewer than 64 items, none without a byte.
    if (position_ < end_) {
      const uint8_t first = *position_;
      if (first == 0) {
        ++position_;
        return 0;
      }
      const int64_t count = first >> 1;
      if (first < 0x80 && (first & 1) == 0 && min_item_size > 0 &&
          count * min_item_size < static_cast<int64_t>(remaining())) {
        ++position_;
        return count;
      }
    }
    return ReadBlockCountSlow(min_item_size);
  }

  /// Passes over one datum.
  void Skip(const AvroSchema& schema) { SkipDatum(schema, 0); }

  static constexpr int64_t kMaxEmptyItems = 4096;
  static constexpr int kMaxDepth = 64;

 private:
  static int64_t ZigZag(uint64_t value) {
    return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
  }

  int64_t ReadLongSlow() {
    uint64_t value = 0;
    const uint8_t* position = position_;
    for (int shift = 0; shift < 70 && position < end_; shift += 7) {
      const uint8_t byte = *position++;
      if (shift == 63 && byte > 1) break;
      value |= static_cast<uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) {
        position_ = position;
        return ZigZag(value);
      }
    }
    Fail(position == end_ ? "data ends early" : "number has too many bytes");
    return 0;
  }

  template <typename T>
  T ReadLittleEndian() {
    static_assert(std::endian::native == std::endian::little);
    T value = 0;
    if (remaining() < sizeof(T)) {
      Fail("data ends early");
      return value;
    }
    std::memcpy(&value, position_, sizeof(T));
    position_ += sizeof(T);
    return value;
  }

  std::string_view Take(size_t size) {
    std::string_view view(position(), size);
    position_ += size;
    return view;
  }

  int64_t ReadBlockCountSlow(int64_t min_item_size);
  void SkipDatum(const AvroSchema& schema, int depth);
  void SkipItems(const AvroSchema& schema, int depth);

  const uint8_t* position_;
  const uint8_t* end_;
  const char* error_ = nullptr;
};

}  // namespace iceframe
