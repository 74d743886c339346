// SPDX-License-Identifier: Apache-2.0
// What the comparison with another engine does not reach: encodings, nesting, failures.
#include "iceframe/expression/evaluate.h"

#include <cmath>
#include <limits>

#include <arrow/api.h>
#include <arrow/util/key_value_metadata.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iceframe/expression/binder.h"
#include "iceframe/expression/parse_expression.h"
#include "iceframe/types/arrow_schema.h"

namespace iceframe {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

arrow::MemoryPool* Pool() { return arrow::system_memory_pool(); }

std::shared_ptr<arrow::Field> InputField(const std::string& name,
                                         std::shared_ptr<arrow::DataType> type, int id) {
  return arrow::field(name, std::move(type), true,
                      arrow::key_value_metadata({kArrowFieldIdKey}, {std::to_string(id)}));
}

template <typename Builder, typename T>
std::shared_ptr<arrow::Array> ArrayOf(const std::vector<std::optional<T>>& values) {
  Builder builder(Pool());
  for (const auto& value : values) {
    const auto status = value ? builder.Append(*value) : builder.AppendNull();
    EXPECT_TRUE(status.ok());
  }
  return *builder.Finish();
}

std::shared_ptr<arrow::Array> Ints(const std::vector<std::optional<int32_t>>& values) {
  return ArrayOf<arrow::Int32Builder, int32_t>(values);
}
std::shared_ptr<arrow::Array> Strings(const std::vector<std::optional<std::string>>& values) {
  return ArrayOf<arrow::StringBuilder, std::string>(values);
}

struct TestTable {
  std::shared_ptr<const Schema> schema;
  std::shared_ptr<arrow::RecordBatch> batch;
};

TestTable MakeTable(const arrow::FieldVector& fields, arrow::ArrayVector arrays) {
  const auto schema = arrow::schema(fields);
  TestTable table;
  table.schema = *Schema::Make(SchemaId(0), *FromArrowSchema(*schema, 3));
  table.batch = arrow::RecordBatch::Make(schema, arrays[0]->length(), arrays);
  return table;
}

/// The rows that match, before and after simplification; -1 where they differ.
std::vector<int64_t> Rows(const TestTable& table, std::string_view text) {
  const Expression bound = *BindPredicate(*ParseExpression(text), *table.schema);
  std::vector<std::vector<int64_t>> answers;
  for (const Expression& e : {bound, Simplify(bound), SimplifyFilter(bound)}) {
    const auto kept = EvaluateFilter(e, *table.batch, Pool());
    EXPECT_TRUE(kept.ok()) << kept.status().ToString();
    if (!kept.ok()) return {-2};
    EXPECT_EQ((*kept)->null_count(), 0);
    EXPECT_EQ((*kept)->length(), table.batch->num_rows());
    std::vector<int64_t> rows;
    for (int64_t i = 0; i < (*kept)->length(); ++i) {
      if ((*kept)->Value(i)) rows.push_back(i);
    }
    answers.push_back(std::move(rows));
  }
  if (answers[0] != answers[1] || answers[0] != answers[2]) return {-1};
  return answers[0];
}

std::string Failure(const TestTable& table, std::string_view text) {
  const Expression bound = *Bind(*ParseExpression(text), *table.schema);
  const auto result = Evaluate(bound, *table.batch, Pool());
  return result.ok() ? "" : result.status().message();
}

TEST(Evaluate, NaNEqualsItselfAndIsGreatest) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  const auto table =
      MakeTable({InputField("d", arrow::float64(), 1)},
                {ArrayOf<arrow::DoubleBuilder, double>({nan, infinity, -0.0, 0.0, {}, -nan})});
  EXPECT_THAT(Rows(table, "d = DOUBLE 'NaN'"), ElementsAre(0, 5));
  EXPECT_THAT(Rows(table, "d > 1e308"), ElementsAre(0, 1, 5));
  EXPECT_THAT(Rows(table, "NOT d > 1e308"), ElementsAre(2, 3));
  EXPECT_THAT(Rows(table, "d = 0"), ElementsAre(2, 3));
  EXPECT_THAT(Rows(table, "d IN (-0e0, DOUBLE 'NaN')"), ElementsAre(0, 2, 3, 5));
  EXPECT_THAT(Rows(table, "d IS NOT NAN"), ElementsAre(1, 2, 3));
  EXPECT_THAT(Rows(table, "d < 0"), ElementsAre());
}

