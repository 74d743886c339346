// SPDX-License-Identifier: Apache-2.0
#include "iceframe/expression/redacted_text.h"

#include <arrow/testing/gtest_util.h>
#include <gtest/gtest.h>

#include "iceframe/expression/parse_expression.h"

namespace iceframe {
namespace {

std::string Redacted(std::string_view text) {
  const auto expression = ParseExpression(text);
  EXPECT_TRUE(expression.ok()) << expression.status().ToString();
  return expression.ok() ? RedactedText(*expression) : "";
}

TEST(RedactedText, LiteralsAreLeftOut) {
  EXPECT_EQ(Redacted("age > 30 AND name = 'Ada'"), "age > ? AND name = ?");
  EXPECT_EQ(Redacted("id IN (1, 2, 3)"), "id IN (?)");
  EXPECT_EQ(Redacted("id NOT IN (1)"), "id NOT IN (?)");
  EXPECT_EQ(Redacted("name LIKE 'A\\_%' ESCAPE '\\'"), "name LIKE ?");
  EXPECT_EQ(Redacted("NOT starts_with(name, 'A')"), "NOT name STARTS WITH ?");
  EXPECT_EQ(Redacted("CASE WHEN a = 1 THEN 'x' ELSE DATE '2020-01-01' END"),
            "CASE WHEN a = ? THEN ? ELSE ? END");
  EXPECT_EQ(Redacted("upper(substring(name, 2)) || 'z'"), "upper(substring(name, ?)) || ?");
  EXPECT_EQ(Redacted("a IS NULL OR b BETWEEN -1.5 AND 1e3"), "a IS NULL OR b >= ? AND b <= ?");
}

TEST(RedactedText, NamesThatExpressionsGaveAreLeftOut) {
  EXPECT_EQ(RedactedName("user.name_2"), "user.name_2");
  EXPECT_EQ(RedactedName("größe"), "größe");
  for (const char* name : {"", "5", "'secret'", "age > 30", "-1", "upper('a')", "1.5e0"}) {
    EXPECT_EQ(RedactedName(name), "?") << name;
  }
  EXPECT_EQ(RedactedText(Col("name = 'Ada'")), "?");
  EXPECT_EQ(RedactedText(As(Lit(int32_t{5}), "five")), "? AS five");
}

TEST(RedactedText, SortKeysKeepTheirDirection) {
  EXPECT_EQ(RedactedText(Desc(Col("a"))), "a DESC");
  EXPECT_EQ(RedactedText(NullsFirst(Asc(Arithmetic(ArithmeticOp::kAdd, Col("a"), Lit("x"))))),
            "a + ? NULLS FIRST");
}

}  // namespace
}  // namespace iceframe
