// SPDX-License-Identifier: Apache-2.0
#include "iceframe/expression/expression.h"

#include <gtest/gtest.h>

namespace iceframe {
namespace {

TEST(Expression, TakesUpNestedAndAndOr) {
  const Expression a = Equal(Col("a"), Lit(1));
  const Expression b = Equal(Col("b"), Lit(2));
  const Expression c = Equal(Col("c"), Lit(3));
  EXPECT_EQ(Or(Or(a, b), c), Or({a, b, c}));
  EXPECT_EQ(And(a, And(b, c)), And({a, b, c}));
  EXPECT_EQ(And({a}), a);
  EXPECT_TRUE(And(std::vector<Expression>{}).is_true());
  EXPECT_TRUE(Or(std::vector<Expression>{}).is_false());
}

TEST(Expression, EqualityLooksAtEveryPart) {
  EXPECT_FALSE(Lit(1) == Lit(int64_t{1}));
  EXPECT_FALSE(Equal(Col("a"), Lit(1)) == NotEqual(Col("a"), Lit(1)));
  EXPECT_FALSE(IsNull(Col("a")) == IsNotNull(Col("a")));
  EXPECT_FALSE(StartsWith(Col("a"), "x") == StartsWith(Col("a"), "y"));
  EXPECT_FALSE(Cast(Col("a"), Type::Int()) == Cast(Col("a"), Type::Long()));
  EXPECT_FALSE(As(Col("a"), "x") == As(Col("a"), "y"));
  EXPECT_FALSE(Col("a") == Col("A"));
  EXPECT_EQ(Between(Col("a"), Lit(1), Lit(2)), Between(Col("a"), Lit(1), Lit(2)));
  EXPECT_EQ(Between(Col("a"), Lit(1), Lit(2.5)), Between(Col("a"), Lit(1.0), Lit(2.5)));
}

TEST(Expression, ManyLevelsAreComparedAndFreedWithoutRecursion) {
  const auto deep = [] {
    Expression e = Col("a");
    for (int i = 0; i < 200'000; ++i) e = Not(e);
    return e;
  };
  const Expression first = deep();
  EXPECT_EQ(first.depth(), 200'001);
  EXPECT_EQ(first, deep());
  EXPECT_EQ(first.ToString(), "(an expression too deep to print)");
}

TEST(Expression, ReferencedColumnsAreSortedAndDistinct) {
  const Expression e = And(Less(Col("b"), Col("a")), IsNull(Col("b")));
  EXPECT_EQ(ReferencedColumns(e), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(ReferencedFieldIds(e).empty());
}

TEST(Expression, LiteralOfAnotherTypeIsRefused) {
  EXPECT_TRUE(Lit(Type::Int(), Value("x")).status().IsInvalid());
  EXPECT_TRUE(Lit(Type::Int(), Value()).ok());
}

TEST(Expression, TextHasTheFewestParentheses) {
  const Expression a = Greater(Col("age"), Lit(30));
  const Expression b = In(Col("city"), Type::String(), {Value("Oslo"), Value("O'Hara")});
  EXPECT_EQ(And(a, b).ToString(), "age > 30 AND city IN ('Oslo', 'O''Hara')");
  EXPECT_EQ(And(Or(a, b), Not(a)).ToString(),
            "(age > 30 OR city IN ('Oslo', 'O''Hara')) AND NOT age > 30");
  EXPECT_EQ(Equal(Col("a b.c"), Lit(2.0)).ToString(), "\"a b\".c = 2.0e0");
  EXPECT_EQ(Equal(Col("select"), Lit(int64_t{2})).ToString(), "\"select\" = LONG '2'");
}

}  // namespace
}  // namespace iceframe
