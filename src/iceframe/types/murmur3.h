// SPDX-License-Identifier: Apache-2.0
// The 32-bit Murmur3 hash (x86 variant, seed 0) that bucket partitions are made with.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace iceframe {

namespace internal {
constexpr uint32_t MurmurScramble(uint32_t block) {
  return std::rotl(block * 0xCC9E2D51U, 15) * 0x1B873593U;
}
constexpr uint32_t MurmurMix(uint32_t hash, uint32_t block) {
  return std::rotl(hash ^ MurmurScramble(block), 13) * 5U + 0xE6546B64U;
}
constexpr uint32_t MurmurFinish(uint32_t hash, uint32_t length) {
  hash ^= length;
  hash = (hash ^ (hash >> 16)) * 0x85EBCA6BU;
  hash = (hash ^ (hash >> 13)) * 0xC2B2AE35U;
  return hash ^ (hash >> 16);
}
}  // namespace internal

/// Hashes bytes; blocks are little-endian.
inline int32_t Murmur3(std::string_view bytes) {
  uint32_t hash = 0;
  const size_t whole = bytes.size() / 4 * 4;
  for (size_t i = 0; i < whole; i += 4) {
    uint32_t block = 0;
    std::memcpy(&block, bytes.data() + i, 4);
    hash = internal::MurmurMix(hash, block);
  }
  uint32_t tail = 0;
  for (size_t i = bytes.size(); i > whole; --i) {
    tail = tail << 8 | static_cast<unsigned char>(bytes[i - 1]);
  }
  if (whole < bytes.size()) hash ^= internal::MurmurScramble(tail);
  return static_cast<int32_t>(internal::MurmurFinish(hash, static_cast<uint32_t>(bytes.size())));
}

/// Hashes the eight little-endian bytes of `value`: ints and longs alike, so that promotion does
/// not move a row to another bucket.
constexpr int32_t Murmur3OfLong(int64_t value) {
  const auto bits = static_cast<uint64_t>(value);
  uint32_t hash = internal::MurmurMix(0, static_cast<uint32_t>(bits));
  hash = internal::MurmurMix(hash, static_cast<uint32_t>(bits >> 32));
  return static_cast<int32_t>(internal::MurmurFinish(hash, 8));
}

}  // namespace iceframe
