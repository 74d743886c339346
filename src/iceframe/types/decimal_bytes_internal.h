// SPDX-License-Identifier: Apache-2.0
// The bytes of a decimal as bounds, hashes and Avro have them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <arrow/util/decimal.h>

namespace iceframe::internal {

/// The big-endian two's complement bytes of a decimal, as few as keep the sign.
struct DecimalBytes {
  explicit DecimalBytes(const arrow::Decimal128& value) {
    uint8_t little[16];
    value.ToBytes(little);
    length = 16;
    while (length > 1 && ((little[length - 1] == 0x00 && little[length - 2] < 0x80) ||
                          (little[length - 1] == 0xFF && little[length - 2] >= 0x80))) {
      --length;
    }
    for (size_t i = 0; i < length; ++i) bytes[i] = static_cast<char>(little[length - 1 - i]);
  }
  std::string_view view() const { return {bytes, length}; }

  char bytes[16];
  size_t length;
};

}  // namespace iceframe::internal
