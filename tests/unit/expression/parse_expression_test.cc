// SPDX-License-Identifier: Apache-2.0
#include "iceframe/expression/parse_expression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace iceframe {
namespace {

using testing::HasSubstr;

Expression Parsed(std::string_view text) {
  auto parsed = ParseExpression(text);
  EXPECT_TRUE(parsed.ok()) << parsed.status().ToString();
  return parsed.ok() ? *parsed : NullLit();
}
std::string Refused(std::string_view text) {
  const auto parsed = ParseExpression(text);
  EXPECT_FALSE(parsed.ok()) << text;
  return parsed.ok() ? "" : parsed.status().message();
}

TEST(ParseExpression, ReadsTheUsualFilter) {
  EXPECT_EQ(Parsed("age > 30 AND city IN ('Oslo', 'Rome')"),
            And(Greater(Col("age"), Lit(30)),
                In(Col("city"), Type::String(), {Value("Oslo"), Value("Rome")})));
  EXPECT_EQ(
      Parsed("a = 1 or b = 2 and not c = 3"),
      Or(Equal(Col("a"), Lit(1)), And(Equal(Col("b"), Lit(2)), Not(Equal(Col("c"), Lit(3))))));
}

TEST(ParseExpression, LiteralsHaveTheTypeOfTheirSpelling) {
  EXPECT_EQ(Parsed("2147483647"), Lit(2147483647));
  EXPECT_EQ(Parsed("-2147483648"), Lit(INT32_MIN));
  EXPECT_EQ(Parsed("2147483648"), Lit(int64_t{2147483648}));
  EXPECT_EQ(Parsed("-9223372036854775808"), Lit(INT64_MIN));
  EXPECT_EQ(Parsed("9223372036854775808").type(), *Type::Decimal(19, 0));
  EXPECT_EQ(Parsed("1.50"), *Lit(*Type::Decimal(3, 2), Value(arrow::Decimal128(150))));
  EXPECT_EQ(Parsed("1e3"), Lit(1000.0));
  EXPECT_EQ(Parsed("x'00ff'"), *Lit(Type::Binary(), Value(std::string("\0\xff", 2))));
  EXPECT_EQ(Parsed("DATE '1970-01-02'"), *Lit(Type::Date(), Value(1)));
  EXPECT_EQ(Parsed("TIME '00:00:01'"), *Lit(Type::Time(), Value(int64_t{1000000})));
  EXPECT_EQ(Parsed("TIMESTAMP '1970-01-01 00:00:00.000001'"),
            *Lit(Type::Timestamp(), Value(int64_t{1})));
  EXPECT_EQ(Parsed("TIMESTAMP '1970-01-01 00:00:00.000000001'"),
            *Lit(Type::TimestampNs(), Value(int64_t{1})));
  EXPECT_EQ(Parsed("TIMESTAMPTZ '1970-01-01 01:00:00+01:00'"),
            *Lit(Type::Timestamptz(), Value(int64_t{0})));
  EXPECT_EQ(Parsed("NULL"), NullLit());
  EXPECT_EQ(Parsed("'it''s'"), Lit("it's"));
}

TEST(ParseExpression, NamesKeepTheirCaseAndTakeAnyCharacterInQuotes) {
  EXPECT_EQ(Parsed("Person.Age"), Col("Person.Age"));
  EXPECT_EQ(Parsed("\"say \"\"hi\"\"\".`b``c`"), Col("say \"hi\".b`c"));
  EXPECT_EQ(Parsed("größe = 1"), Equal(Col("größe"), Lit(1)));
  EXPECT_EQ(Parsed("date > DATE '2020-01-01'").operands()[0], Col("date"));
  EXPECT_EQ(Parsed("\"select\""), Col("select"));
}

TEST(ParseExpression, PrecedenceFollowsSql) {
  EXPECT_EQ(Parsed("1 + 2 * 3 - 4").ToString(), "1 + 2 * 3 - 4");
  EXPECT_EQ(Parsed("(1 + 2) * 3").ToString(), "(1 + 2) * 3");
  EXPECT_EQ(Parsed("a - (b - c)").ToString(), "a - (b - c)");
  EXPECT_EQ(Parsed("NOT a IS NULL"), Not(IsNull(Col("a"))));
  EXPECT_EQ(Parsed("a = b IS NULL"), IsNull(Equal(Col("a"), Col("b"))));
  EXPECT_EQ(Parsed("-a::int"), Function("negate", {Cast(Col("a"), Type::Int())}));
  EXPECT_EQ(Parsed("a BETWEEN 1 AND 2 AND b"), And(Between(Col("a"), Lit(1), Lit(2)), Col("b")));
  EXPECT_EQ(Parsed("a || 'x' LIKE 'b%'").ToString(), "a || 'x' LIKE 'b%'");
}

TEST(ParseExpression, CommentsAreBlanks) {
  EXPECT_EQ(Parsed("n > 1 -- 5"), Greater(Col("n"), Lit(1)));
  EXPECT_EQ(Parsed("n -- the number\n > 1"), Greater(Col("n"), Lit(1)));
  EXPECT_EQ(Parsed("n -- the number\r > 1"), Greater(Col("n"), Lit(1)));
  EXPECT_EQ(Parsed("/* a */n/**/>/* b\n -- c */1--"), Greater(Col("n"), Lit(1)));
  EXPECT_EQ(Parsed("n /* outer /* inner */ still */ > 1"), Greater(Col("n"), Lit(1)));
  EXPECT_EQ(Parsed("n - -1"), Arithmetic(ArithmeticOp::kSubtract, Col("n"), Lit(-1)));
  EXPECT_EQ(Parsed("'-- a /* b' = `/*c*/` AND \"--d\" = '*/'").ToString(),
            "'-- a /* b' = \"/*c*/\" AND \"--d\" = '*/'");
  EXPECT_THAT(Refused("n > 1 /* and more"), HasSubstr("never closed, at column 7"));
  EXPECT_THAT(Refused("n > 1 /* a /* b */"), HasSubstr("never closed, at column 7"));
  EXPECT_THAT(Refused("n > 1 */"), HasSubstr("no comment to close, at column 7"));
  EXPECT_THAT(Refused("n > /*/ 1"), HasSubstr("never closed"));
  EXPECT_THAT(Refused("-- nothing"), HasSubstr("the text ends"));
  EXPECT_TRUE(ParseType("decimal(9, /* two */ 2) -- digits").ok());
  EXPECT_TRUE(ParseSortKey("n DESC -- last").ok());
}

TEST(ParseExpression, ATypedDoubleIsACast) {
  EXPECT_EQ(Parsed("DOUBLE '0.1'"), Cast(Lit(0.1), Type::Double()));
  EXPECT_EQ(Parsed("1e-1"), Lit(0.1));
}

TEST(ParseExpression, LikeHasNoEscapeUnlessOneIsNamed) {
  EXPECT_EQ(Parsed(R"(s LIKE 'a\%')"), Like(Col("s"), R"(a\\%)"));
  EXPECT_EQ(Parsed(R"(s LIKE 'a!%!!\' ESCAPE '!')"), Like(Col("s"), R"(a\%\!\\)"));
  EXPECT_THAT(Refused("s LIKE 'a!' ESCAPE '!'"), HasSubstr("ends with its escape"));
}

TEST(ParseExpression, InListsTakeOneTypeOrBecomeAlternatives) {
  EXPECT_EQ(Parsed("a IN (1, 3000000000)"),
            In(Col("a"), Type::Long(), {Value(int64_t{1}), Value(int64_t{3000000000})}));
  EXPECT_EQ(Parsed("a IN (1, 2.5, NULL)"),
            In(Col("a"), *Type::Decimal(11, 1),
               {Value(arrow::Decimal128(10)), Value(arrow::Decimal128(25)), Value()}));
  EXPECT_EQ(Parsed("a IN (b, 1)"), Or(Equal(Col("a"), Col("b")), Equal(Col("a"), Lit(1))));
  EXPECT_EQ(Parsed("a NOT IN (b)"), NotEqual(Col("a"), Col("b")));
}

TEST(ParseExpression, ErrorsPointAtTheColumn) {
  EXPECT_EQ(Refused("age > AND 3"),
            "expression can't be read: a value is expected, not 'AND', at column 7\n"
            "  age > AND 3\n"
            "        ^");
  EXPECT_THAT(Refused("größe = 'x"), HasSubstr("at column 9\n  größe = 'x\n          ^"));
  EXPECT_THAT(Refused("a = 1 = 2"), HasSubstr("does not chain"));
  EXPECT_THAT(Refused("a = 1 b"), HasSubstr("at column 7"));
  EXPECT_THAT(Refused("a = DATE '2023-02-29'"), HasSubstr("no date, at column 10"));
  EXPECT_THAT(Refused("a = TIMESTAMPTZ '2023-02-28 00:00:00'"), HasSubstr("zone"));
  EXPECT_THAT(Refused("CAST(a AS nothing)"), HasSubstr("no type of this name"));
  EXPECT_THAT(Refused("a = 12abc"), HasSubstr("at column 7"));
  EXPECT_THAT(Refused(""), HasSubstr("the text ends"));
  EXPECT_THAT(Refused("a = #"), HasSubstr("means nothing"));
  EXPECT_THAT(Refused("a = \xff"), HasSubstr("UTF-8"));
}

TEST(ParseExpression, DepthAndLengthAreBounded) {
  const auto repeat = [](std::string_view piece, size_t bytes) {
    std::string text;
    while (text.size() < bytes) text += piece;
    return text;
  };
  EXPECT_THAT(Refused(repeat("(", 1 << 16)), HasSubstr("nested"));
  EXPECT_THAT(Refused(repeat("NOT ", 1 << 16)), HasSubstr("nested"));
  EXPECT_THAT(Refused(repeat("- ", 1 << 16)), HasSubstr("nested"));
  EXPECT_THAT(Refused(repeat("f(", 1 << 16)), HasSubstr("nested"));
  EXPECT_THAT(Refused("a" + repeat("+a", 1 << 16)), HasSubstr("nested"));
  EXPECT_THAT(Refused("a" + repeat("::int", 1 << 16)), HasSubstr("nested"));
  EXPECT_THAT(Refused(repeat(" ", kMaxExpressionTextBytes + 1)), HasSubstr("too long"));
}

TEST(ParseExpression, TenThousandAlternativesAndItemsAreFlat) {
  std::string alternatives = "a = 0";
  std::string list = "a IN (0";
  for (int i = 1; i < 10'000; ++i) {
    alternatives += " OR a = " + std::to_string(i);
    list += ", " + std::to_string(i);
  }
  EXPECT_EQ(Parsed(alternatives).operands().size(), 10'000U);
  EXPECT_EQ(Parsed(list + ")").as<InNode>()->values.size(), 10'000U);
}

class TextRoundTrip : public testing::TestWithParam<const char*> {};

TEST_P(TextRoundTrip, GivesAnEqualTree) {
  const Expression first = Parsed(GetParam());
  EXPECT_EQ(Parsed(first.ToString()), first) << first.ToString();
}

INSTANTIATE_TEST_SUITE_P(
    Texts, TextRoundTrip,
    testing::Values(
        "a AND (b OR c) AND NOT (d AND e)", "NOT (a OR b)", "(NOT a) IS NULL", "(a = b) = (c < d)",
        "a - b - c", "a - (b - c)", "a / (b * c) % d", "-(-a)", "- 5 - -5", "-a * -b",
        "(a || b) || c", "a || (b || c)", "a IS NOT TRUE", "(a AND b) IS FALSE",
        "x NOT BETWEEN 1 AND 2", "x NOT IN (1, 2.5, -0.25)", "x IN ()", "x IN (NULL)",
        "x IN (3000000000, 1)", "x IN (1e0, 2, 3.5)", "x IN (DATE '2020-01-01', NULL)",
        "x NOT STARTS WITH 'a''b'", R"(x LIKE 'a\_b%' ESCAPE '\')", R"(x ILIKE 'a\b')",
        "CAST(a AS DECIMAL(9,2)) > 1.25", "a::timestamptz < TIMESTAMPTZ '2020-01-01T00:00:00Z'",
        "coalesce(a, 'x', lower(b)) = 'y'", "isnan(a) OR a IS NOT NAN", "\"a.b\".\"c d\" = `e`",
        "x = x'00FF'", "u = UUID 'f79c3e09-677c-4bbd-a479-3f349cb785e7'", "LONG '5'", "FLOAT '0.1'",
        "DOUBLE 'NaN'", "DOUBLE '0.1' = f", "f IN (DOUBLE '0.1', 1e0)", "DOUBLE '-Infinity'",
        "-0e0", "INT NULL", "DECIMAL(9, 2) '1.50'", "0.5", "99999999999999999999",
        "FIXED(2) '6162'", "TIME '23:59:59.999999'", "TIMESTAMP_NS '1677-09-21 00:12:43.145224193'",
        "DATE '-0044-03-15'", "DATE '+12345-01-01'", "TIMESTAMP '-290000-01-01 00:00:00'", "a AS b",
        "(a AS b) = 1", "\"decimal\"(a, \"cast\"(b))",
        "'\xf0\x9f\x98\x80' = \"\xf0\x9f\x98\x80\""));

}  // namespace
}  // namespace iceframe
