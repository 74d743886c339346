// SPDX-License-Identifier: Apache-2.0
#include "iceframe/datafile/array_form_internal.h"

#include "unit/datafile/data_file_testing.h"

namespace iceframe::internal {
namespace {

TEST(NumBytes, CountsTheValuesOfASliceAlone) {
  auto schema = MakeSchema(
      {NestedField::Optional(1, "n", Type::Long()), NestedField::Optional(2, "s", Type::String()),
       NestedField::Optional(3, "l", Type::List(NestedField::Optional(4, "element", Type::Int()))),
       NestedField::Optional(5, "st", Type::Struct({NestedField::Optional(6, "x", Type::Date())})),
       NestedField::Optional(7, "u", Type::Uuid())});
  auto rows = BatchFromJson(*MakeSchema({schema->fields()[0], schema->fields()[1],
                                         schema->fields()[2], schema->fields()[3]}),
                            R"([
      {"n": 1, "s": "abc", "l": [1, 2], "st": {"x": 1}},
      {"n": null, "s": null, "l": null, "st": null},
      {"n": 3, "s": "", "l": [], "st": {"x": null}},
      {"n": 4, "s": "abcdefg", "l": [3], "st": {"x": 4}}])");
  const auto bytes = [&](int column, int64_t offset, int64_t length) {
    return NumBytes(*rows->column_data(column)->Slice(offset, length));
  };
  EXPECT_EQ(bytes(0, 0, 4), 32);
  EXPECT_EQ(bytes(0, 1, 2), 16);
  EXPECT_EQ(bytes(1, 0, 4), 4 * 4 + 10);
  EXPECT_EQ(bytes(1, 3, 1), 4 + 7);
  EXPECT_EQ(bytes(2, 0, 4), 4 * 4 + 3 * 4);
  EXPECT_EQ(bytes(2, 3, 1), 4 + 4);
  EXPECT_EQ(bytes(3, 2, 2), 8);
  EXPECT_EQ(bytes(3, 4, 0), 0);
  EXPECT_EQ(NumBytes(*rows->Slice(3, 1)), 8 + 11 + 8 + 4);
  auto uuids = RandomRows(1).Column(schema->fields()[4], 10);
  EXPECT_EQ(NumBytes(*uuids->Slice(2, 3)->data()), 48);
}

}  // namespace
}  // namespace iceframe::internal
