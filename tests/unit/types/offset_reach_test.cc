// SPDX-License-Identifier: Apache-2.0
#include "iceframe/types/offset_reach.h"

#include <arrow/api.h>
#include <arrow/array/builder_run_end.h>
#include <arrow/json/from_string.h>
#include <gtest/gtest.h>

namespace iceframe {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

ArrayPtr FromJson(const std::shared_ptr<arrow::DataType>& type, const char* json) {
  return arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
}

const char* const kTexts = R"(["aa", null, "bbb", "", "cccc"])";

TEST(OffsetReach, CountsTextOfEveryForm) {
  for (const auto& type : {arrow::utf8(), arrow::binary(), arrow::large_utf8(),
                           arrow::large_binary(), arrow::utf8_view(), arrow::binary_view()}) {
    const ArrayPtr texts = FromJson(type, kTexts);
    EXPECT_EQ(OffsetReach(*texts->data()), 9) << type->ToString();
    EXPECT_EQ(OffsetReach(*texts->data(), 2, 2), 3) << type->ToString();
    EXPECT_EQ(OffsetReach(*texts->Slice(2)->data()), 7) << type->ToString();
    EXPECT_EQ(OffsetReach(*texts->data(), 1, 1), 0) << type->ToString();
    EXPECT_EQ(OffsetReach(*texts->Slice(0, 0)->data()), 0) << type->ToString();
  }
  EXPECT_EQ(OffsetReach(*FromJson(arrow::fixed_size_binary(3), R"(["abc", "def"])")->data()), 6);
  EXPECT_EQ(OffsetReach(*FromJson(arrow::int64(), "[1, 2]")->data()), 0);
  EXPECT_EQ(OffsetReach(*FromJson(arrow::null(), "[null, null]")->data()), 0);
}

TEST(OffsetReach, CountsEncodedTextAsOftenAsItStands) {
  for (const auto& index : {arrow::int8(), arrow::uint8(), arrow::int16(), arrow::uint16(),
                            arrow::int32(), arrow::uint32(), arrow::int64(), arrow::uint64()}) {
    const auto codes =
        arrow::DictionaryArray::FromArrays(FromJson(index, "[1, 1, null, 0, 1]"),
                                           FromJson(arrow::utf8_view(), R"(["a", "bbbbb"])"))
            .ValueOrDie();
    EXPECT_EQ(OffsetReach(*codes->data()), 16) << index->ToString();
    EXPECT_EQ(OffsetReach(*codes->Slice(2, 2)->data()), 1) << index->ToString();
  }
  const auto runs =
      arrow::RunEndEncodedArray::Make(10, FromJson(arrow::int32(), "[3, 7, 10]"),
                                      FromJson(arrow::large_utf8(), R"(["aa", "b", null])"))
          .ValueOrDie();
  EXPECT_EQ(OffsetReach(*runs->data()), 3 * 2 + 4);
  EXPECT_EQ(OffsetReach(*runs->Slice(2, 2)->data()), 3);
}

TEST(OffsetReach, CountsElementsAndWhatLiesInThem) {
  const char* json = R"([["a", "b", "c"], null, [], ["dddddddd"]])";
  for (const auto& type :
       {arrow::list(arrow::utf8()), arrow::large_list(arrow::utf8_view()),
        arrow::list_view(arrow::large_utf8()), arrow::large_list_view(arrow::utf8())}) {
    const ArrayPtr lists = FromJson(type, json);
    EXPECT_EQ(OffsetReach(*lists->data()), 11) << type->ToString();
    EXPECT_EQ(OffsetReach(*lists->data(), 0, 1), 3) << type->ToString();
    EXPECT_EQ(OffsetReach(*lists->Slice(2, 2)->data()), 8) << type->ToString();
  }
  const ArrayPtr pairs =
      FromJson(arrow::fixed_size_list(arrow::int8(), 2), "[[1, 2], [3, 4], [5, 6]]");
  EXPECT_EQ(OffsetReach(*pairs->Slice(1)->data()), 4);
  const ArrayPtr maps = FromJson(arrow::map(arrow::utf8(), arrow::utf8()),
                                 R"([[["k", "vvvvvv"], ["l", "w"]], [["m", null]]])");
  EXPECT_EQ(OffsetReach(*maps->data()), 7);
  const ArrayPtr structs =
      FromJson(arrow::struct_({arrow::field("a", arrow::utf8()), arrow::field("b", arrow::utf8())}),
               R"([{"a": "aa", "b": "b"}, {"a": "", "b": "bbbb"}])");
  EXPECT_EQ(OffsetReach(*structs->data()), 5);
  EXPECT_EQ(OffsetReach(*structs->Slice(0, 1)->data()), 2);
}

TEST(OffsetReach, BatchesAreCutBeforeTheyGetOverTheLimit) {
  const auto batch = arrow::RecordBatch::Make(
      arrow::schema({arrow::field("a", arrow::utf8()), arrow::field("b", arrow::utf8_view())}), 5,
      {FromJson(arrow::utf8(), R"(["aaaa", "a", "a", "a", "a"])"),
       FromJson(arrow::utf8_view(), R"(["b", "b", "b", "bbbbbbb", "b"])")});
  EXPECT_EQ(NumRowsWithin(*batch, 0, 5, 100), 5);
  EXPECT_EQ(NumRowsWithin(*batch, 0, 3, 100), 3);
  EXPECT_EQ(NumRowsWithin(*batch, 0, 100, 6), 3);
  EXPECT_EQ(NumRowsWithin(*batch, 0, 5, 1), 1) << "a row goes alone where it is too long";
  EXPECT_EQ(NumRowsWithin(*batch, 3, 5, 7), 1);
  EXPECT_EQ(NumRowsWithin(*batch, 3, 5, 8), 2);
  EXPECT_EQ(NumRowsWithin(*batch, 5, 5, 8), 0);
}

TEST(OffsetReach, GatheringStopsBeforeItGetsOverTheLimit) {
  const GatherLimit limit({FromJson(arrow::int64(), "[1, 2, 3]"),
                           FromJson(arrow::large_utf8(), R"(["a", null, "bbbb"])"),
                           FromJson(arrow::list(arrow::int8()), "[[1], [1, 2, 3], []]")},
                          8);
  const auto fitting = [&](const std::shared_ptr<arrow::DataType>& type, const char* rows,
                           int64_t max_rows) {
    return limit.NumFitting(*FromJson(type, rows), max_rows);
  };
  EXPECT_EQ(fitting(arrow::uint32(), "[0, 0, 0, 0]", 100), 4);
  EXPECT_EQ(fitting(arrow::uint32(), "[2, 2, 2, 2]", 100), 2);
  EXPECT_EQ(fitting(arrow::uint64(), "[2, 2, 2, 2]", 1), 1);
  EXPECT_EQ(fitting(arrow::uint64(), "[1, 1, 1, 1]", 100), 2);
  EXPECT_EQ(fitting(arrow::uint64(), "[null, 2, null, 2, null, 2]", 100), 5);
  const GatherLimit tight({FromJson(arrow::utf8(), R"(["aaaa"])")}, 2);
  EXPECT_EQ(tight.NumFitting(*FromJson(arrow::uint64(), "[0, 0]"), 9), 1);
}

}  // namespace
}  // namespace iceframe
