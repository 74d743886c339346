// SPDX-License-Identifier: Apache-2.0
#include "iceframe/types/wide_array.h"

#include <arrow/api.h>
#include <arrow/extension/uuid.h>
#include <arrow/json/from_string.h>
#include <gtest/gtest.h>

namespace iceframe {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

ArrayPtr WideFromJson(const std::shared_ptr<arrow::DataType>& type, const char* json) {
  return arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
}

struct WideSample {
  std::shared_ptr<arrow::DataType> type;
  const char* json;
};

std::vector<WideSample> Samples() {
  const auto texts = arrow::list(arrow::utf8());
  return {{arrow::int32(), "[1, null, 3, 4]"},
          {arrow::utf8(), R"(["a", null, "ccc", ""])"},
          {arrow::binary(), R"(["a", null, "ccc", ""])"},
          {texts, R"([["a", "bb"], null, [], ["ccc", null]])"},
          {arrow::map(arrow::utf8(), texts), R"([[["k", ["v"]]], null, [], [["l", null]]])"},
          {arrow::struct_({arrow::field("s", arrow::utf8()), arrow::field("l", texts)}),
           R"([{"s": "a", "l": ["b"]}, null, {"s": null, "l": []}, {"s": "d", "l": null}])"}};
}

TEST(WideArray, NarrowGivesBackWhatWasWidened) {
  arrow::MemoryPool* pool = arrow::system_memory_pool();
  for (const WideSample& sample : Samples()) {
    const ArrayPtr plain = WideFromJson(sample.type, sample.json);
    for (int64_t begin = 0; begin < 4; ++begin) {
      const ArrayPtr part = plain->Slice(begin, 2);
      const auto wide = Widen(part, pool);
      ASSERT_TRUE(wide.ok()) << wide.status().ToString();
      ASSERT_TRUE((*wide)->ValidateFull().ok()) << sample.type->ToString();
      const auto narrow = Narrow(*wide, sample.type, pool);
      ASSERT_TRUE(narrow.ok()) << narrow.status().ToString();
      ASSERT_TRUE((*narrow)->ValidateFull().ok()) << sample.type->ToString();
      EXPECT_TRUE((*narrow)->Equals(*part)) << sample.type->ToString() << " from " << begin;
      const auto rest = Narrow((*wide)->Slice(1), sample.type, pool).ValueOrDie();
      ASSERT_TRUE(rest->ValidateFull().ok());
      EXPECT_TRUE(rest->Equals(*part->Slice(1))) << sample.type->ToString() << " from " << begin;
    }
  }
}

TEST(WideArray, IsWideOnlyWhereTheLimitAsksForIt) {
  arrow::MemoryPool* pool = arrow::system_memory_pool();
  for (const WideSample& sample : Samples()) {
    const ArrayPtr plain = WideFromJson(sample.type, sample.json);
    const auto whole = arrow::Concatenate({plain, plain->Slice(1), plain}).ValueOrDie();
    const auto within = ConcatenateWithin({plain, plain->Slice(1), plain}, 1000, pool);
    ASSERT_TRUE(within.ok()) << within.status().ToString();
    EXPECT_TRUE((*within)->Equals(*whole));
    const auto over = ConcatenateWithin({plain, plain->Slice(1), plain}, 1, pool);
    ASSERT_TRUE(over.ok()) << over.status().ToString();
    EXPECT_EQ((*over)->type()->Equals(*sample.type), sample.type->id() == arrow::Type::INT32);
    EXPECT_TRUE(Narrow(*over, sample.type, pool).ValueOrDie()->Equals(*whole));
    const auto more = ConcatenateWithin({*over, plain}, 1000, pool);
    ASSERT_TRUE(more.ok()) << more.status().ToString();
    EXPECT_TRUE((*more)->type()->Equals(*(*over)->type())) << "wide stays wide";
  }
}

TEST(WideArray, ExtensionTypesComeBackWithTheirType) {
  arrow::MemoryPool* pool = arrow::system_memory_pool();
  const auto type = arrow::struct_(
      {arrow::field("id", arrow::extension::uuid()), arrow::field("s", arrow::utf8())});
  const ArrayPtr ids = arrow::ExtensionType::WrapArray(
      arrow::extension::uuid(),
      WideFromJson(arrow::fixed_size_binary(16), R"(["0123456789abcdef", null])"));
  const ArrayPtr rows = std::make_shared<arrow::StructArray>(
      type, 2, arrow::ArrayVector{ids, WideFromJson(arrow::utf8(), R"(["a", "b"])")});
  const auto wide = ConcatenateWithin({rows, rows}, 1, pool);
  ASSERT_TRUE(wide.ok()) << wide.status().ToString();
  const auto narrow = Narrow((*wide)->Slice(2), type, pool);
  ASSERT_TRUE(narrow.ok()) << narrow.status().ToString();
  EXPECT_TRUE((*narrow)->Equals(*rows));
}

}  // namespace
}  // namespace iceframe
