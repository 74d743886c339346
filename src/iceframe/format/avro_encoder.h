// SPDX-License-Identifier: Apache-2.0
// Writes Avro's binary encoding.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace iceframe {

/// Appends encoded values to a string that the caller owns.
class AvroEncoder {
 public:
  explicit AvroEncoder(std::string* out) : out_(out) {}

  void WriteLong(int64_t value) {
    uint64_t bits = (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
    while (bits >= 0x80) {
      out_->push_back(static_cast<char>(bits | 0x80));
      bits >>= 7;
    }
    out_->push_back(static_cast<char>(bits));
  }
  void WriteBoolean(bool value) { out_->push_back(value ? 1 : 0); }
  void WriteFloat(float value) { WriteLittleEndian(std::bit_cast<uint32_t>(value), 4); }
  void WriteDouble(double value) { WriteLittleEndian(std::bit_cast<uint64_t>(value), 8); }
  void WriteBytes(std::string_view value) {
    WriteLong(static_cast<int64_t>(value.size()));
    out_->append(value);
  }
  void WriteFixed(std::string_view value) { out_->append(value); }

 private:
  void WriteLittleEndian(uint64_t bits, int size) {
    for (int i = 0; i < size; ++i) out_->push_back(static_cast<char>(bits >> (8 * i)));
  }

  std::string* out_;
};

}  // namespace iceframe
