// SPDX-License-Identifier: Apache-2.0
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "iceframe/datafile/dictionary_forecast_internal.h"

namespace iceframe::internal {
namespace {

constexpr int64_t kChunk = 1'000'000;

/// What the first `num_values` of a chunk look like.
template <typename Value>
DistinctSample Sample(int64_t num_values, Value value) {
  std::set<int64_t> seen;
  DistinctSample sample;
  for (int64_t i = 0; i < num_values; ++i) {
    if (i == num_values / 2) {
      sample.early_values = i;
      sample.early_distinct = static_cast<int64_t>(seen.size());
    }
    seen.insert(value(i));
  }
  sample.values = num_values;
  sample.distinct = static_cast<int64_t>(seen.size());
  return sample;
}

TEST(DictionaryForecast, IsExactWhereNothingMoreComes) {
  const auto sample = Sample(1'000, [](int64_t i) { return i % 37; });
  EXPECT_EQ(ForecastDistinct(sample, 1'000), 37);
  EXPECT_EQ(ForecastDistinct(sample, 10), 37);
  EXPECT_EQ(ForecastDistinct({}, kChunk), 0);
}

TEST(DictionaryForecast, KnowsThatFewValuesStayFew) {
  const auto sample = Sample(65'536, [](int64_t i) { return i % 2'500; });
  EXPECT_EQ(ForecastDistinct(sample, kChunk), 2'500);
}

TEST(DictionaryForecast, FollowsARandomChoice) {
  for (int64_t choices : {1'000, 20'000, 200'000}) {
    std::mt19937_64 random(3);
    std::uniform_int_distribution<int64_t> choose(1, choices);
    const auto sample = Sample(65'536, [&](int64_t) { return choose(random); });
    std::set<int64_t> all;
    for (int64_t i = 0; i < kChunk; ++i) all.insert(choose(random));
    const auto wanted = static_cast<double>(all.size());
    EXPECT_NEAR(ForecastDistinct(sample, kChunk), wanted, wanted * 0.1) << choices;
  }
}

TEST(DictionaryForecast, LetsGrowWhatGrows) {
  const auto keys = Sample(65'536, [](int64_t i) { return i / 4; });
  EXPECT_NEAR(ForecastDistinct(keys, kChunk), kChunk / 4.0, 100);
  const auto unique = Sample(65'536, [](int64_t i) { return i; });
  EXPECT_NEAR(ForecastDistinct(unique, kChunk), kChunk, 100);
}

TEST(DictionaryForecast, NeverFallsBelowWhatIsKnown) {
  EXPECT_GE(
      ForecastDistinct({.values = 10, .distinct = 10, .early_values = 9, .early_distinct = 9}, 11),
      10);
  EXPECT_GE(
      ForecastDistinct({.values = 10, .distinct = 3, .early_values = 0, .early_distinct = 0}, 20),
      3);
  EXPECT_EQ(
      ForecastDistinct({.values = 10, .distinct = 5, .early_values = 5, .early_distinct = 5}, 20),
      5);
}

}  // namespace
}  // namespace iceframe::internal
