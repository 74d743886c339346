// SPDX-License-Identifier: Apache-2.0
#include "iceframe/types/view_array.h"

#include <arrow/api.h>
#include <arrow/json/from_string.h>
#include <arrow/util/byte_size.h>
#include <gtest/gtest.h>

namespace iceframe {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using TypePtr = std::shared_ptr<arrow::DataType>;

ArrayPtr Array(const TypePtr& type, const std::string& json) {
  return arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
}

void ComesBack(const ArrayPtr& array, const std::string& view_type) {
  auto* pool = arrow::system_memory_pool();
  const ArrayPtr views = ToViews(array, pool).ValueOrDie();
  EXPECT_TRUE(views->ValidateFull().ok()) << views->ValidateFull().message();
  EXPECT_EQ(views->type()->ToString(), view_type);
  EXPECT_TRUE(views->type()->Equals(ViewTypeOf(array->type())));
  const ArrayPtr back = FromViews(views, array->type(), pool).ValueOrDie();
  EXPECT_TRUE(back->ValidateFull().ok()) << back->ValidateFull().message();
  EXPECT_TRUE(back->Equals(*array)) << back->ToString() << array->ToString();
  EXPECT_TRUE(back->type()->Equals(array->type()));
}

const char* const kViewTexts =
    R"(["", "a", null, "twelve bytes", "thirteen byte", "ää very long text", null])";

TEST(ViewArray, HoldsTextOfEachKind) {
  ComesBack(Array(arrow::utf8(), kViewTexts), "string_view");
  ComesBack(Array(arrow::large_utf8(), kViewTexts), "string_view");
  ComesBack(Array(arrow::binary(), kViewTexts), "binary_view");
  ComesBack(Array(arrow::large_binary(), kViewTexts), "binary_view");
  ComesBack(Array(arrow::utf8(), "[]"), "string_view");
  ComesBack(Array(arrow::utf8(), "[null, null]"), "string_view");
}

TEST(ViewArray, HoldsPartsOfArrays) {
  const ArrayPtr texts = Array(arrow::utf8(), kViewTexts);
  for (int64_t begin = 0; begin < texts->length(); ++begin) {
    ComesBack(texts->Slice(begin, 3), "string_view");
  }
}

TEST(ViewArray, HoldsTextWithinOtherTypes) {
  ComesBack(Array(arrow::list(arrow::utf8()), R"([["a", "thirteen byte"], null, [], [null]])"),
            "list<item: string_view>");
  ComesBack(
      Array(arrow::struct_({arrow::field("x", arrow::int32()), arrow::field("y", arrow::utf8())}),
            R"([{"x": 1, "y": "thirteen byte"}, null, {"x": null, "y": null}])"),
      "struct<x: int32, y: string_view>");
  ComesBack(Array(arrow::map(arrow::utf8(), arrow::list(arrow::binary())),
                  R"([[["k", ["thirteen byte"]]], null, []])"),
            "map<string_view, list<item: binary_view>>");
  ComesBack(Array(arrow::int64(), "[1, null]"), "int64");
}

TEST(ViewArray, ReadsViewsThatBeginFartherOn) {
  auto* pool = arrow::system_memory_pool();
  const ArrayPtr lists =
      Array(arrow::list(arrow::utf8()), R"([["a"], ["thirteen byte", null], null, ["b"]])");
  const ArrayPtr views = ToViews(lists, pool).ValueOrDie();
  for (int64_t begin = 0; begin < lists->length(); ++begin) {
    const ArrayPtr back = FromViews(views->Slice(begin), lists->type(), pool).ValueOrDie();
    EXPECT_TRUE(back->Equals(*lists->Slice(begin)));
  }
}

TEST(ViewArray, KeepsNothingOfWhatItWasCutFrom) {
  arrow::StringBuilder builder(arrow::system_memory_pool());
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(builder.Append("a text that is rather long " + std::to_string(i)).ok());
  }
  const ArrayPtr texts = builder.Finish().ValueOrDie();
  const ArrayPtr views = ToViews(texts->Slice(500, 1), arrow::system_memory_pool()).ValueOrDie();
  EXPECT_LT(arrow::util::TotalBufferSize(*views), 100);
}

}  // namespace
}  // namespace iceframe
