// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "iceframe/expression/binder.h"

namespace iceframe {
namespace {

const Schema& NumberSchema() {
  static const auto kSchema =
      *Schema::Make(SchemaId(0), {NestedField::Optional(1, "a", Type::Int()),
                                  NestedField::Optional(2, "b", Type::Int()),
                                  NestedField::Optional(3, "s", Type::String()),
                                  NestedField::Optional(4, "flag", Type::Boolean())});
  return *kSchema;
}

std::string Simplified(const Expression& e) {
  return Simplify(*BindPredicate(e, NumberSchema())).ToString();
}
std::string Filter(const Expression& e) {
  return SimplifyFilter(*BindPredicate(e, NumberSchema())).ToString();
}

TEST(Simplify, PushesNotToTheLeaves) {
  EXPECT_EQ(Simplified(Not(And(Less(Col("a"), Lit(1)), Not(IsNull(Col("b")))))),
            "a >= 1 OR b IS NULL");
  EXPECT_EQ(Simplified(Not(Col("flag"))), "NOT flag");
  EXPECT_EQ(Simplified(Not(StartsWith(Col("s"), "x"))), "s NOT STARTS WITH 'x'");
}

TEST(Simplify, MergesRangesUnderAnd) {
  const auto a = [](ComparisonOp op, int value) { return Compare(op, Col("a"), Lit(value)); };
  EXPECT_EQ(Simplified(And({a(ComparisonOp::kGreater, 3), a(ComparisonOp::kGreater, 5),
                            a(ComparisonOp::kLess, 9), a(ComparisonOp::kNotEqual, 7),
                            a(ComparisonOp::kNotEqual, 70)})),
            "a > 5 AND a < 9 AND a <> 7");
  EXPECT_EQ(Simplified(And(a(ComparisonOp::kGreater, 5), a(ComparisonOp::kLess, 3))),
            "a IS NULL AND BOOLEAN NULL");
  EXPECT_EQ(Filter(And(a(ComparisonOp::kGreater, 5), a(ComparisonOp::kLess, 3))), "FALSE");
  EXPECT_EQ(Simplified(And(a(ComparisonOp::kGreaterEqual, 5), a(ComparisonOp::kLessEqual, 5))),
            "a = 5");
  EXPECT_EQ(Simplified(And(In(Col("a"), Type::Int(), {Value(1), Value(2), Value(3)}),
                           a(ComparisonOp::kGreater, 1))),
            "a IN (2, 3)");
}

TEST(Simplify, MergesAlternativesUnderOr) {
  const auto a = [](ComparisonOp op, int value) { return Compare(op, Col("a"), Lit(value)); };
  EXPECT_EQ(Simplified(Or({a(ComparisonOp::kEqual, 3), a(ComparisonOp::kEqual, 1),
                           In(Col("a"), Type::Int(), {Value(1), Value(2)})})),
            "a IN (1, 2, 3)");
  EXPECT_EQ(Simplified(Or(a(ComparisonOp::kLess, 3), a(ComparisonOp::kLess, 5))), "a < 5");
  EXPECT_EQ(Simplified(Or(a(ComparisonOp::kLess, 3), a(ComparisonOp::kGreater, 1))),
            "a IS NOT NULL OR BOOLEAN NULL");
  EXPECT_EQ(Filter(Or(a(ComparisonOp::kLess, 3), a(ComparisonOp::kGreater, 1))), "a IS NOT NULL");
  EXPECT_EQ(Simplified(Or(a(ComparisonOp::kNotEqual, 3), a(ComparisonOp::kEqual, 4))), "a <> 3");
  EXPECT_EQ(Simplified(Or(a(ComparisonOp::kLess, 3), a(ComparisonOp::kEqual, 3))),
            "a < 3 OR a = 3");
}

TEST(Simplify, KeepsNullsUnlessAFilterIsMeant) {
  const Expression never = Equal(Col("a"), Lit(2.5));
  EXPECT_EQ(Simplified(Not(never)), "a IS NOT NULL OR BOOLEAN NULL");
  EXPECT_EQ(Filter(never), "FALSE");
  EXPECT_EQ(Filter(Not(never)), "a IS NOT NULL");
  EXPECT_EQ(Filter(And(IsNotNull(Col("a")), Equal(Col("a"), Lit(1)))), "a = 1");
}

TEST(Simplify, LikeBecomesPrefixOrEqualityWhereItIsOne) {
  EXPECT_EQ(Simplified(Like(Col("s"), "ab%")), "s STARTS WITH 'ab'");
  EXPECT_EQ(Simplified(Like(Col("s"), "a\\%b")), "s = 'a%b'");
  EXPECT_EQ(Simplified(Like(Col("s"), "a%b")), "s LIKE 'a%b'");
  EXPECT_EQ(Filter(Like(Col("s"), "%")), "s IS NOT NULL");
}

TEST(Simplify, LooksThroughWideningCasts) {
  EXPECT_EQ(Simplified(Less(Cast(Col("a"), Type::Long()), Lit(int64_t{5}))), "a < 5");
  EXPECT_EQ(Filter(Less(Cast(Col("a"), Type::Long()), Lit(int64_t{1} << 40))), "a IS NOT NULL");
  const Expression wide = Cast(Col("a"), Type::Long());
  EXPECT_EQ(Simplified(In(wide, Type::Long(),
                          {Value(int64_t{5}), Value(int64_t{1} << 40), Value(int64_t{7})})),
            "a IN (5, 7)");
  EXPECT_EQ(Filter(In(wide, Type::Long(), {Value(int64_t{1} << 40)})), "FALSE");
  EXPECT_EQ(Filter(Not(In(wide, Type::Long(), {Value(int64_t{1} << 40)}))), "a IS NOT NULL");
}

TEST(Simplify, TenThousandAlternativesAreOneList) {
  std::vector<Expression> alternatives;
  for (int i = 0; i < 10'000; ++i) alternatives.push_back(Equal(Col("a"), Lit(9'999 - i)));
  const Expression e = Simplify(*BindPredicate(Or(std::move(alternatives)), NumberSchema()));
  ASSERT_NE(e.as<InNode>(), nullptr);
  EXPECT_EQ(e.as<InNode>()->values.size(), 10'000U);
  EXPECT_EQ(e.as<InNode>()->values.front(), Value(0));
}

TEST(CanonicalForm, DoesNotDependOnOrder) {
  const auto form = [](const Expression& e) {
    return CanonicalForm(*BindPredicate(e, NumberSchema()));
  };
  const Expression x = Equal(Col("a"), Lit(1));
  const Expression y = StartsWith(Col("s"), "q");
  EXPECT_EQ(form(And(x, y)), form(And(y, x)));
  EXPECT_EQ(form(Less(Col("a"), Col("b"))), form(Greater(Col("b"), Col("a"))));
  EXPECT_EQ(form(Equal(Lit(1), Col("a"))), form(x));
  EXPECT_NE(form(And(x, y)), form(Or(x, y)));
  EXPECT_NE(form(x), form(Equal(Col("b"), Lit(1))));
  EXPECT_NE(form(x), form(Equal(Col("a"), Lit(2))));
  EXPECT_NE(form(Less(Col("a"), Col("b"))), form(Less(Col("b"), Col("a"))));
}

TEST(CanonicalForm, NeverChanges) {
  EXPECT_EQ(CanonicalForm(*BindPredicate(And(Equal(Col("a"), Lit(1)), StartsWith(Col("s"), "q")),
                                         NumberSchema())),
            "(and(=(c1 int)(l int 1:1))(starts (c3 string)1:q))");
}

}  // namespace
}  // namespace iceframe
