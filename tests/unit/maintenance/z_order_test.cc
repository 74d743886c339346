// SPDX-License-Identifier: Apache-2.0
#include "iceframe/maintenance/z_order.h"

#include <limits>

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace iceframe {
namespace {

using ::testing::ElementsAre;

template <typename Builder, typename T>
std::shared_ptr<arrow::Array> ArrayOf(const std::vector<std::optional<T>>& values) {
  Builder builder(arrow::system_memory_pool());
  for (const auto& value : values) {
    EXPECT_TRUE((value ? builder.Append(*value) : builder.AppendNull()).ok());
  }
  return builder.Finish().ValueOr(nullptr);
}
std::shared_ptr<arrow::Array> Longs(const std::vector<std::optional<int64_t>>& values) {
  return ArrayOf<arrow::Int64Builder, int64_t>(values);
}

std::vector<uint32_t> Positions(const std::vector<std::shared_ptr<arrow::Array>>& columns) {
  const auto order = ZOrder(OperationContext(), columns);
  EXPECT_TRUE(order.ok()) << order.status().ToString();
  if (!order.ok()) return {};
  const auto* positions = (*order)->data()->GetValues<uint32_t>(1);
  return {positions, positions + (*order)->length()};
}

TEST(ZOrder, OneColumnIsASort) {
  EXPECT_THAT(Positions({Longs({5, std::nullopt, -7, 5})}), ElementsAre(1, 2, 0, 3));
}

TEST(ZOrder, GoesThroughTheQuartersOfASquare) {
  // The sixteen cells of a square, row by row; each quarter's four cells come together.
  std::vector<std::optional<int64_t>> x, y;
  for (int64_t cell = 0; cell < 16; ++cell) {
    x.push_back(cell % 4);
    y.push_back(cell / 4);
  }
  EXPECT_THAT(Positions({Longs(y), Longs(x)}),
              ElementsAre(0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15));
}

TEST(ZOrder, TheRangeOfValuesGivesNoWeight) {
  std::vector<std::optional<int64_t>> x, y;
  for (int64_t cell = 0; cell < 16; ++cell) {
    x.push_back((cell % 4) * 1'000'000'000'000);
    y.push_back(cell / 4);
  }
  EXPECT_THAT(Positions({Longs(y), Longs(x)}),
              ElementsAre(0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15));
}

TEST(ZOrder, TakesTextAndFloatsAndRefusesNestedColumns) {
  const auto text = ArrayOf<arrow::StringBuilder, std::string>({"b", "a", std::nullopt});
  const auto floats = ArrayOf<arrow::DoubleBuilder, double>(
      {std::numeric_limits<double>::quiet_NaN(), 1.0, std::nullopt});
  EXPECT_EQ(Positions({text, floats}).size(), 3U);
  const auto nested =
      arrow::MakeArrayOfNull(arrow::list(arrow::int32()), 3, arrow::system_memory_pool())
          .ValueOr(nullptr);
  EXPECT_EQ(KindOf(ZOrder(OperationContext(), {nested}).status()), ErrorKind::kUnsupported);
  EXPECT_EQ(KindOf(ZOrder(OperationContext(), {}).status()), ErrorKind::kInvalidArgument);
}

}  // namespace
}  // namespace iceframe
