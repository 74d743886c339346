// SPDX-License-Identifier: Apache-2.0
#include "iceframe/expression/rewrite.h"

#include <gtest/gtest.h>

#include "iceframe/expression/aggregate_catalogue.h"
#include "iceframe/expression/parse_expression.h"

namespace iceframe {
namespace {

Expression ParsedText(std::string_view text) { return *ParseExpression(text); }

TEST(RewriteColumns, PutsExpressionsInPlaceOfNames) {
  const auto rewritten = RewriteColumns(ParsedText("a > 1 AND lower(b) = 'x' AND c IS NULL"),
                                        [](const ColumnNode& column) -> std::optional<Expression> {
                                          if (column.name == "a") return ParsedText("x + y");
                                          if (column.name == "b") return Col("z");
                                          return std::nullopt;
                                        });
  EXPECT_EQ(rewritten, ParsedText("x + y > 1 AND lower(z) = 'x' AND c IS NULL"));
}

TEST(RewriteColumns, ReachesCasesAndWindows) {
  const auto rewritten = RewriteColumns(
      ParsedText("CASE WHEN a THEN sum(a) OVER (PARTITION BY a ORDER BY a DESC) END"),
      [](const ColumnNode&) -> std::optional<Expression> { return Col("b"); });
  EXPECT_EQ(rewritten,
            ParsedText("CASE WHEN b THEN sum(b) OVER (PARTITION BY b ORDER BY b DESC) END"));
}

TEST(RewriteExpression, ReplacesWholeCallsAndLooksNoDeeper) {
  const auto rewritten = RewriteExpression(ParsedText("sum(a) / count(*) AS share"),
                                           [](const Expression& e) -> std::optional<Expression> {
                                             if (AsAggregate(e) == nullptr) return std::nullopt;
                                             return Col(e.ToString());
                                           });
  EXPECT_EQ(rewritten,
            As(Arithmetic(ArithmeticOp::kDivide, Col("sum(a)"), Col("count(*)")), "share"));
}

TEST(Conjuncts, AreWhatAndJoins) {
  EXPECT_EQ(Conjuncts(ParsedText("a = 1 AND b = 2")).size(), 2U);
  EXPECT_EQ(Conjuncts(ParsedText("a = 1 OR b = 2")).size(), 1U);
  EXPECT_TRUE(Conjuncts(True()).empty());
}

TEST(OutputName, IsTheAliasTheColumnOrTheText) {
  EXPECT_EQ(OutputName(ParsedText("a + 1 AS b")), "b");
  EXPECT_EQ(OutputName(ParsedText("a.b")), "a.b");
  EXPECT_EQ(OutputName(ParsedText("SUM( a )")), "sum(a)");
  EXPECT_EQ(WithoutAlias(ParsedText("a + 1 AS b")), ParsedText("a + 1"));
}

}  // namespace
}  // namespace iceframe
