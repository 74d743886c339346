// SPDX-License-Identifier: Apache-2.0
#include "iceframe/base/crc32c.h"

#include <array>
#include <cstddef>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace iceframe {

namespace {

constexpr uint32_t kPolynomial = 0x82F63B78;  // reflected
constexpr size_t kNumTables = 8;
using Table = std::array<uint32_t, 256>;

/// Table k steps a byte over k more bytes.
constexpr std::array<Table, kNumTables> MakeTables() {
  std::array<Table, kNumTables> tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? kPolynomial : 0);
    tables[0][byte] = value;
  }
  for (size_t k = 1; k < kNumTables; ++k) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint32_t value = tables[k - 1][byte];
      tables[k][byte] = (value >> 8) ^ tables[0][value & 0xFF];
    }
  }
  return tables;
}
constexpr std::array<Table, kNumTables> kTables = MakeTables();

uint32_t LoadWord(const char* bytes) {
  uint32_t word = 0;
  for (int i = 3; i >= 0; --i) word = word << 8 | static_cast<uint8_t>(bytes[i]);
  return word;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) uint32_t InstructionCrc32c(std::string_view bytes,
                                                             uint32_t before) {
  uint64_t value = ~before;
  const char* at = bytes.data();
  size_t left = bytes.size();
  for (; left >= sizeof(uint64_t); left -= sizeof(uint64_t), at += sizeof(uint64_t)) {
    uint64_t word = 0;
    std::memcpy(&word, at, sizeof(word));
    value = _mm_crc32_u64(value, word);
  }
  auto narrow = static_cast<uint32_t>(value);
  for (; left > 0; --left, ++at) narrow = _mm_crc32_u8(narrow, static_cast<uint8_t>(*at));
  return ~narrow;
}
#endif

}  // namespace

namespace internal {

uint32_t PortableCrc32c(std::string_view bytes, uint32_t before) {
  uint32_t value = ~before;
  const char* at = bytes.data();
  size_t left = bytes.size();
  for (; left >= kNumTables; left -= kNumTables, at += kNumTables) {
    const uint32_t low = value ^ LoadWord(at);
    const uint32_t high = LoadWord(at + 4);
    value = 0;
    for (size_t i = 0; i < 4; ++i) {
      value ^= kTables[7 - i][low >> (8 * i) & 0xFF] ^ kTables[3 - i][high >> (8 * i) & 0xFF];
    }
  }
  for (; left > 0; --left, ++at) {
    value = (value >> 8) ^ kTables[0][(value ^ static_cast<uint8_t>(*at)) & 0xFF];
  }
  return ~value;
}

}  // namespace internal

uint32_t Crc32c(std::string_view bytes, uint32_t before) {
#if defined(__x86_64__)
  static const bool has_instruction = __builtin_cpu_supports("sse4.2") != 0;
  if (has_instruction) return InstructionCrc32c(bytes, before);
#endif
  return internal::PortableCrc32c(bytes, before);
}

}  // namespace iceframe
