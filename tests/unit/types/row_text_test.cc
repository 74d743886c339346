// SPDX-License-Identifier: Apache-2.0
#include "iceframe/types/row_text.h"

#include <arrow/api.h>
#include <arrow/extension/uuid.h>
#include <arrow/json/from_string.h>
#include <gtest/gtest.h>

namespace iceframe {

namespace {

std::shared_ptr<arrow::Array> ArrayOf(const std::shared_ptr<arrow::DataType>& type,
                                      const char* json) {
  return arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
}

std::string JsonOf(const std::shared_ptr<arrow::DataType>& type, const char* json) {
  const auto array = ArrayOf(type, json);
  std::string out;
  for (int64_t i = 0; i < array->length(); ++i) {
    if (i > 0) out += " ";
    AppendJsonValue(*array, i, &out);
  }
  return out;
}

TEST(RowText, NumbersReadBackEqualAndOthersAreStrings) {
  EXPECT_EQ(JsonOf(arrow::float64(), "[0, -0.0, 100000, 1e15, 1e16, 0.0001, 0.00001, 0.1, null]"),
            "0.0 -0.0 100000.0 1000000000000000.0 1e+16 0.0001 1e-05 0.1 null");
  EXPECT_EQ(JsonOf(arrow::float64(), "[NaN, Inf, -Inf]"), R"("NaN" "Infinity" "-Infinity")");
  EXPECT_EQ(JsonOf(arrow::float32(), "[0.1]"), "0.10000000149011612");
  EXPECT_EQ(JsonOf(arrow::int64(), "[-9223372036854775808]"), "-9223372036854775808");
  EXPECT_EQ(JsonOf(arrow::boolean(), "[true, false]"), "true false");
  EXPECT_EQ(JsonOf(arrow::decimal128(38, 2), R"(["12345678901234567890.12"])"),
            R"("12345678901234567890.12")");
  EXPECT_EQ(JsonOf(arrow::date32(), "[-1]"), R"("1969-12-31")");
  EXPECT_EQ(JsonOf(arrow::time64(arrow::TimeUnit::MICRO), "[0, 100000]"),
            R"("00:00:00" "00:00:00.100000")");
  EXPECT_EQ(JsonOf(arrow::timestamp(arrow::TimeUnit::NANO, "UTC"), "[1]"),
            R"("1970-01-01 00:00:00.000000001Z")");
  EXPECT_EQ(JsonOf(arrow::timestamp(arrow::TimeUnit::MICRO), "[0]"),
            R"("1970-01-01 00:00:00.000000")");
  EXPECT_EQ(JsonOf(arrow::fixed_size_binary(2), R"(["ab"])"), R"("6162")");
  EXPECT_EQ(JsonOf(arrow::utf8(), R"(["a\"b\n", "null"])"), R"("a\"b\n" "null")");
  EXPECT_EQ(JsonOf(arrow::null(), "[null]"), "null");
}

TEST(RowText, NestedValuesKeepTheirShapeAtAnyDepth) {
  const auto inner =
      arrow::struct_({arrow::field("x", arrow::float64()), arrow::field("d", arrow::date32())});
  EXPECT_EQ(JsonOf(arrow::list(inner), R"([[{"x": NaN, "d": 0}, null], [], null])"),
            R"([{"x": "NaN", "d": "1970-01-01"}, null] [] null)");
  EXPECT_EQ(JsonOf(arrow::map(arrow::utf8(), arrow::int32()), R"([[["a", 1], ["b", null]]])"),
            R"([["a", 1], ["b", null]])");
}

TEST(RowText, CellsAreTextWithoutQuotes) {
  const auto storage = ArrayOf(arrow::fixed_size_binary(16), R"(["0123456789abcdef"])");
  const auto uuids = arrow::ExtensionType::WrapArray(arrow::extension::uuid(), storage);
  EXPECT_EQ(CellText(*uuids, 0), "30313233-3435-3637-3839-616263646566");
  EXPECT_EQ(CellText(*ArrayOf(arrow::utf8(), R"(["a\"b", null])"), 0), "a\"b");
  EXPECT_EQ(CellText(*ArrayOf(arrow::utf8(), R"(["a", null])"), 1), std::nullopt);
  EXPECT_EQ(CellText(*ArrayOf(arrow::list(arrow::utf8()), R"([["a"]])"), 0), R"(["a"])");
}

TEST(RowText, PeopleSeeNoFractionsThatAreZero) {
  const auto micros = arrow::timestamp(arrow::TimeUnit::MICRO);
  const auto zoned = arrow::timestamp(arrow::TimeUnit::NANO, "UTC");
  EXPECT_EQ(DisplayText(*ArrayOf(micros, "[0]"), 0), "1970-01-01 00:00:00");
  EXPECT_EQ(DisplayText(*ArrayOf(micros, "[500000]"), 0), "1970-01-01 00:00:00.500000");
  EXPECT_EQ(DisplayText(*ArrayOf(zoned, "[0]"), 0), "1970-01-01 00:00:00Z");
  EXPECT_EQ(DisplayText(*ArrayOf(zoned, "[1]"), 0), "1970-01-01 00:00:00.000000001Z");
  EXPECT_EQ(DisplayText(*ArrayOf(arrow::utf8(), R"(["a.00"])"), 0), "a.00");
}

TEST(RowText, CsvTellsNullFromEmptyAndEscapesQuotes) {
  const auto schema =
      arrow::schema({arrow::field("a \"b\"", arrow::utf8()), arrow::field("n", arrow::float64()),
                     arrow::field("l", arrow::list(arrow::utf8()))});
  const auto batch =
      arrow::RecordBatch::Make(schema, 3,
                               {ArrayOf(arrow::utf8(), R"(["x,\"y\"", "", null])"),
                                ArrayOf(arrow::float64(), "[NaN, 2, null]"),
                                ArrayOf(arrow::list(arrow::utf8()), R"([["æ"], [], null])")});
  std::string out;
  AppendCsvHeader(*schema, &out);
  for (int64_t row = 0; row < 3; ++row) AppendCsvRow(*batch, row, &out);
  EXPECT_EQ(out,
            "\"a \"\"b\"\"\",\"n\",\"l\"\n"
            "\"x,\"\"y\"\"\",NaN,\"[\"\"æ\"\"]\"\n"
            "\"\",2.0,\"[]\"\n,,\n");
  out.clear();
  AppendJsonRow(*batch, 0, &out);
  EXPECT_EQ(out, R"({"a \"b\"": "x,\"y\"", "n": "NaN", "l": ["æ"]})");
}

}  // namespace

}  // namespace iceframe
