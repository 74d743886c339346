// SPDX-License-Identifier: Apache-2.0
#include "iceframe/expression/expression_json.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include "iceframe/expression/binder.h"
#include "iceframe/expression/evaluate.h"
#include "iceframe/expression/parse_expression.h"

namespace iceframe {
namespace {

Result<Expression> Copied(const Expression& e) {
  ICEFRAME_ASSIGN_OR_RETURN(Json json, ExpressionToJson(e));
  ICEFRAME_ASSIGN_OR_RETURN(json, Json::Parse(json.Dump()));
  return ExpressionFromJson(json);
}

class JsonRoundTrip : public testing::TestWithParam<const char*> {};

TEST_P(JsonRoundTrip, GivesAnEqualTreeUnboundAndBound) {
  const auto schema =
      *Schema::Make(SchemaId(0), {NestedField::Optional(1, "i", Type::Int()),
                                  NestedField::Optional(2, "d", Type::Double()),
                                  NestedField::Optional(3, "s", Type::String()),
                                  NestedField::Optional(4, "t", Type::TimestamptzNs())});
  const Expression e = *ParseExpression(GetParam());
  EXPECT_EQ(*Copied(e), e);
  const Expression bound = *Bind(e, *schema);
  EXPECT_EQ(*Copied(bound), bound);
}

INSTANTIATE_TEST_SUITE_P(Texts, JsonRoundTrip,
                         testing::Values("i > 3 AND (d < -0e0 OR NOT s LIKE 'a\\_%')",
                                         "d IN (1e0, DOUBLE 'NaN', NULL)",
                                         "s NOT IN ('é', '''') OR s NOT STARTS WITH 'x'",
                                         "i IS NOT NULL OR d IS NAN",
                                         "t < TIMESTAMPTZ '2024-01-01 00:00:00.000000001Z'",
                                         "CAST(i AS decimal(12, 2)) * 1.5 - -d > 2",
                                         "round(d, 2) = abs(i) AS x", "s || lower(s) ILIKE 'Q%'"));

TEST(ExpressionJson, HostileDocumentsAreRefused) {
  for (const char* text :
       {"{}", "[]", "3", R"({"node":"comparison","type":"boolean","op":0})",
        R"({"node":"comparison","type":"boolean","op":99,"operands":[]})",
        R"({"node":"not","type":"boolean","operands":[{}]})",
        R"({"node":"literal","type":"int","value":{"bool":true}})",
        R"({"node":"nothing","type":"int"})", R"({"node":"in","type":"boolean"})"}) {
    const auto json = Json::Parse(text);
    ASSERT_TRUE(json.ok()) << text;
    EXPECT_FALSE(ExpressionFromJson(*json).ok()) << text;
  }
}

TEST(ExpressionJson, TreesThatLieAboutTheirTypesAreNotEvaluated) {
  const auto batch = arrow::RecordBatch::Make(arrow::schema(arrow::FieldVector{}), 1,
                                              std::vector<std::shared_ptr<arrow::Array>>{});
  const Expression number = Lit(1);
  const std::vector<Expression> liars = {
      Expression(ComparisonNode{ComparisonOp::kEqual, {Lit(1.0), number}}, Type::Boolean(), true),
      Expression(LikeNode{{number}, "x", false, false}, Type::Boolean(), true),
      Expression(StartsWithNode{{number}, "x", false}, Type::Boolean(), true),
      Expression(IsNaNNode{{number}, false}, Type::Boolean(), true),
      Expression(AndNode{{number, number}}, Type::Boolean(), true),
      Expression(InNode{{number}, {Value("x")}, Type::String(), false}, Type::Boolean(), true),
      Expression(InNode{{number}, {Value()}, Type::Int(), false}, Type::Boolean(), true),
      Expression(FunctionNode{"length", {number}}, Type::Long(), true),
      Expression(FunctionNode{"abs", {number}}, Type::Boolean(), true),
      Expression(ArithmeticNode{ArithmeticOp::kAdd, {number, Lit(1.0)}}, Type::Int(), true),
      Expression(CastNode{{number}, Type::Long()}, Type::Boolean(), true),
      Expression(IsNullNode{{number}, false}, Type::Int(), true),
      Expression(NotNode{{}}, Type::Boolean(), true),
  };
  for (const Expression& liar : liars) {
    EXPECT_FALSE(Evaluate(liar, *batch, arrow::system_memory_pool()).ok());
  }
}

}  // namespace
}  // namespace iceframe
