// SPDX-License-Identifier: Apache-2.0
#include "iceframe/types/value.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "iceframe/types/type.h"

namespace iceframe {
namespace {

TEST(Value, FloatsAreEqualByBitsWithAllNaNsAlike) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(Value(nan), Value(-nan));
  EXPECT_NE(Value(0.0), Value(-0.0));
  EXPECT_NE(Value(0.0F), Value(-0.0F));
  EXPECT_NE(Value(1.0F), Value(1.0));
  EXPECT_EQ(Value(), Value::Null());
}

TEST(Value, NestedValuesAreEqualByContent) {
  EXPECT_EQ(Value::FromNested({Value(1), Value("a")}), Value::FromNested({Value(1), Value("a")}));
  EXPECT_NE(Value::FromNested({Value(1)}), Value::FromNested({Value(2)}));
  EXPECT_TRUE(Value(1).nested().empty());
}

TEST(Value, ComparesAsBoundsDo) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_LT(CompareValues(Type::Double(), Value(-0.0), Value(0.0)), 0);
  EXPECT_GT(CompareValues(Type::Double(), Value(nan), Value(infinity)), 0);
  EXPECT_EQ(CompareValues(Type::Double(), Value(nan), Value(-nan)), 0);
  EXPECT_LT(CompareValues(Type::Float(), Value(-1.0F), Value(0.0F)), 0);
  EXPECT_LT(CompareValues(Type::String(), Value("z"), Value("\xc3\xa9")), 0);
  EXPECT_LT(CompareValues(Type::Binary(), Value("\x7f"), Value("\x80")), 0);
  EXPECT_LT(CompareValues(Type::String(), Value("a"), Value("ab")), 0);
  EXPECT_LT(CompareValues(*Type::Decimal(9, 2), Value(arrow::Decimal128(-5)),
                          Value(arrow::Decimal128(3))),
            0);
  EXPECT_GT(CompareValues(Type::Long(), Value(int64_t{5}), Value(int64_t{-5})), 0);
  EXPECT_LT(CompareValues(Type::Boolean(), Value(false), Value(true)), 0);
}

TEST(Value, FitsAsksForTheHeldKindAndWidth) {
  EXPECT_TRUE(Fits(Type::Int(), Value(1)));
  EXPECT_FALSE(Fits(Type::Long(), Value(1)));
  EXPECT_TRUE(Fits(Type::Long(), Value()));
  EXPECT_FALSE(Fits(*Type::Fixed(3), Value("ab")));
  EXPECT_FALSE(Fits(Type::Uuid(), Value("ab")));
  EXPECT_FALSE(Fits(*Type::Decimal(2, 0), Value(arrow::Decimal128(100))));
  const Type list = Type::List(NestedField::Optional(1, "", Type::Int()));
  EXPECT_TRUE(Fits(list, Value::FromNested({Value(1), Value()})));
  EXPECT_FALSE(Fits(list, Value::FromNested({Value("a")})));
  const Type map = Type::Map(NestedField::Required(1, "", Type::Int()),
                             NestedField::Optional(2, "", Type::Int()));
  EXPECT_FALSE(Fits(map, Value::FromNested({Value(1)})));
}

TEST(Value, ReadableForms) {
  EXPECT_EQ(ToString(Type::Date(), Value(-1)), "1969-12-31");
  EXPECT_EQ(ToString(Type::Time(), Value(int64_t{1})), "00:00:00.000001");
  EXPECT_EQ(ToString(Type::Timestamp(), Value(int64_t{-1})), "1969-12-31T23:59:59.999999");
  EXPECT_EQ(ToString(Type::Timestamptz(), Value(int64_t{0})), "1970-01-01T00:00:00+00:00");
  EXPECT_EQ(ToString(Type::TimestampNs(), Value(int64_t{1'500'000'000})), "1970-01-01T00:00:01.5");
  EXPECT_EQ(ToString(Type::String(), Value("it's")), "'it''s'");
  EXPECT_EQ(ToString(Type::Binary(), Value("\x01\xff")), "0x01ff");
  EXPECT_EQ(ToString(*Type::Decimal(9, 3), Value(arrow::Decimal128(-5))), "-0.005");
  EXPECT_EQ(ToString(Type::Double(), Value(1.0)), "1.0");
  EXPECT_EQ(ToString(Type::Int(), Value()), "null");
  EXPECT_EQ(ToString(Type::Int(), Value("x")), "<not a int>");
  EXPECT_EQ(ToString(Type::List(NestedField::Optional(1, "", Type::Int())),
                     Value::FromNested({Value(1), Value()})),
            "[1, null]");
}

}  // namespace
}  // namespace iceframe
