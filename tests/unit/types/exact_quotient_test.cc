// SPDX-License-Identifier: Apache-2.0
#include "iceframe/types/exact_quotient.h"

#include <cmath>
#include <random>

#include <gtest/gtest.h>

namespace iceframe {
namespace {

WideSum SumOf(std::initializer_list<__int128> values) {
  WideSum sum;
  for (const __int128 value : values) sum.Add(value);
  return sum;
}

TEST(WideSum, GoesBeyond128BitsAndBack) {
  const __int128 greatest = static_cast<__int128>(~static_cast<unsigned __int128>(0) >> 1U);
  WideSum sum = SumOf({greatest, greatest, -greatest, -greatest, -1});
  EXPECT_EQ(sum.Narrow(), __int128{-1});
  sum = SumOf({greatest, 1});
  EXPECT_FALSE(sum.Narrow().has_value());
  sum.Add(SumOf({-greatest, -greatest, -2}));
  EXPECT_EQ(sum.Narrow(), -greatest - 1);
  EXPECT_EQ(SumOf({greatest, greatest}).ToDecimal256().ToIntegerString(),
            "340282366920938463463374607431768211454");
  EXPECT_EQ(SumOf({-greatest, -greatest}).ToDecimal256().ToIntegerString(),
            "-340282366920938463463374607431768211454");
}

TEST(NearestQuotient, IsRoundedOnce) {
  EXPECT_EQ(NearestQuotient(SumOf({110, -100, 110}), 3, 2), 0.4);
  EXPECT_EQ(NearestQuotient(SumOf({9007199254740993, 9007199254740993}), 2, 0), 9007199254740992.0);
  EXPECT_EQ(NearestQuotient(SumOf({9007199254740993}), 3, 0), 3002399751580331.0);
  EXPECT_EQ(NearestQuotient(SumOf({-9007199254740993}), 3, 0), -3002399751580331.0);
  EXPECT_EQ(NearestQuotient(SumOf({}), 7, 38), 0.0);
  EXPECT_FALSE(std::signbit(NearestQuotient(SumOf({}), 7, 38)));
  EXPECT_EQ(NearestQuotient(SumOf({1}), 1, 38), 1e-38);
  EXPECT_EQ(NearestQuotient(SumOf({1}), INT64_MAX, 38), 1e-38 / 9223372036854775808.0);
}

TEST(NearestQuotient, TiesGoToTheEvenOne) {
  const __int128 exact = __int128{1} << 53;
  EXPECT_EQ(NearestQuotient(SumOf({exact + 1}), 1, 0), std::ldexp(1.0, 53));
  EXPECT_EQ(NearestQuotient(SumOf({exact + 3}), 1, 0), std::ldexp(1.0, 53) + 4);
  EXPECT_EQ(NearestQuotient(SumOf({(exact + 1) * 10 + 1}), 1, 1), std::ldexp(1.0, 53) + 2);
  EXPECT_EQ(NearestQuotient(SumOf({(exact + 1) << 70U}), 1, 0), std::ldexp(1.0, 123));
  EXPECT_EQ(NearestQuotient(SumOf({((exact + 1) << 70U) + 1}), 1, 0),
            std::ldexp(std::ldexp(1.0, 53) + 2, 70));
}

// long double has 64 bits here: where its own rounding is not near a tie, it is a witness.
TEST(NearestQuotient, AgreesWithWiderArithmetic) {
  std::mt19937_64 random(20261129);
  for (int i = 0; i < 20'000; ++i) {
    const auto numerator = static_cast<int64_t>(random()) >> (random() % 60);
    const auto count = static_cast<int64_t>((random() >> 1U) >> (random() % 60)) + 1;
    const long double wide = static_cast<long double>(numerator) / static_cast<long double>(count);
    const auto near = static_cast<double>(wide);
    const double found = NearestQuotient(SumOf({numerator}), count, 0);
    ASSERT_LE(std::fabs(static_cast<long double>(found) - wide),
              std::fabs(static_cast<long double>(near) - wide) * (1 + 1e-3L))
        << numerator << " / " << count;
  }
}

TEST(NearestDouble, ReadsDecimalsOfAnySize) {
  EXPECT_EQ(
      NearestDouble(*arrow::Decimal128::FromString("12345678901234567890123456789012345678"), 38),
      0.12345678901234567890123456789012345678);
  EXPECT_EQ(NearestDouble(arrow::Decimal128(-1), 1), -0.1);
  EXPECT_EQ(NearestFloat(arrow::Decimal128(1), 1), 0.1F);
  // The double between is a tie of two floats.
  EXPECT_EQ(NearestFloat(*arrow::Decimal128::FromString("100000005960464477539062501"), 26),
            1.0000001F);
}

}  // namespace
}  // namespace iceframe
