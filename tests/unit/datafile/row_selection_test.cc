// SPDX-License-Identifier: Apache-2.0
#include "iceframe/datafile/row_selection.h"

#include <random>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace iceframe {
namespace {

using testing::ElementsAre;

TEST(RowSelection, MergesRanges) {
  auto selection = RowSelection::FromRanges({{5, 7}, {0, 2}, {2, 3}, {6, 9}, {4, 4}}).ValueOrDie();
  EXPECT_THAT(selection.ranges(), ElementsAre(RowRange{0, 3}, RowRange{5, 9}));
  EXPECT_EQ(selection.num_rows(), 7);
  EXPECT_EQ(KindOf(RowSelection::FromRanges({{3, 2}}).status()), ErrorKind::kInvalidArgument);
  EXPECT_EQ(KindOf(RowSelection::FromRanges({{-1, 2}}).status()), ErrorKind::kInvalidArgument);
}

TEST(RowSelection, LeavesPositionsOut) {
  EXPECT_THAT(RowSelection::WithoutPositions({0, 3, 3, 4, 20}, 6).ranges(),
              ElementsAre(RowRange{1, 3}, RowRange{5, 6}));
  EXPECT_TRUE(RowSelection::WithoutPositions({0}, 1).empty());
}

TEST(RowSelection, AgreesWithSetsOfRows) {
  std::mt19937 random(7);
  auto draw = [&](int bound) {
    return static_cast<int64_t>(random() % static_cast<unsigned>(bound));
  };
  for (int round = 0; round < 300; ++round) {
    auto make = [&](std::set<int64_t>* rows) {
      std::vector<RowRange> ranges;
      for (int64_t i = draw(6); i > 0; --i) {
        const int64_t begin = draw(50);
        const RowRange range{begin, begin + draw(12)};
        ranges.push_back(range);
        for (int64_t row = range.begin; row < range.end; ++row) rows->insert(row);
      }
      return RowSelection::FromRanges(ranges).ValueOrDie();
    };
    auto rows_of = [](const RowSelection& selection) {
      std::set<int64_t> rows;
      for (const RowRange& range : selection.ranges()) {
        for (int64_t row = range.begin; row < range.end; ++row) rows.insert(row);
      }
      return rows;
    };
    std::set<int64_t> left_rows;
    std::set<int64_t> right_rows;
    const RowSelection left = make(&left_rows);
    const RowSelection right = make(&right_rows);
    std::set<int64_t> both;
    for (int64_t row : left_rows) {
      if (right_rows.contains(row)) both.insert(row);
    }
    EXPECT_EQ(rows_of(left.Intersect(right)), both);
    const int64_t begin = draw(40);
    const int64_t end = begin + draw(30);
    std::set<int64_t> slice(left_rows.lower_bound(begin), left_rows.lower_bound(end));
    EXPECT_EQ(rows_of(left.Slice(begin, end)), slice);
  }
}

}  // namespace
}  // namespace iceframe
