// SPDX-License-Identifier: Apache-2.0
// CASE, extremes and date_trunc: text, types, values, and what is not computed.
#include <arrow/api.h>
#include <arrow/util/key_value_metadata.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/expression/binder.h"
#include "iceframe/expression/evaluate.h"
#include "iceframe/expression/expression_json.h"
#include "iceframe/expression/parse_expression.h"
#include "iceframe/types/arrow_schema.h"

namespace iceframe {
namespace {

using testing::HasSubstr;

std::shared_ptr<arrow::Field> Field(const std::string& name, std::shared_ptr<arrow::DataType> type,
                                    int id) {
  return arrow::field(name, std::move(type), true,
                      arrow::key_value_metadata({kArrowFieldIdKey}, {std::to_string(id)}));
}

std::shared_ptr<arrow::RecordBatch> TestBatch() {
  arrow::Int32Builder i;
  EXPECT_TRUE(i.AppendValues({0, 1, 2, 5}).ok() && i.AppendNull().ok());
  arrow::StringBuilder s;
  EXPECT_TRUE(s.AppendValues({"7", "x", "9", "1"}).ok() && s.AppendNull().ok());
  const auto schema = arrow::schema({Field("i", arrow::int32(), 1), Field("s", arrow::utf8(), 2)});
  return arrow::RecordBatch::Make(schema, 5, {*i.Finish(), *s.Finish()});
}

/// The values of the expression, as Arrow prints them, before and after it is simplified.
std::string Values(std::string_view text) {
  const auto batch = TestBatch();
  const auto schema = *Schema::Make(SchemaId(0), *FromArrowSchema(*batch->schema(), 3));
  const auto bound = Bind(*ParseExpression(text), *schema);
  if (!bound.ok()) return bound.status().message();
  std::string first;
  for (const Expression& e : {*bound, Simplify(*bound)}) {
    const auto values = Evaluate(e, *batch, arrow::system_memory_pool());
    if (!values.ok()) return values.status().message();
    std::string printed;
    for (int64_t row = 0; row < batch->num_rows(); ++row) {
      if (row > 0) printed += ' ';
      printed += values->is_scalar() ? values->scalar()->ToString()
                                     : (*values->make_array()->GetScalar(row))->ToString();
    }
    if (!first.empty() && first != printed) return "simplified: " + printed;
    first = printed;
  }
  return first;
}

TEST(Case, TheFirstTrueConditionDecides) {
  EXPECT_EQ(Values("CASE WHEN i < 2 THEN 'few' WHEN i < 5 THEN 'some' ELSE 'many' END"),
            "few few some many many");
  EXPECT_EQ(Values("CASE WHEN i < 2 THEN i END"), "0 1 null null null");
  EXPECT_EQ(Values("CASE i WHEN 0 THEN 'zero' WHEN NULL THEN 'null' ELSE s END"),
            "zero x 9 1 null");
  EXPECT_EQ(Values("CASE WHEN NULL THEN 1 WHEN TRUE THEN 2 ELSE 3 END"), "2 2 2 2 2");
  EXPECT_EQ(Values("nullif(i, 1)"), "0 null 2 5 null");
}

TEST(Case, ValuesMeetInOneType) {
  EXPECT_EQ(Values("CASE WHEN i = 0 THEN 1 ELSE 2.5 END"), "1.0 2.5 2.5 2.5 2.5");
  EXPECT_EQ(Values("CASE WHEN i = 0 THEN NULL ELSE 3000000000 END"),
            "null 3000000000 3000000000 3000000000 3000000000");
  EXPECT_EQ(Values("CASE WHEN i = 0 THEN NULL END IS NULL"), "true true true true true");
  EXPECT_THAT(Values("CASE WHEN i = 0 THEN 1 ELSE s END"), HasSubstr("no type in common"));
  EXPECT_THAT(Values("CASE WHEN i THEN 1 END"), HasSubstr("a condition must be boolean"));
}

TEST(Case, WhatIsNotTakenDoesNotFail) {
  EXPECT_EQ(Values("CASE WHEN s <> 'x' THEN CAST(s AS int) ELSE -1 END"), "7 -1 9 1 -1");
  EXPECT_EQ(Values("CASE WHEN s = 'x' THEN -1 WHEN CAST(s AS int) > 7 THEN i * 10 ELSE i END"),
            "0 -1 20 5 null");
  EXPECT_EQ(Values("CASE WHEN i = 5 THEN 1 ELSE 2147483645 + i END"),
            "2147483645 2147483646 2147483647 1 null");
  EXPECT_EQ(Values("CASE WHEN TRUE THEN i ELSE CAST('x' AS int) END"), "0 1 2 5 null");
  EXPECT_THAT(Values("CASE WHEN s = 'x' THEN CAST(s AS int) ELSE -1 END"), HasSubstr("x"));
}

TEST(Case, TakesEveryPrimitiveType) {
  for (const char* value :
       {"TRUE", "1", "LONG '1'", "FLOAT '1'", "1e0", "1.5", "DATE '2024-02-29'", "TIME '12:00:00'",
        "TIMESTAMP '2024-02-29 12:00:00'", "TIMESTAMPTZ '2024-02-29 12:00:00Z'",
        "TIMESTAMP_NS '2024-02-29 12:00:00'", "'x'", "x'00'", "FIXED(2) '6162'",
        "UUID 'f79c3e09-677c-4bbd-a479-3f349cb785e7'"}) {
    const std::string text(value);
    // Twice: once on all rows, once on those that take it, as CAST may fail.
    for (const char* other : {"i > 1", "CAST(i AS string) > '1'"}) {
      const std::string chosen = "CASE WHEN " + std::string(other) + " THEN " + text + " END";
      EXPECT_EQ(Values(chosen + " = " + text), "null null true true null") << chosen;
      EXPECT_EQ(Values("greatest(" + chosen + ", NULL) IS NULL"), "true true false false true")
          << chosen;
    }
  }
}

TEST(Case, ReadsDictionaries) {
  arrow::Int32Builder code_builder;
  ASSERT_TRUE(code_builder.AppendValues({0, 1, 0, 1, 1}).ok());
  const auto codes = *code_builder.Finish();
  arrow::StringBuilder words;
  ASSERT_TRUE(words.AppendValues({"7", "x"}).ok());
  const auto type = arrow::dictionary(arrow::int32(), arrow::utf8());
  const auto encoded = *arrow::DictionaryArray::FromArrays(type, codes, *words.Finish());
  const auto arrow_schema = arrow::schema({Field("s", type, 2)});
  const auto batch = arrow::RecordBatch::Make(arrow_schema, 5, {encoded});
  const auto schema = *Schema::Make(SchemaId(0), *FromArrowSchema(*arrow_schema, 3));
  for (const char* text : {"CASE s WHEN 'x' THEN 'other' ELSE s END = '7'",
                           "CASE WHEN s = 'x' THEN -1 ELSE CAST(s AS int) END = 7"}) {
    const auto bound = Bind(*ParseExpression(text), *schema);
    const auto kept = EvaluateFilter(*bound, *batch, arrow::system_memory_pool());
    ASSERT_TRUE(kept.ok()) << kept.status().ToString();
    EXPECT_EQ((*kept)->true_count(), 2) << text;
    EXPECT_TRUE((*kept)->Value(0) && (*kept)->Value(2)) << text;
  }
}

TEST(Case, NoRowsGiveNoValues) {
  const auto batch = TestBatch()->Slice(0, 0);
  const auto schema = *Schema::Make(SchemaId(0), *FromArrowSchema(*batch->schema(), 3));
  for (const char* text : {"CASE WHEN i < 2 THEN s END", "CASE WHEN i < 2 THEN i + 1 ELSE 3 END"}) {
    const auto bound = Bind(*ParseExpression(text), *schema);
    const auto values = Evaluate(*bound, *batch, arrow::system_memory_pool());
    ASSERT_TRUE(values.ok()) << values.status().ToString();
    EXPECT_EQ(values->length(), 0);
  }
}

TEST(Case, TextComesBack) {
  for (const char* text :
       {"CASE WHEN a THEN 1 END", "CASE WHEN a = 1 AND b THEN 'x' WHEN c THEN 'y' ELSE d END",
        "CASE WHEN a THEN 1 ELSE 2 END + 1", "CASE WHEN a THEN CASE WHEN b THEN 1 END END",
        "count(*)", "count_distinct(a)", "sum(a + 1) OVER (PARTITION BY a, b ORDER BY c DESC)",
        "row_number() OVER ()", "lag(a, 2, 'x') OVER (ORDER BY b NULLS FIRST) AS before",
        "over + partition", "\"case\"", "f(\"distinct\" IS NULL)", "count(\"distinct\"(a))"}) {
    const auto parsed = ParseExpression(text);
    ASSERT_TRUE(parsed.ok()) << parsed.status().ToString();
    EXPECT_EQ(parsed->ToString(), text);
    EXPECT_EQ(*ExpressionFromJson(*ExpressionToJson(*parsed)), *parsed);
  }
  EXPECT_EQ(ParseExpression("count(distinct a)")->ToString(), "count_distinct(a)");
  for (const char* text : {"CASE END", "CASE WHEN a END", "CASE WHEN a THEN 1", "CASE a ELSE 1 END",
                           "sum(distinct a)", "sum(*)", "count(a b)", "rank() OVER (ORDER a)",
                           "rank() OVER (ORDER BY a", "rank() OVER PARTITION"}) {
    EXPECT_FALSE(ParseExpression(text).ok()) << text;
  }
}

TEST(Extremes, SkipNullsAndPutNaNOnTop) {
  EXPECT_EQ(Values("greatest(i, 2, NULL)"), "2 2 2 5 2");
  EXPECT_EQ(Values("least(i, NULL)"), "0 1 2 5 null");
  EXPECT_EQ(Values("greatest(s, '5')"), "7 x 9 5 5");
  EXPECT_EQ(Values("greatest(DOUBLE 'NaN', 1e0) IS NAN"), "true true true true true");
  EXPECT_EQ(Values("least(DOUBLE 'NaN', 1e0)"), "1 1 1 1 1");
  EXPECT_EQ(Values("greatest(NULL, NULL) IS NULL"), "true true true true true");
  EXPECT_THAT(Values("greatest(i, s)"), HasSubstr("does not take these types"));
}

TEST(DateTrunc, KeepsTypeAndRange) {
  const auto year = [](std::string_view text) {
    return Values("CAST(date_trunc(" + std::string(text) + ") AS varchar) || ''").substr(0, 29);
  };
  EXPECT_EQ(year("'Hour', TIMESTAMP_NS '1969-12-31 23:59:59.123456789'").substr(0, 19),
            "1969-12-31 23:00:00");
  EXPECT_EQ(year("'week', DATE '1969-12-31'").substr(0, 19), "1969-12-29 00:00:00");
  EXPECT_THAT(Values("date_trunc('year', TIMESTAMP_NS '1677-09-22 00:00:00.000000001')"),
              HasSubstr("date_trunc leaves the range of timestamp_ns: 1677-09-22"));
  EXPECT_THAT(Values("date_trunc('moment', DATE '1969-12-31')"), HasSubstr("this unit: moment"));
  EXPECT_THAT(Values("date_trunc(s, DATE '1969-12-31')"), HasSubstr("must be a unit's name"));
  EXPECT_THAT(Values("date_trunc('day', TIME '10:00:00')"), HasSubstr("not take these types"));
}

TEST(Case, TreesBuiltWronglyAreRefused) {
  const auto batch = TestBatch();
  const auto schema = *Schema::Make(SchemaId(0), *FromArrowSchema(*batch->schema(), 3));
  EXPECT_FALSE(Bind(Expression(CaseNode{{True(), Lit(1)}}), *schema).ok());
  const Expression lies(CaseNode{{True(), Lit(1), Lit("x")}}, Type::Int(), true);
  EXPECT_FALSE(Evaluate(lies, *batch, arrow::system_memory_pool()).ok());
  EXPECT_EQ(Case({}, Lit(1)), Lit(1));
}

}  // namespace
}  // namespace iceframe
