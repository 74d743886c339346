// SPDX-License-Identifier: Apache-2.0
#include "iceframe/skipping/match_statistics.h"

#include <cmath>

#include <gtest/gtest.h>

#include "iceframe/expression/parse_expression.h"

namespace iceframe {
namespace {

TypedValue Of(const std::string& literal) {
  const Expression parsed = ParseExpression(literal).ValueOrDie();
  return {parsed.type(), parsed.as<LiteralNode>()->value};
}

StatedColumn Between(const std::string& lower, const std::string& upper) {
  StatedColumn column;
  column.lower = Of(lower);
  column.upper = Of(upper);
  return column;
}

MatchingRows Match(const std::string& filter, const StatedColumns& columns) {
  return MatchStatistics(ParseExpression(filter).ValueOrDie(), columns);
}

constexpr MatchingRows kNone = MatchingRows::kNone;
constexpr MatchingRows kUnknown = MatchingRows::kUnknown;
constexpr MatchingRows kAll = MatchingRows::kAll;

StatedColumn WithoutNulls(StatedColumn column) {
  column.null_count = 0;
  return column;
}

TEST(MatchStatistics, DecidesComparisonsByTheBounds) {
  const StatedColumns columns = {{"age", WithoutNulls(Between("18", "65"))}};
  EXPECT_EQ(Match("age > 65", columns), kNone);
  EXPECT_EQ(Match("age >= 65", columns), kUnknown);
  EXPECT_EQ(Match("age >= 18", columns), kAll);
  EXPECT_EQ(Match("age = 17", columns), kNone);
  EXPECT_EQ(Match("age IN (1, 70, 99)", columns), kNone);
  EXPECT_EQ(Match("age IN (1, 20)", columns), kUnknown);
  EXPECT_EQ(Match("age NOT IN (1, 70)", columns), kAll);
  EXPECT_EQ(Match("65 < age", columns), kNone);
  EXPECT_EQ(Match("age BETWEEN 66 AND 80", columns), kNone);
}

TEST(MatchStatistics, JoinsThreeValuedParts) {
  const StatedColumns columns = {{"a", WithoutNulls(Between("1", "5"))},
                                 {"b", Between("'k'", "'m'")}};
  EXPECT_EQ(Match("a > 5 AND b = 'l'", columns), kNone);
  EXPECT_EQ(Match("a > 5 OR b = 'l'", columns), kUnknown);
  EXPECT_EQ(Match("a > 5 OR b = 'z'", columns), kNone);
  EXPECT_EQ(Match("NOT (a <= 5)", columns), kNone);
  EXPECT_EQ(Match("NOT (a > 5)", columns), kAll);
  EXPECT_EQ(Match("NOT (b > 'm')", columns), kUnknown) << "there may be nulls";
  EXPECT_EQ(Match("b LIKE 'z%'", columns), kNone);
  EXPECT_EQ(Match("b LIKE 'l%'", columns), kUnknown);
}

TEST(MatchStatistics, TakesWhatItCannotDecideAsUnknown) {
  const StatedColumns columns = {{"a", Between("1", "5")}};
  EXPECT_EQ(Match("nope = 1", columns), kUnknown);
  EXPECT_EQ(Match("nope = 1 AND a > 9", columns), kNone);
  EXPECT_EQ(Match("a = 'text'", columns), kUnknown);
  EXPECT_EQ(Match("a = 'text' AND a > 9", columns), kNone);
  EXPECT_EQ(Match("a + 1 > 9", columns), kUnknown);
  EXPECT_EQ(Match("a = nope", columns), kUnknown);
  EXPECT_EQ(Match("a > 9", {}), kUnknown);
}

TEST(MatchStatistics, KnowsOfNulls) {
  StatedColumn all_null;
  all_null.value_count = all_null.null_count = 3;
  EXPECT_EQ(Match("a > 9", {{"a", all_null}}), kNone);
  EXPECT_EQ(Match("a <> 'x'", {{"a", all_null}}), kNone);
  EXPECT_EQ(Match("a IS NULL", {{"a", all_null}}), kAll);
  EXPECT_EQ(Match("a IS NOT NULL", {{"a", all_null}}), kNone);
  StatedColumn none_null;
  none_null.null_count = 0;
  EXPECT_EQ(Match("a IS NULL", {{"a", none_null}}), kNone);
  EXPECT_EQ(Match("a > 9", {{"a", none_null}}), kUnknown);
}

TEST(MatchStatistics, KnowsOfNaNs) {
  StatedColumn column = Between("0.5", "1.0");
  column.lower = TypedValue{Type::Double(), Value(0.5)};
  column.upper = TypedValue{Type::Double(), Value(1.0)};
  EXPECT_EQ(Match("x > 2", {{"x", column}}), kUnknown) << "NaN is above every number";
  EXPECT_EQ(Match("x < 0", {{"x", column}}), kNone);
  column.nan_count = 0;
  EXPECT_EQ(Match("x > 2", {{"x", column}}), kNone);
  // A bound that is NaN is no bound.
  column.upper = TypedValue{Type::Double(), Value(std::nan(""))};
  EXPECT_EQ(Match("x > 2", {{"x", column}}), kUnknown);
}

TEST(MatchStatistics, WholeBoundsMayBeAFloatingColumns) {
  const StatedColumns columns = {{"x", Between("1", "10")}};
  EXPECT_EQ(Match("x = 9.5", columns), kUnknown);
  EXPECT_EQ(Match("x = CAST(9.5 AS DOUBLE)", columns), kUnknown);
  EXPECT_EQ(Match("x > 9.5", columns), kUnknown);
  EXPECT_EQ(Match("x > 10.5", columns), kNone);
  EXPECT_EQ(Match("x > 10", columns), kNone);
  StatedColumn whole = Between("1", "10");
  whole.type = Type::Int();
  EXPECT_EQ(Match("x = 9.5", {{"x", whole}}), kNone);
}

TEST(MatchStatistics, FloatingBoundsMayBeAFloatColumns) {
  StatedColumn column;
  const auto tenth = static_cast<double>(0.1F);
  column.lower = column.upper = TypedValue{Type::Double(), Value(tenth)};
  column.nan_count = column.null_count = 0;
  // A float column finds the float nearest to 0.1.
  EXPECT_EQ(Match("x = 0.1", {{"x", column}}), kUnknown);
  EXPECT_EQ(Match("x = 0.2", {{"x", column}}), kNone);
}

TEST(MatchStatistics, DecimalsMayHaveAnyScale) {
  const StatedColumns columns = {{"d", Between("DECIMAL(3, 2) '1.10'", "DECIMAL(3, 2) '2.50'")}};
  EXPECT_EQ(Match("d = 1.105", columns), kUnknown);
  EXPECT_EQ(Match("d > 2.5", columns), kNone);
  EXPECT_EQ(Match("d > 2.499", columns), kUnknown);
}

TEST(MatchStatistics, IgnoresBoundsThatCannotBeRight) {
  EXPECT_EQ(Match("a = 7", {{"a", Between("9", "1")}}), kUnknown);
  EXPECT_EQ(Match("a = 7", {{"a", Between("'x'", "1")}}), kUnknown);
  StatedColumn text = Between("'x'", "'y'");
  text.type = Type::Long();
  EXPECT_EQ(Match("a = 7", {{"a", text}}), kUnknown);
}

TEST(MatchStatistics, DecidesFiltersOfManyParts) {
  std::string filter = "a = 1000";
  for (int i = 1001; i < 1400; ++i) filter += " OR a = " + std::to_string(i);
  EXPECT_EQ(Match(filter, {{"a", Between("1", "999")}}), kNone);
  EXPECT_EQ(Match(filter, {{"a", Between("1", "1399")}}), kUnknown);
}

}  // namespace
}  // namespace iceframe