TEST(Evaluate, DictionariesAreReadByCodeNullsIncluded) {
  const auto codes = Ints({0, 1, {}, 2, 0, 0, 1});
  const auto values = Strings({"a", {}, "b"});
  const auto type = arrow::dictionary(arrow::int32(), arrow::utf8());
  const auto encoded = *arrow::DictionaryArray::FromArrays(type, codes, values);
  const auto table = MakeTable({InputField("s", type, 1)}, {encoded});
  EXPECT_THAT(Rows(table, "s = 'a'"), ElementsAre(0, 4, 5));
  EXPECT_THAT(Rows(table, "s <> 'a'"), ElementsAre(3));
  EXPECT_THAT(Rows(table, "s IS NULL"), ElementsAre(1, 2, 6));
  EXPECT_THAT(Rows(table, "coalesce(s, 'none') = 'none'"), ElementsAre(1, 2, 6));
  EXPECT_THAT(Rows(table, "s IS NULL OR s IN ('b')"), ElementsAre(1, 2, 3, 6));
  EXPECT_THAT(Rows(table, "upper(s) LIKE 'A%'"), ElementsAre(0, 4, 5));
  const auto slice = table.batch->Slice(3, 3);
  EXPECT_THAT(Rows({table.schema, slice}, "s = 'a'"), ElementsAre(1, 2));
  // A bare column leaves without its dictionary.
  const auto column = *Evaluate(*Bind(Col("s"), *table.schema), *table.batch, Pool());
  EXPECT_TRUE(column.type()->Equals(arrow::utf8()));
}

TEST(Evaluate, ValuesThatNoRowHasCanNotFail) {
  const auto type = arrow::dictionary(arrow::int32(), arrow::utf8());
  const auto encoded =
      *arrow::DictionaryArray::FromArrays(type, Ints({0, 0, 0}), Strings({"7", "not a number"}));
  const auto table = MakeTable({InputField("s", type, 1)}, {encoded});
  EXPECT_THAT(Rows(table, "CAST(s AS int) = 7"), ElementsAre(0, 1, 2));
}

TEST(Evaluate, WhatCanFailSeesOnlyTheRowsLeftOpen) {
  const auto table =
      MakeTable({InputField("kind", arrow::utf8(), 1), InputField("text", arrow::utf8(), 2)},
                {Strings({"number", "word", {}, "number"}), Strings({"1", "x", "2", "3"})});
  EXPECT_THAT(Rows(table, "CAST(text AS int) > 0 AND kind = 'number'"), ElementsAre(0, 3));
  EXPECT_THAT(Rows(table, "CAST(text AS int) > 2 OR kind = 'word'"), ElementsAre(1, 3));
  EXPECT_THAT(Failure(table, "CAST(text AS int) > 0"),
              HasSubstr("can't be cast to int: x, in CAST(text AS INT)"));
}

TEST(Evaluate, FieldsOfStructsAreNullWhereTheStructIs) {
  const auto inner = Ints({1, 2, 3});
  const arrow::FieldVector fields = {InputField("x", arrow::int32(), 2)};
  auto validity = *arrow::AllocateBitmap(3, Pool());
  validity->mutable_data()[0] = 0b101;
  const auto nested = *arrow::StructArray::Make({inner}, fields, std::move(validity), 1);
  const auto table = MakeTable({InputField("st", arrow::struct_(fields), 1)}, {nested});
  EXPECT_THAT(Rows(table, "st.x >= 1"), ElementsAre(0, 2));
  EXPECT_THAT(Rows(table, "st.x IS NULL"), ElementsAre(1));
  EXPECT_THAT(Rows(table, "st IS NULL"), ElementsAre(1));
}

TEST(Evaluate, ColumnsAreFoundByIdAndWidenedToTheSchema) {
  const auto table = MakeTable({InputField("n", arrow::int64(), 7)},
                               {ArrayOf<arrow::Int64Builder, int64_t>({1, 2})});
  const auto narrow =
      arrow::RecordBatch::Make(arrow::schema({InputField("other", arrow::int32(), 8),
                                              InputField("renamed", arrow::int32(), 7)}),
                               2, {Ints({5, 5}), Ints({3, 4})});
  EXPECT_THAT(Rows({table.schema, narrow}, "n = 4"), ElementsAre(1));
  const auto without = arrow::RecordBatch::Make(
      arrow::schema({InputField("other", arrow::int32(), 8)}), 2, {Ints({5, 5})});
  EXPECT_THAT(Failure({table.schema, without}, "n = 4"), HasSubstr("lacks a column: n"));
}

TEST(Evaluate, OverflowIsAnErrorNotAWrap) {
  const auto table = MakeTable({InputField("i", arrow::int32(), 1)}, {Ints({2147483647, {}, 1})});
  EXPECT_THAT(Failure(table, "i + 1 > 0"), HasSubstr("out of the range of "));
  EXPECT_THAT(Failure(table, "i + 1 > 0"), HasSubstr(" + 1, in i + 1"));
  EXPECT_THAT(Failure(table, "i * i > 0"), HasSubstr(", in i * i"));
  EXPECT_EQ(Failure(table, "i + 0 > 0"), "");
  EXPECT_THAT(Rows(table, "i / 0 > 1"), ElementsAre(0, 2));
  EXPECT_THAT(Rows(table, "i % 0 IS NULL"), ElementsAre(0, 1, 2));
}

