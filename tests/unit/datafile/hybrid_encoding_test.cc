// SPDX-License-Identifier: Apache-2.0
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "iceframe/datafile/hybrid_encoding_internal.h"
#include "iceframe/runtime/memory_manager.h"

namespace iceframe::internal {
namespace {

/// By the specification, a bit at a time.
std::vector<uint32_t> Decode(const arrow::BufferBuilder& bytes, int bits, size_t count) {
  const uint8_t* at = bytes.data();
  const uint8_t* end = at + bytes.length();
  std::vector<uint32_t> numbers;
  while (at < end) {
    uint64_t header = 0;
    for (int shift = 0;; shift += 7) {
      header |= static_cast<uint64_t>(*at & 0x7F) << shift;
      if ((*at++ & 0x80) == 0) break;
    }
    const auto length = static_cast<size_t>(header >> 1);
    if ((header & 1) == 0) {
      uint32_t value = 0;
      for (int i = 0; i < (bits + 7) / 8; ++i) value |= static_cast<uint32_t>(*at++) << (8 * i);
      numbers.insert(numbers.end(), length, value);
      continue;
    }
    for (size_t i = 0; i < length * 8; ++i) {
      uint32_t value = 0;
      for (int bit = 0; bit < bits; ++bit) {
        const size_t place = i * static_cast<size_t>(bits) + static_cast<size_t>(bit);
        value |= static_cast<uint32_t>(at[place / 8] >> (place % 8) & 1) << bit;
      }
      numbers.push_back(value);
    }
    at += length * static_cast<size_t>(bits);
  }
  EXPECT_EQ(at, end);
  // What fills the last group does not count.
  EXPECT_GE(numbers.size(), count);
  numbers.resize(count);
  return numbers;
}

TEST(HybridEncoding, CountsBits) {
  const int expected[] = {0, 1, 1, 2, 2, 3};
  for (int64_t count = 0; count < 6; ++count)
    EXPECT_EQ(BitsForCount(count), expected[count]) << count;
  EXPECT_EQ(BitsForCount(int64_t{1} << 32), 32);
}

TEST(HybridEncoding, GivesBackRunsAndMixtures) {
  std::mt19937 random(17);
  for (int bits = 1; bits <= 32; ++bits) {
    for (size_t size : {0, 1, 7, 8, 9, 100, 504, 505, 5'000}) {
      std::vector<uint32_t> numbers;
      while (numbers.size() < size) {
        const auto value = static_cast<uint32_t>(random() & ((uint64_t{1} << bits) - 1));
        const size_t run = random() % 3 == 0 ? random() % 200 + 1 : 1;
        numbers.insert(numbers.end(), run, value);
      }
      numbers.resize(size);
      arrow::BufferBuilder bytes(MemoryBudget::Process()->pool());
      ASSERT_TRUE(AppendHybrid(numbers.data(), static_cast<int64_t>(size), bits, &bytes).ok());
      EXPECT_EQ(Decode(bytes, bits, size), numbers) << bits << " bits, " << size;
    }
  }
}

TEST(HybridEncoding, MakesLittleOfARun) {
  const std::vector<int16_t> levels(20'000, 1);
  arrow::BufferBuilder bytes(MemoryBudget::Process()->pool());
  ASSERT_TRUE(AppendHybrid(levels.data(), 20'000, 1, &bytes).ok());
  EXPECT_EQ(bytes.length(), 4);
}

}  // namespace
}  // namespace iceframe::internal
