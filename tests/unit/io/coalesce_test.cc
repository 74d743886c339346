// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/io/coalesce_internal.h"

namespace iceframe::internal {
namespace {

using testing::ElementsAre;

constexpr CoalesceOptions kOptions = {.hole_size_limit = 10, .range_size_limit = 100};

CoalescedReads Coalesce(const std::vector<ByteRange>& ranges) {
  return CoalesceRanges(ranges, kOptions, "/f").ValueOrDie();
}

TEST(CoalesceRanges, JoinsOverHolesUpToTheLimit) {
  EXPECT_THAT(Coalesce({{0, 5}, {15, 5}}).reads, ElementsAre(ByteRange{0, 20}));
  EXPECT_THAT(Coalesce({{0, 5}, {16, 5}}).reads, ElementsAre(ByteRange{0, 5}, ByteRange{16, 5}));
}

TEST(CoalesceRanges, StopsAtTheSizeLimitButNeverSplitsARange) {
  EXPECT_THAT(Coalesce({{0, 60}, {60, 41}}).reads,
              ElementsAre(ByteRange{0, 60}, ByteRange{60, 41}));
  EXPECT_THAT(Coalesce({{0, 500}}).reads, ElementsAre(ByteRange{0, 500}));
  EXPECT_THAT(Coalesce({{0, 500}, {100, 500}}).reads, ElementsAre(ByteRange{0, 600}))
      << "overlapping bytes are read once";
}

TEST(CoalesceRanges, FindsEachRangeInItsReadWhateverTheOrder) {
  const std::vector<ByteRange> ranges = {{50, 5}, {0, 10}, {20, 0}, {3, 2}, {50, 5}, {8, 10}};
  const CoalescedReads plan = Coalesce(ranges);
  EXPECT_THAT(plan.reads, ElementsAre(ByteRange{0, 18}, ByteRange{50, 5}));
  for (size_t i = 0; i < ranges.size(); ++i) {
    EXPECT_EQ(plan.parts[i].length, ranges[i].length);
    if (ranges[i].length == 0) continue;
    EXPECT_EQ(plan.reads[plan.parts[i].read].offset + plan.parts[i].offset, ranges[i].offset);
    EXPECT_LE(plan.parts[i].offset + plan.parts[i].length, plan.reads[plan.parts[i].read].length);
  }
}

TEST(CoalesceRanges, RefusesRangesThatAreNone) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  for (ByteRange range : {ByteRange{-1, 1}, ByteRange{0, -1}, ByteRange{kMax, 1}}) {
    EXPECT_EQ(KindOf(CoalesceRanges({range}, kOptions, "/f").status()),
              ErrorKind::kInvalidArgument);
  }
}

}  // namespace
}  // namespace iceframe::internal
