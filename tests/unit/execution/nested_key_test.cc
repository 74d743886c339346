// SPDX-License-Identifier: Apache-2.0
#include "iceframe/execution/nested_key_internal.h"

#include "unit/execution/operator_testing.h"

namespace iceframe {
namespace {

ArrayPtr FromJson(const std::shared_ptr<arrow::DataType>& type, const char* text) {
  return arrow::json::ArrayFromJSONString(type, text).ValueOrDie();
}

// The rows' numbers of the first row that has the same key; -1 for null.
std::vector<int64_t> FirstEqualRows(const ArrayPtr& column) {
  const ArrayPtr keys = NestedKey(column, arrow::default_memory_pool()).ValueOrDie();
  const auto& bytes = static_cast<const arrow::LargeBinaryArray&>(*keys);
  std::vector<int64_t> firsts;
  for (int64_t i = 0; i < bytes.length(); ++i) {
    int64_t first = 0;
    while (!bytes.IsNull(i) && (bytes.IsNull(first) || bytes.GetView(first) != bytes.GetView(i))) {
      ++first;
    }
    firsts.push_back(bytes.IsNull(i) ? -1 : first);
  }
  return firsts;
}

using NestedRows = std::vector<int64_t>;

TEST(NestedKey, ValuesAndNullsInThemTellStructsApart) {
  const auto type =
      arrow::struct_({arrow::field("a", arrow::utf8()), arrow::field("b", arrow::utf8()),
                      arrow::field("n", arrow::null())});
  EXPECT_EQ(FirstEqualRows(FromJson(type, R"([{"a": "x", "b": "yz"}, {"a": "xy", "b": "z"}, null,
                                     {"a": null, "b": "x"}, {"a": "x", "b": null},
                                     {"a": "x", "b": "yz"}])")),
            (NestedRows{0, 1, -1, 3, 4, 0}));
}

TEST(NestedKey, NansAreEqualAndZerosToo) {
  const auto type = arrow::list(arrow::float64());
  EXPECT_EQ(FirstEqualRows(FromJson(type, "[[NaN, 0.0], [NaN, -0.0], [], [null], null, []]")),
            (NestedRows{0, 0, 2, 3, -1, 2}));
}

TEST(NestedKey, SlicesAndDeepValuesAreReadWhereTheyStand) {
  const auto type = arrow::map(
      arrow::utf8(), arrow::list(arrow::struct_({arrow::field("d", arrow::decimal128(5, 2)),
                                                 arrow::field("b", arrow::boolean())})));
  const ArrayPtr all = FromJson(type, R"([[["z", []]], [["k", [{"d": "1.00", "b": true}, null]]],
                                      [["k", [{"d": "1.00", "b": false}, null]]], null,
                                      [["k", [{"d": "1.00", "b": true}, null]]]])");
  EXPECT_EQ(FirstEqualRows(all), (NestedRows{0, 1, 2, -1, 1}));
  EXPECT_EQ(FirstEqualRows(all->Slice(1)), (NestedRows{0, 1, -1, 0}));
  EXPECT_EQ(FirstEqualRows(all->Slice(0, 0)), NestedRows{});
}

}  // namespace
}  // namespace iceframe
