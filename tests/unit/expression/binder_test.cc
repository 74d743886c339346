// SPDX-License-Identifier: Apache-2.0
#include "iceframe/expression/binder.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/expression/parse_expression.h"

namespace iceframe {
namespace {

using testing::HasSubstr;
using testing::Not;

std::shared_ptr<const Schema> TestSchema() {
  const auto decimal = *Type::Decimal(9, 2);
  const auto fixed = *Type::Fixed(2);
  return *Schema::Make(
      SchemaId(0),
      {NestedField::Optional(1, "i", Type::Int()), NestedField::Optional(2, "l", Type::Long()),
       NestedField::Optional(3, "f", Type::Float()), NestedField::Optional(4, "d", Type::Double()),
       NestedField::Optional(5, "dec", decimal), NestedField::Optional(6, "s", Type::String()),
       NestedField::Optional(7, "dt", Type::Date()),
       NestedField::Optional(8, "ts", Type::Timestamp()),
       NestedField::Optional(9, "tz", Type::Timestamptz()),
       NestedField::Optional(10, "ns", Type::TimestampNs()),
       NestedField::Optional(11, "u", Type::Uuid()), NestedField::Optional(12, "fx", fixed),
       NestedField::Optional(13, "b", Type::Boolean()),
       NestedField::Required(14, "id", Type::Int()),
       NestedField::Optional(15, "st",
                             Type::Struct({NestedField::Optional(16, "Inner", Type::Int())})),
       NestedField::Optional(17, "li", Type::List(NestedField::Optional(18, "", Type::Int()))),
       NestedField::Optional(19, "bin", Type::Binary()),
       NestedField::Optional(20, "t", Type::Time())});
}

std::string Bound(const Expression& e) {
  const auto bound = BindPredicate(e, *TestSchema());
  return bound.ok() ? bound->ToString() : bound.status().message();
}

TEST(Binder, FindsColumnsByNameAndSaysWhichWasMeant) {
  const auto schema = TestSchema();
  const Expression bound = *Bind(Col("st.Inner"), *schema);
  EXPECT_EQ(bound.as<ColumnNode>()->field_id, 16);
  EXPECT_EQ(bound.type(), Type::Int());
  EXPECT_FALSE(Bind(Col("ST.inner"), *schema).ok());
  EXPECT_EQ(Bind(Col("ST.inner"), *schema, false)->as<ColumnNode>()->name, "st.Inner");
  EXPECT_THAT(Bound(Equal(Col("st.Inne"), Lit(1))), HasSubstr("did you mean st.Inner?"));
  EXPECT_THAT(Bound(Equal(Col("li.element"), Lit(1))), HasSubstr("inside a list or map"));
}

TEST(Binder, LiteralTakesTheColumnsTypeWithoutLoss) {
  EXPECT_EQ(Bound(Equal(Col("l"), Lit(5))), "l = LONG '5'");
  EXPECT_EQ(Bound(Equal(Col("d"), Lit(5))), "d = 5.0e0");
  EXPECT_EQ(Bound(Equal(Col("dec"), Lit(5))), "dec = DECIMAL(9, 2) '5.00'");
  EXPECT_EQ(Bound(Equal(Lit(5), Col("i"))), "i = 5");
  EXPECT_EQ(Bound(Less(Lit(5), Col("i"))), "i > 5");
  EXPECT_EQ(Bound(Equal(Col("dt"), Lit("2024-02-29"))), "dt = DATE '2024-02-29'");
  EXPECT_EQ(Bound(Equal(Col("i"), Lit(5.0))), "i = 5");
  EXPECT_EQ(Bound(Equal(Col("d"), Lit(-0.0))), "d = 0.0e0");
}

TEST(Binder, LiteralBetweenTwoValuesRoundsTheRangeNotTheValue) {
  EXPECT_EQ(Bound(Less(Col("i"), Lit(2.5))), "i <= 2");
  EXPECT_EQ(Bound(LessEqual(Col("i"), Lit(2.5))), "i <= 2");
  EXPECT_EQ(Bound(Greater(Col("i"), Lit(-2.5))), "i > -3");
  EXPECT_EQ(Bound(GreaterEqual(Col("i"), Lit(2.5))), "i > 2");
  EXPECT_EQ(Bound(Equal(Col("i"), Lit(2.5))), "i IS NULL AND BOOLEAN NULL");
  EXPECT_EQ(Bound(NotEqual(Col("i"), Lit(2.5))), "i IS NOT NULL OR BOOLEAN NULL");
  const auto thousandth = *Lit(*Type::Decimal(9, 3), Value(arrow::Decimal128(-1001)));
  EXPECT_EQ(Bound(Less(Col("dec"), thousandth)), "dec <= DECIMAL(9, 2) '-1.01'");
  EXPECT_EQ(Bound(Less(Col("dt"), *Lit(Type::Timestamp(), Value(int64_t{-1})))),
            "dt <= DATE '1969-12-31'");
}

TEST(Binder, LiteralBeyondTheColumnsValuesIsNullForNullElseConstant) {
  constexpr int64_t kBig = int64_t{1} << 40;
  EXPECT_EQ(Bound(Less(Col("i"), Lit(kBig))), "i IS NOT NULL OR BOOLEAN NULL");
  EXPECT_EQ(Bound(Greater(Col("i"), Lit(kBig))), "i IS NULL AND BOOLEAN NULL");
  EXPECT_EQ(Bound(Less(Col("i"), Lit(-kBig))), "i IS NULL AND BOOLEAN NULL");
  EXPECT_EQ(Bound(Equal(Col("id"), Lit(kBig))), "FALSE");
  EXPECT_EQ(Bound(Less(Col("id"), Lit(kBig))), "TRUE");
  EXPECT_EQ(Bound(Less(Col("dec"), Lit(kBig))), "dec IS NOT NULL OR BOOLEAN NULL");
  EXPECT_EQ(Bound(Less(Col("i"), Lit(std::numeric_limits<double>::quiet_NaN()))),
            "i IS NOT NULL OR BOOLEAN NULL");
}

TEST(Binder, TimestampsBeyondNanosecondsAreAboveOrBelowAll) {
  EXPECT_EQ(Bound(Less(Col("ns"), Lit("2500-01-01 00:00:00"))), "ns IS NOT NULL OR BOOLEAN NULL");
  EXPECT_EQ(Bound(Less(Col("ns"), Lit("1500-01-01"))), "ns IS NULL AND BOOLEAN NULL");
  EXPECT_EQ(Bound(Less(Col("ts"), Lit("1969-12-31 23:59:59.999999001"))),
            "ts <= TIMESTAMP '1969-12-31T23:59:59.999999'");
}

TEST(Binder, ZonedAndUnzonedNeverCompare) {
  EXPECT_THAT(Bound(Less(Col("tz"), Lit("2024-01-01 00:00:00"))), HasSubstr("time zone"));
  EXPECT_THAT(Bound(Less(Col("ts"), Lit("2024-01-01 00:00:00Z"))), HasSubstr("time zone"));
  EXPECT_THAT(Bound(Less(Col("ts"), Col("tz"))), HasSubstr("time zone"));
  EXPECT_THAT(Bound(Less(Col("dt"), Col("tz"))), HasSubstr("time zone"));
  EXPECT_EQ(Bound(Less(Col("tz"), Lit("2024-01-01T01:00+01:00"))),
            "tz < TIMESTAMPTZ '2024-01-01T00:00:00+00:00'");
}

TEST(Binder, LiteralsBecomeTheNearestFloatCastsStayDoubles) {
  EXPECT_EQ(Bound(Equal(Col("f"), Lit(0.1))), "f = FLOAT '0.1'");
  EXPECT_EQ(Bound(LessEqual(Lit(0.1), Col("f"))), "f >= FLOAT '0.1'");
  EXPECT_EQ(Bound(In(Col("f"), Type::Double(), {Value(0.1), Value(0.25)})),
            "f IN (FLOAT '0.1', FLOAT '0.25')");
  EXPECT_EQ(Bound(Equal(Col("f"), *Lit(*Type::Decimal(1, 1), Value(arrow::Decimal128(1))))),
            "f = FLOAT '0.1'");
  const Expression typed = Cast(Lit(0.1), Type::Double());
  EXPECT_EQ(Bound(Equal(Col("f"), typed)), "f IS NULL AND BOOLEAN NULL");
  EXPECT_EQ(Bound(Less(Col("f"), typed)), "f <= FLOAT '0.099999994'");
  EXPECT_EQ(Bound(Equal(Cast(Col("f"), Type::Double()), Lit(0.1))), "CAST(f AS DOUBLE) = 0.1e0");
  EXPECT_EQ(Bound(Equal(Col("f"), Lit(1e300))), "f IS NULL AND BOOLEAN NULL");
  EXPECT_EQ(Bound(Less(Col("f"), Lit(1e300))), "f <= FLOAT '3.4028235e+38'");
}

TEST(Binder, BytesMeetUuids) {
  const std::string bytes("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f", 16);
  const std::string text = "UUID '00010203-0405-0607-0809-0a0b0c0d0e0f'";
  const auto bytes_of = [](std::string value) { return *Lit(Type::Binary(), Value(value)); };
  EXPECT_EQ(Bound(Equal(Col("u"), bytes_of(bytes))), "u = " + text);
  EXPECT_EQ(Bound(Less(bytes_of(bytes), Col("u"))), "u > " + text);
  EXPECT_EQ(Bound(Equal(Col("u"), *Lit(*Type::Fixed(16), Value(bytes)))), "u = " + text);
  EXPECT_EQ(Bound(In(Col("u"), Type::Binary(), {Value(bytes), Value(std::string("x"))})),
            "u IN (" + text + ")");
  EXPECT_EQ(Bound(Equal(Col("u"), bytes_of("x"))), "u IS NULL AND BOOLEAN NULL");
  EXPECT_EQ(Bound(GreaterEqual(Col("u"), bytes_of(bytes + "x"))), "u > " + text);
  EXPECT_EQ(Bound(Less(Col("u"), bytes_of(""))), "u IS NULL AND BOOLEAN NULL");
}

TEST(Binder, ColumnsThatAreMeantAsTextNameTheRemedy) {
  const auto remedy = HasSubstr("; text takes single quotes: 'Oslo'");
  EXPECT_THAT(Bound(Equal(Col("s"), Col("Oslo"))), remedy);
  EXPECT_THAT(Bound(Less(Col("Oslo"), Col("dt"))), remedy);
  EXPECT_THAT(Bound(Equal(Col("i"), Col("Oslo"))), Not(HasSubstr("quotes")));
  EXPECT_THAT(Bound(Equal(Col("Rome"), Col("Oslo"))), Not(HasSubstr("quotes")));
}

TEST(Binder, ComputedValuesTakeFloatLiteralsToo) {
  const auto type_of = [](const char* text) {
    const auto bound = Bind(*ParseExpression(text), *TestSchema());
    return bound.ok() ? bound->type().ToString() : bound.status().message();
  };
  EXPECT_EQ(type_of("f + 1e-1"), "float");
  EXPECT_EQ(type_of("f + 0.1"), "float");
  EXPECT_EQ(type_of("coalesce(f, 1e-1)"), "float");
  EXPECT_EQ(type_of("greatest(1e-1, f)"), "float");
  EXPECT_EQ(type_of("CASE WHEN b THEN f ELSE 1e-1 END"), "float");
  EXPECT_EQ(type_of("f + DOUBLE '0.1'"), "double");
  EXPECT_EQ(type_of("f + 0.1::double"), "double");
  EXPECT_EQ(type_of("greatest(1e-1, f, d)"), "double");
  EXPECT_EQ(type_of("coalesce(f, 1e300)"), "double");
  EXPECT_EQ(type_of("i + 1e-1"), "double");
}

TEST(Binder, ColumnsOfTwoTypesMeetInACast) {
  EXPECT_EQ(Bound(Less(Col("i"), Col("l"))), "CAST(i AS LONG) < l");
  EXPECT_EQ(Bound(Less(Col("i"), Col("dec"))),
            "CAST(i AS DECIMAL(12, 2)) < CAST(dec AS DECIMAL(12, 2))");
  EXPECT_EQ(Bound(Less(Col("f"), Col("l"))), "f < CAST(l AS FLOAT)");
  EXPECT_THAT(Bound(Less(Col("s"), Col("i"))), HasSubstr("can't be compared"));
  EXPECT_THAT(Bound(Less(Col("s"), Lit(1))), HasSubstr("can't be compared"));
  EXPECT_THAT(Bound(Less(Col("i"), Lit("1"))), HasSubstr("can't be compared"));
  EXPECT_THAT(Bound(Less(Col("st"), Lit(1))), HasSubstr("can't be compared"));
}

TEST(Binder, InListKeepsTheValuesTheColumnCanHave) {
  EXPECT_EQ(
      Bound(In(Col("i"), Type::Long(),
               {Value(int64_t{9}), Value(int64_t{2}), Value(int64_t{9}), Value(int64_t{1} << 40)})),
      "i IN (2, 9)");
  EXPECT_EQ(Bound(In(Col("i"), Type::Int(), {Value(1), Value()})), "i IN (1) OR BOOLEAN NULL");
  EXPECT_EQ(Bound(NotIn(Col("i"), Type::Int(), {Value(1), Value()})),
            "i NOT IN (1) AND BOOLEAN NULL");
  EXPECT_EQ(Bound(In(Col("i"), Type::Int(), {})), "FALSE");
  EXPECT_EQ(Bound(NotIn(Col("i"), Type::Int(), {})), "TRUE");
  EXPECT_EQ(Bound(In(Col("d"), Type::Double(), {Value(0.0), Value(-0.0)})), "d IN (0.0e0)");
}

TEST(Binder, NullLiteralMakesAComparisonNull) {
  EXPECT_EQ(Bound(Equal(Col("i"), NullLit())), "BOOLEAN NULL");
  EXPECT_EQ(Bound(IsNull(Col("id"))), "FALSE");
  EXPECT_EQ(Bound(IsNotNull(Col("id"))), "TRUE");
}

TEST(Binder, FixedComparesWithBytesOfAnyLength) {
  EXPECT_EQ(Bound(Less(Col("fx"), Lit("ab"))), "fx < FIXED(2) '6162'");
  EXPECT_EQ(Bound(Less(Col("fx"), Lit("abc"))), "fx <= FIXED(2) '6162'");
  EXPECT_EQ(Bound(GreaterEqual(Col("fx"), Lit("a"))), "fx > FIXED(2) '60ff'");
  EXPECT_EQ(Bound(GreaterEqual(Col("fx"), Lit(""))), "fx IS NOT NULL OR BOOLEAN NULL");
}

TEST(Binder, ConditionsMustBeBoolean) {
  EXPECT_THAT(Bound(Col("i")), HasSubstr("must be boolean"));
  EXPECT_THAT(Bound(And(Col("b"), Col("i"))), HasSubstr("must be boolean"));
  EXPECT_THAT(Bound(Not(Col("s"))), HasSubstr("must be boolean"));
  EXPECT_EQ(Bound(Col("b")), "b");
}

TEST(Binder, TooDeepOrMisshapenTreesAreRefused) {
  Expression deep = Col("b");
  for (int i = 0; i < 5000; ++i) deep = Not(deep);
  EXPECT_THAT(Bound(deep), HasSubstr("too deeply"));
  EXPECT_THAT(Bound(Expression(ComparisonNode{ComparisonOp::kEqual, {Col("b")}})),
              HasSubstr("number of operands"));
}

TEST(Binder, FunctionsAreKnownByNameAndTypes) {
  EXPECT_EQ(Bound(Equal(Function("LENGTH", {Col("s")}), Lit(2))), "length(s) = LONG '2'");
  EXPECT_THAT(Bound(Equal(Function("lenght", {Col("s")}), Lit(2))),
              HasSubstr("did you mean length?"));
  EXPECT_THAT(Bound(Equal(Function("length", {Col("i")}), Lit(2))), HasSubstr("length(int)"));
  EXPECT_THAT(Bound(Equal(Function("length", {}), Lit(2))), HasSubstr("number of arguments"));
}

TEST(Binder, ArithmeticTypesFollowTheOperands) {
  const auto schema = TestSchema();
  const auto type = [&](ArithmeticOp op, const char* a, const char* b) {
    const auto bound = Bind(Arithmetic(op, Col(a), Col(b)), *schema);
    return bound.ok() ? bound->type().ToString() : bound.status().message();
  };
  EXPECT_EQ(type(ArithmeticOp::kAdd, "i", "i"), "int");
  EXPECT_EQ(type(ArithmeticOp::kAdd, "i", "l"), "long");
  EXPECT_EQ(type(ArithmeticOp::kDivide, "i", "i"), "double");
  EXPECT_EQ(type(ArithmeticOp::kDivide, "f", "i"), "float");
  EXPECT_EQ(type(ArithmeticOp::kAdd, "dec", "dec"), "decimal(10, 2)");
  EXPECT_EQ(type(ArithmeticOp::kMultiply, "dec", "dec"), "decimal(18, 4)");
  EXPECT_THAT(type(ArithmeticOp::kAdd, "s", "i"), HasSubstr("arithmetic needs numbers"));
}

}  // namespace
}  // namespace iceframe
