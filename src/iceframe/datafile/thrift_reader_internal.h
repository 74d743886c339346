// SPDX-License-Identifier: Apache-2.0
// Thrift's compact protocol, as far as the headers within Parquet files need it.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>

namespace iceframe::internal {

/// Structs within structs: statistics within a page's own header are the third level.
inline constexpr int kMaxThriftDepth = 16;

/// Types of Thrift's compact protocol.
enum class ThriftType : uint8_t {
  kStop = 0,
  kTrue = 1,
  kFalse = 2,
  kByte = 3,
  kInt16 = 4,
  kInt32 = 5,
  kInt64 = 6,
  kDouble = 7,
  kBinary = 8,
  kList = 9,
  kSet = 10,
  kMap = 11,
  kStruct = 12,
  kUuid = 13,
};

/// Reads Thrift's compact protocol forward. Once something is wrong all further reads give zeros
/// and ends of structs, so that callers ask once, at the end.
class ThriftReader {
 public:
  explicit ThriftReader(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  bool is_cut_off() const { return cut_off_; }
  bool is_damaged() const { return damaged_; }
  int64_t position() const { return static_cast<int64_t>(position_); }

  /// Calls `on_field(id, type)` for each field of a struct; it must consume the value.
  template <typename OnField>
  void ReadStruct(const OnField& on_field) {
    if (++depth_ > kMaxThriftDepth) damaged_ = true;
    int64_t id = 0;
    while (!has_failed()) {
      const uint8_t head = ReadByte();
      const auto type = static_cast<ThriftType>(head & 0x0FU);
      if (type == ThriftType::kStop) break;
      const uint8_t delta = head >> 4U;
      id = delta != 0 ? id + delta : ReadInteger();
      if (!has_failed()) on_field(id, type);
    }
    --depth_;
  }

  int32_t ReadInt32(ThriftType type) {
    const int64_t value = ReadInt64(type);
    if (value < std::numeric_limits<int32_t>::min() ||
        value > std::numeric_limits<int32_t>::max()) {
      damaged_ = true;
      return 0;
    }
    return static_cast<int32_t>(value);
  }

  /// A count or a size.
  int32_t ReadCount(ThriftType type) {
    const int32_t value = ReadInt32(type);
    if (value < 0) damaged_ = true;
    return value;
  }

  int64_t ReadInt64(ThriftType type) {
    if (type != ThriftType::kInt16 && type != ThriftType::kInt32 && type != ThriftType::kInt64) {
      damaged_ = true;
      return 0;
    }
    return ReadInteger();
  }

  bool ReadBool(ThriftType type) {
    if (type != ThriftType::kTrue && type != ThriftType::kFalse) damaged_ = true;
    return type == ThriftType::kTrue;
  }

  std::string ReadBinary(ThriftType type) {
    if (type != ThriftType::kBinary) damaged_ = true;
    const std::span<const uint8_t> bytes = Take(ReadUnsigned());
    return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }

  void Skip(ThriftType type) {
    switch (type) {
      case ThriftType::kTrue:
      case ThriftType::kFalse:
        return;
      case ThriftType::kByte:
        ReadByte();
        return;
      case ThriftType::kInt16:
      case ThriftType::kInt32:
      case ThriftType::kInt64:
        ReadUnsigned();
        return;
      case ThriftType::kDouble:
        Take(8);
        return;
      case ThriftType::kUuid:
        Take(16);
        return;
      case ThriftType::kBinary:
        Take(ReadUnsigned());
        return;
      case ThriftType::kStruct:
        ReadStruct([this](int64_t, ThriftType field) { Skip(field); });
        return;
      case ThriftType::kList:
      case ThriftType::kSet:
        SkipList();
        return;
      default:
        // No version of the format has a map in a header.
        damaged_ = true;
    }
  }

 private:
  bool has_failed() const { return cut_off_ || damaged_; }

  void SkipList() {
    const uint8_t head = ReadByte();
    const auto type = static_cast<ThriftType>(head & 0x0FU);
    const bool is_bool = type == ThriftType::kTrue || type == ThriftType::kFalse;
    uint64_t count = head >> 4U;
    if (count == 15) count = ReadUnsigned();
    if (++depth_ > kMaxThriftDepth) damaged_ = true;
    for (; count > 0 && !has_failed(); --count) Skip(is_bool ? ThriftType::kByte : type);
    --depth_;
  }

  std::span<const uint8_t> Take(uint64_t count) {
    if (has_failed()) return {};
    if (count > bytes_.size() - position_) {
      cut_off_ = true;
      return {};
    }
    const auto taken = bytes_.subspan(position_, static_cast<size_t>(count));
    position_ += static_cast<size_t>(count);
    return taken;
  }

  uint8_t ReadByte() {
    const auto byte = Take(1);
    return byte.empty() ? 0 : byte[0];
  }

  uint64_t ReadUnsigned() {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const uint8_t byte = ReadByte();
      value |= static_cast<uint64_t>(byte & 0x7FU) << shift;
      if ((byte & 0x80U) == 0) return value;
    }
    damaged_ = true;
    return 0;
  }

  int64_t ReadInteger() {
    const uint64_t value = ReadUnsigned();
    return static_cast<int64_t>(value >> 1U) ^ -static_cast<int64_t>(value & 1U);
  }

  std::span<const uint8_t> bytes_;
  size_t position_ = 0;
  int depth_ = 0;
  bool cut_off_ = false;
  bool damaged_ = false;
};

}  // namespace iceframe::internal
