// SPDX-License-Identifier: Apache-2.0
#include "iceframe/datafile/metrics_mode.h"

#include <gtest/gtest.h>

#include "unit/datafile/data_file_testing.h"

namespace iceframe {
namespace {

using Kind = MetricsMode::Kind;

TEST(MetricsMode, ReadsTheFourModes) {
  EXPECT_EQ(ParseMetricsMode("none")->kind, Kind::kNone);
  EXPECT_EQ(ParseMetricsMode("Counts")->kind, Kind::kCounts);
  EXPECT_EQ(ParseMetricsMode("FULL")->kind, Kind::kFull);
  EXPECT_EQ(*ParseMetricsMode("truncate(7)"), (MetricsMode{Kind::kTruncate, 7}));
  for (const char* bad : {"", "truncate", "truncate(0)", "truncate(-1)", "truncate(x)", "some",
                          "truncate(99999999999)"}) {
    EXPECT_EQ(KindOf(ParseMetricsMode(bad).status()), ErrorKind::kInvalidArgument) << bad;
  }
}

TEST(MetricsConfig, DefaultsToTruncatedBoundsForTheFirstHundredColumns) {
  std::vector<NestedField> fields;
  for (int i = 1; i <= 120; ++i) {
    fields.push_back(NestedField::Optional(i, "c" + std::to_string(i), Type::Int()));
  }
  auto schema = MakeSchema(fields);
  auto config = MetricsConfig::Make(*schema, {}).ValueOrDie();
  EXPECT_EQ(config.ModeOf(100), (MetricsMode{Kind::kTruncate, 16}));
  EXPECT_EQ(config.ModeOf(101).kind, Kind::kNone);
  config =
      MetricsConfig::Make(*schema, {{"write.metadata.metrics.max-inferred-column-defaults", "2"},
                                    {"write.metadata.metrics.column.c50", "full"}})
          .ValueOrDie();
  EXPECT_EQ(config.ModeOf(2).kind, Kind::kTruncate);
  EXPECT_EQ(config.ModeOf(3).kind, Kind::kNone);
  EXPECT_EQ(config.ModeOf(50).kind, Kind::kFull);
  config =
      MetricsConfig::Make(*schema, {{"write.metadata.metrics.default", "counts"}}).ValueOrDie();
  EXPECT_EQ(config.ModeOf(120).kind, Kind::kCounts);
  EXPECT_EQ(
      KindOf(MetricsConfig::Make(*schema, {{"write.metadata.metrics.default", "x"}}).status()),
      ErrorKind::kInvalidArgument);
}

TEST(BoundTruncation, CutsTextByCodePoint) {
  EXPECT_EQ(TruncateTextLowerBound("abcdef", 3), "abc");
  EXPECT_EQ(TruncateTextLowerBound("äöü", 2), "äö");
  EXPECT_EQ(TruncateTextLowerBound("ab", 3), "ab");
  EXPECT_EQ(TruncateTextLowerBound("a\xff", 3), std::nullopt);
}

TEST(BoundTruncation, IncrementsTheLastCodePointThatCanBe) {
  EXPECT_EQ(TruncateTextUpperBound("abcdef", 3), "abd");
  EXPECT_EQ(TruncateTextUpperBound("abc", 3), "abc");
  EXPECT_EQ(TruncateTextUpperBound("a\u007Fx", 2), "a\u0080");
  // U+D7FF is followed by the surrogates, which no text has.
  EXPECT_EQ(TruncateTextUpperBound("\uD7FFx", 1), "\uE000");
  EXPECT_EQ(TruncateTextUpperBound("a\U0010FFFFx", 2), "b");
  EXPECT_EQ(TruncateTextUpperBound("\U0010FFFF\U0010FFFFx", 2), std::nullopt);
}

TEST(BoundTruncation, KeepsNoTrailingFullByte) {
  EXPECT_EQ(TruncateBinaryLowerBound("abc", 2), "ab");
  EXPECT_EQ(TruncateBinaryUpperBound("abc", 2), "ac");
  EXPECT_EQ(TruncateBinaryUpperBound("a\xff\xff", 2), "b");
  EXPECT_EQ(TruncateBinaryUpperBound("\xff\xff\xff", 2), std::nullopt);
  EXPECT_EQ(TruncateBinaryUpperBound("\xff\xff", 2), "\xff\xff");
}

}  // namespace
}  // namespace iceframe
