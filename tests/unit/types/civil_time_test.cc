// SPDX-License-Identifier: Apache-2.0
#include "iceframe/types/civil_time.h"

#include <random>

#include <gtest/gtest.h>

namespace iceframe {
namespace {

TEST(CivilTime, KnownDays) {
  EXPECT_EQ(DaysFromCivil({1970, 1, 1}), 0);
  EXPECT_EQ(DaysFromCivil({1969, 12, 31}), -1);
  EXPECT_EQ(DaysFromCivil({2000, 2, 29}), 11016);
  EXPECT_EQ(DaysFromCivil({1, 1, 1}), -719162);
  EXPECT_EQ(FormatDate(17501), "2017-12-01");
  EXPECT_EQ(FormatDate(-719529), "-0001-12-31");
  EXPECT_EQ(FormatDate(2932897), "+10000-01-01");
}

TEST(CivilTime, DaysRoundTripThroughDatesAndText) {
  std::mt19937_64 random(7);
  std::uniform_int_distribution<int32_t> days(INT32_MIN, INT32_MAX);
  for (int i = 0; i < 20000; ++i) {
    const int64_t day = days(random);
    EXPECT_EQ(DaysFromCivil(CivilFromDays(day)), day);
    EXPECT_EQ(ParseDate(FormatDate(day)), day) << FormatDate(day);
  }
}

TEST(CivilTime, FloorsNegatives) {
  EXPECT_EQ(FloorDivide(-1, 1000), -1);
  EXPECT_EQ(FloorDivide(-1000, 1000), -1);
  EXPECT_EQ(FloorDivide(INT64_MIN, 1), INT64_MIN);
  EXPECT_EQ(FloorModulo(-1, 1000), 999);
}

TEST(CivilTime, StylesOfTime) {
  const int64_t time = (22 * 3600 + 31 * 60 + 8) * kMicrosPerSecond + 120'000;
  EXPECT_EQ(FormatTime(time), "22:31:08.12");
  EXPECT_EQ(FormatTime(time, TimeStyle::kFull), "22:31:08.120000");
  EXPECT_EQ(FormatTime(time, TimeStyle::kJava), "22:31:08.120");
  EXPECT_EQ(FormatTime(time + 1, TimeStyle::kJava), "22:31:08.120001");
  EXPECT_EQ(FormatTime(60 * kMicrosPerSecond, TimeStyle::kJava), "00:01");
  EXPECT_EQ(FormatTime(0), "00:00:00");
  EXPECT_EQ(FormatTimestampNanos(-1), "1969-12-31T23:59:59.999999999");
  EXPECT_EQ(FormatTimestampMicros(INT64_MIN), "-290308-12-21T19:59:05.224192");
}

TEST(CivilTime, ParsesTimestampsWithAndWithoutOffset) {
  const auto parsed = ParseTimestamp("2017-11-16T22:31:08.123456+02:30");
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->local_seconds, 1510871468);
  EXPECT_EQ(parsed->nanos, 123456000);
  EXPECT_EQ(parsed->offset_seconds, 9000);
  EXPECT_EQ(ParseTimestamp("2017-11-16 22:31Z")->offset_seconds, 0);
  EXPECT_FALSE(ParseTimestamp("2017-11-16T22:31")->offset_seconds.has_value());
}

TEST(CivilTime, RefusesWhatIsNoTime) {
  for (const char* text : {"", "2017", "2017-13-01", "2017-02-29", "2017-1-1", "20170101",
                           "2017-01-01x", "12017-01-01", "-999999999-01-01"}) {
    EXPECT_FALSE(ParseDate(text).has_value()) << text;
  }
  for (const char* text : {"", "24:00:00", "12:60", "12:00:60", "12", "12:00:00.",
                           "12:00:00.1234567", "12:00:00.1234567890"}) {
    EXPECT_FALSE(ParseTime(text).has_value()) << text;
  }
  for (const char* text : {"2017-01-01", "2017-01-01T", "2017-01-01T12:00+", "2017-01-01T12:00+2",
                           "2017-01-01T12:00+19:00", "2017-01-01T12:00ZZ"}) {
    EXPECT_FALSE(ParseTimestamp(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace iceframe
