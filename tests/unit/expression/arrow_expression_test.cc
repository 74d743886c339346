// SPDX-License-Identifier: Apache-2.0
#include "iceframe/expression/arrow_expression.h"

#include <limits>

#include <arrow/api.h>
#include <arrow/compute/api_scalar.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace iceframe {
namespace {

namespace cp = arrow::compute;
using testing::HasSubstr;

cp::Expression Field(const char* name) { return cp::field_ref(name); }

std::string Text(const cp::Expression& e) {
  const auto direct = FromArrowExpression(e);
  if (!direct.ok()) return direct.status().message();
  const auto again = FromSerializedArrowExpression(*cp::Serialize(e));
  EXPECT_TRUE(again.ok() && *again == *direct) << e.ToString();
  return direct->ToString();
}

TEST(FromArrowExpression, KeepsWhatArrowKeeps) {
  EXPECT_EQ(Text(cp::equal(Field("a"), cp::literal(1))), "a = 1");
  EXPECT_EQ(Text(cp::less(cp::literal(int64_t{1}), Field("a"))), "a > LONG '1' AND a IS NOT NAN");
  EXPECT_EQ(Text(cp::greater(Field("s"), cp::literal("x"))), "s > 'x'");
  EXPECT_EQ(Text(cp::less(Field("f"), cp::literal(0.1))), "f < CAST(0.1e0 AS DOUBLE)");
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(Text(cp::less(Field("f"), cp::literal(nan))), "f IS NAN AND f IS NOT NAN");
  EXPECT_EQ(Text(cp::not_equal(Field("f"), cp::literal(nan))), "f IS NAN OR f IS NOT NAN");
  EXPECT_EQ(Text(cp::not_(cp::is_null(cp::field_ref(arrow::FieldRef("st", "x"))))),
            "NOT st.x IS NULL");
  EXPECT_EQ(Text(cp::and_(cp::is_valid(Field("a")), cp::call("is_nan", {Field("b")}))),
            "a IS NOT NULL AND b IS NAN");
  EXPECT_EQ(Text(cp::equal(cp::call("add_checked", {Field("a"), cp::literal(1)}), cp::literal(2))),
            "a + 1 = 2");
}

TEST(FromArrowExpression, ListsAndPatterns) {
  arrow::Int64Builder builder;
  ASSERT_TRUE(builder.AppendValues({1, 2}).ok() && builder.AppendNull().ok());
  const std::shared_ptr<arrow::Array> set = *builder.Finish();
  EXPECT_EQ(Text(cp::call("is_in", {Field("a")}, cp::SetLookupOptions(set))),
            "a IN (LONG '1', LONG '2') OR a IS NULL");
  EXPECT_EQ(Text(cp::call("is_in", {Field("a")}, cp::SetLookupOptions(set->Slice(0, 1)))),
            "a IN (LONG '1') AND a IS NOT NULL");
  EXPECT_EQ(Text(cp::call("starts_with", {Field("s")}, cp::MatchSubstringOptions("x"))),
            "s STARTS WITH 'x'");
  EXPECT_EQ(Text(cp::call("match_like", {Field("s")}, cp::MatchSubstringOptions("a%b_"))),
            "s LIKE 'a%b_'");
}

TEST(FromArrowExpression, SaysWhatHasNoCounterpart) {
  EXPECT_THAT(Text(cp::less(Field("a"), Field("b"))), HasSubstr("no counterpart: (a < b)"));
  EXPECT_THAT(Text(cp::equal(cp::call("divide", {Field("a"), cp::literal(2)}), cp::literal(1))),
              HasSubstr("no counterpart: divide(a, 2)"));
  const auto garbage = FromSerializedArrowExpression(arrow::Buffer::FromString("garbage"));
  EXPECT_THAT(garbage.status().message(), HasSubstr("no expression of Arrow"));
}

}  // namespace
}  // namespace iceframe
