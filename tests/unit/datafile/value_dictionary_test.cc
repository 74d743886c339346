// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "iceframe/datafile/value_dictionary_internal.h"
#include "iceframe/runtime/memory_manager.h"

namespace iceframe::internal {
namespace {

/// Encodes in pieces of many sizes and compares with a map.
template <typename T>
void Check(const std::vector<T>& values) {
  ValueDictionary<T> dictionary(MemoryBudget::Process()->pool());
  std::map<T, uint32_t> wanted;
  std::mt19937 random(5);
  for (size_t at = 0; at < values.size();) {
    const size_t count = std::min<size_t>(random() % 3'000 + 1, values.size() - at);
    std::vector<uint32_t> numbers(count);
    ASSERT_TRUE(
        dictionary.Encode(values.data() + at, static_cast<int64_t>(count), numbers.data()).ok());
    for (size_t i = 0; i < count; ++i) {
      const auto next = static_cast<uint32_t>(wanted.size());
      ASSERT_EQ(numbers[i], wanted.try_emplace(values[at + i], next).first->second);
      ASSERT_EQ(dictionary.entries()[numbers[i]], values[at + i]);
    }
    at += count;
  }
  EXPECT_EQ(dictionary.size(), static_cast<int64_t>(wanted.size()));
}

TEST(ValueDictionary, NumbersWholeNumbers) {
  std::mt19937_64 random(1);
  for (int64_t bound : {1, 10, 5'000, 1'000'000'000}) {
    std::vector<int64_t> values;
    std::vector<int32_t> small;
    for (int i = 0; i < 50'000; ++i) {
      values.push_back(static_cast<int64_t>(random() % static_cast<uint64_t>(bound)) - bound / 2);
      small.push_back(static_cast<int32_t>(values.back()));
    }
    Check(values);
    Check(small);
  }
}

TEST(ValueDictionary, NumbersTextsOfEveryLength) {
  std::mt19937 random(2);
  std::vector<std::string> texts;
  for (int i = 0; i < 30'000; ++i) {
    std::string text(random() % 40, 'a');
    // Texts that differ in one byte alone, zeros and high bytes among them.
    if (!text.empty()) text[random() % text.size()] = static_cast<char>(random() % 4 * 85);
    texts.push_back(std::move(text));
  }
  Check(std::vector<std::string_view>(texts.begin(), texts.end()));
}

}  // namespace
}  // namespace iceframe::internal
