// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "iceframe/datafile/page_prefix_internal.h"

namespace iceframe::internal {
namespace {

using Bytes = std::vector<uint8_t>;

/// Encodes codes as runs and packed groups in turn, and keeps what was encoded.
struct Encoded {
  Bytes bytes;
  std::vector<uint32_t> codes;
};

Encoded Encode(std::mt19937* random, unsigned bit_width) {
  Encoded encoded;
  encoded.bytes.push_back(static_cast<uint8_t>(bit_width));
  const auto code = [&] {
    return bit_width == 0 ? 0U : static_cast<uint32_t>((*random)()) >> (32U - bit_width);
  };
  for (int run = 0; run < 6; ++run) {
    const auto count = static_cast<unsigned>(1 + (*random)() % 40);
    if (run % 2 == 0) {
      encoded.bytes.push_back(static_cast<uint8_t>(count << 1U));
      const uint32_t value = code();
      for (unsigned at = 0; at < bit_width; at += 8) {
        encoded.bytes.push_back(static_cast<uint8_t>(value >> at));
      }
      encoded.codes.insert(encoded.codes.end(), count, value);
      continue;
    }
    const unsigned num_groups = 1 + count / 8;
    encoded.bytes.push_back(static_cast<uint8_t>((num_groups << 1U) | 1U));
    const size_t begin = encoded.bytes.size();
    encoded.bytes.resize(begin + size_t{num_groups} * bit_width);
    for (unsigned i = 0; i < num_groups * 8; ++i) {
      const uint32_t value = code();
      encoded.codes.push_back(value);
      for (unsigned bit = 0; bit < bit_width; ++bit) {
        const size_t at = size_t{i} * bit_width + bit;
        const unsigned set = (value >> bit) & 1U;
        encoded.bytes[begin + at / 8] |= static_cast<uint8_t>(set << (at % 8));
      }
    }
  }
  return encoded;
}

TEST(PagePrefix, FindsTheGreatestOfTheFirstCodes) {
  std::mt19937 random(20261128);
  for (int round = 0; round < 500; ++round) {
    const Encoded encoded = Encode(&random, round % 33);
    const size_t count = random() % (encoded.codes.size() + 1);
    const auto first = FirstCodes(encoded.bytes, static_cast<int64_t>(count), false);
    ASSERT_TRUE(first.has_value());
    const auto end = encoded.codes.begin() + static_cast<int64_t>(count);
    const auto max = std::max_element(encoded.codes.begin(), end);
    ASSERT_EQ(first->max_code, count == 0 ? std::nullopt : std::optional(*max));
    // Cut off anywhere, it says so or is right all the same.
    const auto bytes = std::span(encoded.bytes).first(random() % encoded.bytes.size());
    const auto cut = FirstCodes(bytes, static_cast<int64_t>(count), false);
    if (cut) {
      ASSERT_EQ(cut->max_code, first->max_code);
    }
  }
}

TEST(PagePrefix, SurvivesAnyCodes) {
  std::mt19937 random(20261129);
  for (int round = 0; round < 20'000; ++round) {
    Bytes bytes(1 + random() % 40);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
    FirstCodes(bytes, static_cast<int64_t>(random() % 1000), round % 2 == 0);
  }
}

TEST(PagePrefix, MeasuresPlainValues) {
  const Bytes texts = {2, 0, 0, 0, 'a', 'b', 0, 0, 0, 0, 1, 0, 0, 0, 'c'};
  EXPECT_EQ(FirstPlainValues(texts, 0, 0), 0);
  EXPECT_EQ(FirstPlainValues(texts, 2, 0), 10);
  EXPECT_EQ(FirstPlainValues(texts, 3, 0), 15);
  EXPECT_EQ(FirstPlainValues(texts, 4, 0), std::nullopt);
  EXPECT_EQ(FirstPlainValues(std::span(texts).first(14), 3, 0), std::nullopt);
  EXPECT_EQ(FirstPlainValues(texts, 3, 4), 12);
  EXPECT_EQ(FirstPlainValues(texts, 4, 4), std::nullopt);
}

}  // namespace
}  // namespace iceframe::internal
