// SPDX-License-Identifier: Apache-2.0
#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "iceframe/runtime/frequency_sketch_internal.h"

namespace iceframe::internal {
namespace {

uint64_t HashOf(int number) { return std::hash<std::string>()(std::to_string(number)); }

TEST(FrequencySketch, CountsNothingBeforeItHasRoom) {
  FrequencySketch sketch;
  sketch.Increment(1);
  EXPECT_FALSE(sketch.is_counting());
  EXPECT_EQ(sketch.Frequency(1), 0);
}

TEST(FrequencySketch, CountsUpToFifteen) {
  FrequencySketch sketch;
  sketch.EnsureCapacity(64);
  for (int i = 0; i < 5; ++i) sketch.Increment(HashOf(7));
  EXPECT_EQ(sketch.Frequency(HashOf(7)), 5);
  for (int i = 0; i < 50; ++i) sketch.Increment(HashOf(7));
  EXPECT_EQ(sketch.Frequency(HashOf(7)), 15);
  EXPECT_EQ(sketch.Frequency(HashOf(8)), 0);
}

TEST(FrequencySketch, RarelyTakesOneKeyForAnother) {
  FrequencySketch sketch;
  sketch.EnsureCapacity(1024);
  for (int i = 0; i < 1000; ++i) sketch.Increment(HashOf(i));
  int num_right = 0;
  for (int i = 0; i < 1000; ++i) num_right += sketch.Frequency(HashOf(i)) == 1 ? 1 : 0;
  EXPECT_GE(num_right, 990);
  for (int i = 0; i < 1000; ++i) ASSERT_GE(sketch.Frequency(HashOf(i)), 1) << "never too small";
}

TEST(FrequencySketch, ForgetsByHalvingAfterASample) {
  FrequencySketch sketch;
  sketch.EnsureCapacity(64);
  for (int i = 0; i < 10; ++i) sketch.Increment(HashOf(-1));
  for (int i = 0; i < sketch.sample_size() - 11; ++i) sketch.Increment(HashOf(i));
  const int before = sketch.Frequency(HashOf(-1));
  ASSERT_GE(before, 10);
  for (int i = 0; i < 5; ++i) sketch.Increment(HashOf(-2 - i));
  EXPECT_EQ(sketch.Frequency(HashOf(-1)), before / 2);
}

TEST(FrequencySketch, BeginsAnewWhenItGrows) {
  FrequencySketch sketch;
  sketch.EnsureCapacity(64);
  sketch.Increment(HashOf(1));
  sketch.EnsureCapacity(60);
  EXPECT_EQ(sketch.Frequency(HashOf(1)), 1);
  sketch.EnsureCapacity(1000);
  EXPECT_EQ(sketch.Frequency(HashOf(1)), 0);
}

}  // namespace
}  // namespace iceframe::internal
