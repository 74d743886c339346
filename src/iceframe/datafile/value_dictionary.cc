// SPDX-License-Identifier: Apache-2.0
#include <random>

#include "iceframe/datafile/value_dictionary_internal.h"

namespace iceframe::internal {
namespace {

uint64_t Load(const char* bytes) {
  uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof(word));
  return word;
}

uint64_t Mix(uint64_t a, uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

/// The last, or only, up to eight bytes: overlapping loads instead of a loop.
uint64_t LoadShort(const char* bytes, size_t size) {
  if (size >= 4) {
    uint32_t head = 0;
    uint32_t tail = 0;
    std::memcpy(&head, bytes, 4);
    std::memcpy(&tail, bytes + size - 4, 4);
    return (static_cast<uint64_t>(head) << 32) | tail;
  }
  if (size == 0) return 0;
  return (static_cast<uint64_t>(static_cast<uint8_t>(bytes[0])) << 16) |
         (static_cast<uint64_t>(static_cast<uint8_t>(bytes[size / 2])) << 8) |
         static_cast<uint8_t>(bytes[size - 1]);
}

}  // namespace

uint64_t DictionarySeed() {
  static const uint64_t seed = [] {
    std::random_device source;
    return (static_cast<uint64_t>(source()) << 32) | source() | 1U;
  }();
  return seed;
}

Status DictionaryEntries<std::string_view>::Append(std::string_view value) {
  ICEFRAME_RETURN_NOT_OK(bytes_.Append(value.data(), static_cast<int64_t>(value.size())));
  return ends_.Append(bytes_.length());
}

uint64_t DictionaryEntries<std::string_view>::Hash(std::string_view value, uint64_t seed) {
  constexpr uint64_t kFirst = 0xA0761D6478BD642FU;
  constexpr uint64_t kSecond = 0xE7037ED1A0B428DBU;
  const char* bytes = value.data();
  size_t left = value.size();
  uint64_t hash = seed ^ (left * kFirst);
  if (left <= 8) return Mix(LoadShort(bytes, left) ^ kFirst, hash ^ kSecond);
  for (; left > 16; left -= 8, bytes += 8) hash = Mix(Load(bytes) ^ kFirst, hash ^ kSecond);
  return Mix(Load(bytes) ^ kFirst, Load(bytes + left - 8) ^ hash);
}

}  // namespace iceframe::internal