TEST(Evaluate, UuidsAndFixedComparesAsBytes) {
  const auto type = *ToArrowType(Type::Uuid());
  const auto storage = arrow::fixed_size_binary(16);
  arrow::FixedSizeBinaryBuilder builder(storage, Pool());
  for (const char byte : {'\x01', '\xF0'}) {
    ASSERT_TRUE(builder.Append(std::string(16, byte)).ok());
  }
  const auto uuids = arrow::ExtensionType::WrapArray(type, *builder.Finish());
  const auto table = MakeTable({InputField("u", type, 1)}, {uuids});
  EXPECT_THAT(Rows(table, "u > '7fffffff-0000-0000-0000-000000000000'"), ElementsAre(1));
  EXPECT_THAT(Rows(table, "u IN (UUID '01010101-0101-0101-0101-010101010101')"), ElementsAre(0));
  const auto kept =
      *Evaluate(*Bind(*ParseExpression("coalesce(u, u)"), *table.schema), *table.batch, Pool());
  EXPECT_TRUE(kept.type()->Equals(*type));
}

TEST(Evaluate, NanosecondsCompareWithoutRounding) {
  arrow::TimestampBuilder builder(arrow::timestamp(arrow::TimeUnit::NANO), Pool());
  for (const int64_t value : {int64_t{-1}, int64_t{0}, int64_t{1001}}) {
    ASSERT_TRUE(builder.Append(value).ok());
  }
  const auto table = MakeTable({InputField("ns", arrow::timestamp(arrow::TimeUnit::NANO), 1)},
                               {*builder.Finish()});
  EXPECT_THAT(Rows(table, "ns < TIMESTAMP '1970-01-01 00:00:00'"), ElementsAre(0));
  EXPECT_THAT(Rows(table, "ns > TIMESTAMP '1970-01-01 00:00:00.000001'"), ElementsAre(2));
  EXPECT_THAT(Rows(table, "ns = '1970-01-01 00:00:00.000001001'"), ElementsAre(2));
  EXPECT_THAT(Rows(table, "ns < '2500-01-01'"), ElementsAre(0, 1, 2));
  EXPECT_THAT(Rows(table, "year(ns) = 1969"), ElementsAre(0));
}

TEST(Evaluate, AnEmptyBatchGivesNoRows) {
  const auto table = MakeTable({InputField("i", arrow::int32(), 1)}, {Ints({})});
  EXPECT_THAT(Rows(table, "i = 1 OR i + 1 > 2"), ElementsAre());
  EXPECT_THAT(Rows(table, "TRUE"), ElementsAre());
}

TEST(Evaluate, UnboundTreesAreRefused) {
  const auto table = MakeTable({InputField("i", arrow::int32(), 1)}, {Ints({1})});
  EXPECT_FALSE(Evaluate(Equal(Col("i"), Lit(1)), *table.batch, Pool()).ok());
  EXPECT_FALSE(EvaluateFilter(*Bind(Col("i"), *table.schema), *table.batch, Pool()).ok());
}

TEST(Evaluate, ChargesTheGivenPool) {
  const auto table = MakeTable({InputField("i", arrow::int32(), 1)},
                               {Ints(std::vector<std::optional<int32_t>>(1000, 1))});
  arrow::ProxyMemoryPool pool(Pool());
  const auto bound = *BindPredicate(*ParseExpression("i + 1 = 2 OR i IN (4, 5)"), *table.schema);
  const auto kept = *EvaluateFilter(bound, *table.batch, &pool);
  EXPECT_GT(pool.bytes_allocated(), 0);
  EXPECT_EQ(arrow::default_memory_pool()->bytes_allocated(), 0);
}

TEST(ConstantFolding, ComputesWhatNeedsNoRow) {
  const auto table =
      MakeTable({InputField("d", arrow::date32(), 1), InputField("l", arrow::int64(), 2)},
                {arrow::MakeArrayOfNull(arrow::date32(), 1).ValueOrDie(),
                 arrow::MakeArrayOfNull(arrow::int64(), 1).ValueOrDie()});
  const auto simplified = [&](std::string_view text) {
    return Simplify(*BindPredicate(*ParseExpression(text), *table.schema)).ToString();
  };
  EXPECT_EQ(simplified("d >= CAST('2024-01-01' AS date)"), "d >= DATE '2024-01-01'");
  EXPECT_EQ(simplified("l > 10 * 10 + length('ab')"), "l > LONG '102'");
  EXPECT_EQ(simplified("l > 1.5 * 3"), "l > LONG '4'");
  EXPECT_EQ(simplified("upper('a') = 'A'"), "TRUE");
  // What fails stays, and fails where rows are evaluated.
  EXPECT_EQ(simplified("l > CAST('x' AS long)"), "l > CAST('x' AS LONG)");
}

}  // namespace
}  // namespace iceframe
